import assert from "node:assert/strict";
import fc from "fast-check";
import { CaptureQueue, messageBytes } from "../../src/capture/queue.ts";
import { delivery, RecordingAcknowledger } from "../helpers/deliveries.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

const ack = new RecordingAcknowledger();

Deno.test("CaptureQueue.take() gives the oldest first and no more than asked for", () => {
  const queue = new CaptureQueue({ maxMessages: 100, maxBytes: 1e6 }, new ManualClock());
  for (let id = 1; id <= 5; id++) queue.offer(delivery(id, ack));
  assert.deepEqual(queue.take(2).map((d) => d.message.messageId), [1, 2]);
  assert.deepEqual(queue.take(9).map((d) => d.message.messageId), [3, 4, 5]);
  assert.equal(queue.size, 0);
  assert.equal(queue.bytes, 0);
  assert.equal(queue.withheld, 0);
  assert.equal(queue.oldestAt, undefined);
});

Deno.test("CaptureQueue.full turns true at the bound of messages and false below three quarters", () => {
  const queue = new CaptureQueue({ maxMessages: 4, maxBytes: 1e6 }, new ManualClock());
  const heard: boolean[] = [];
  queue.onFullChange((full) => heard.push(full));
  for (let id = 1; id <= 6; id++) queue.offer(delivery(id, ack));
  assert.equal(queue.size, 6, "what comes when full still finds a place");
  assert.deepEqual(heard, [true]);
  queue.take(2);
  assert.equal(queue.full, true, "four are left");
  queue.take(1);
  assert.deepEqual(heard, [true, false]);
});

Deno.test("CaptureQueue.full turns true at the bound of bytes", () => {
  const one = messageBytes(delivery(1, ack));
  const queue = new CaptureQueue({ maxMessages: 100, maxBytes: one * 2 }, new ManualClock());
  queue.offer(delivery(1, ack));
  assert.equal(queue.full, false);
  queue.offer(delivery(2, ack));
  assert.equal(queue.full, true);
});

Deno.test("CaptureQueue.hold() stops sources although there is room, and tells only changes", () => {
  const queue = new CaptureQueue({ maxMessages: 4, maxBytes: 1e6 }, new ManualClock());
  const heard: boolean[] = [];
  const end = queue.onFullChange((full) => heard.push(full));
  queue.hold(true);
  queue.hold(true);
  queue.hold(false);
  end();
  queue.hold(true);
  assert.deepEqual(heard, [true, false]);
});

Deno.test("CaptureQueue leaves every source knowing whether it is full, also when one fills it at once", () => {
  const queue = new CaptureQueue({ maxMessages: 4, maxBytes: 1e6 }, new ManualClock());
  const last = [false, false, false];
  last.forEach((_, source) =>
    queue.onFullChange((full) => {
      last[source] = full;
      // As a socket does that has waited.
      if (source === 1 && !full) { for (let id = 1; id <= 4; id++) queue.offer(delivery(id, ack)); }
    })
  );
  for (let id = 1; id <= 4; id++) queue.offer(delivery(id, ack));
  queue.take(4);
  assert.equal(queue.full, true);
  assert.deepEqual(last, [true, true, true]);
  queue.hold(true);
  queue.take(4);
  queue.hold(false);
  assert.equal(queue.full, true);
  assert.deepEqual(last, [true, true, true]);
});

Deno.test("CaptureQueue lets sources that each fill it read in turn", () => {
  const queue = new CaptureQueue({ maxMessages: 4, maxBytes: 1e6 }, new ManualClock());
  const turns = [0, 0, 0];
  const fill = () => {
    while (!queue.full) queue.offer(delivery(1, ack));
  };
  turns.forEach((_, source) =>
    queue.onFullChange((full) => {
      if (full) return;
      turns[source]!++;
      fill();
    })
  );
  fill();
  for (let i = 0; i < 9; i++) queue.take(4);
  assert.deepEqual(turns, [3, 3, 3]);
});

Deno.test("CaptureQueue.oldestAt stays right over many messages", async () => {
  const clock = new ManualClock();
  const queue = new CaptureQueue({ maxMessages: 1e6, maxBytes: 1e9 }, clock);
  for (let id = 1; id <= 10_000; id++) {
    if (id === 9_001) await clock.advance(50);
    queue.offer(delivery(id % 65_535 + 1, ack));
  }
  queue.take(9_000);
  assert.equal(queue.oldestAt, 50);
  assert.equal(queue.size, 1_000);
  assert.equal(queue.withheld, 1_000);
});

Deno.test("CaptureQueue gives back in order whatever is offered and taken", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(3000), fc.nat(3000)), { maxLength: 12 }),
      (rounds) => {
        const clock = new ManualClock();
        let offered = 0;
        let taken = 0;
        // Each delivery comes at a time of its own.
        clock.monotonic = () => offered;
        const queue = new CaptureQueue({ maxMessages: 1e6, maxBytes: 1e9 }, clock);
        for (const [offers, takes] of rounds) {
          for (let i = 0; i < offers; i++) {
            offered++;
            queue.offer(delivery(offered % 65_535 + 1, ack, { session: offered }));
          }
          const batch = queue.take(takes);
          assert.equal(batch.length, Math.min(takes, offered - taken));
          for (const { session } of batch) assert.equal(session, ++taken);
          assert.equal(queue.size, offered - taken);
          assert.equal(queue.withheld, offered - taken);
          assert.equal(queue.oldestAt, offered === taken ? undefined : taken + 1);
        }
        queue.take(Number.MAX_SAFE_INTEGER);
        assert.deepEqual([queue.size, queue.bytes, queue.withheld], [0, 0, 0]);
      },
    ),
    { numRuns: 30 },
  );
});
