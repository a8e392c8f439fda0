import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { WatchedRecord } from "../../src/capture/batch.ts";
import { type Log, silentLog } from "../../src/capture/log.ts";
import type { Message } from "../../src/capture/message.ts";
import {
  type CommitContext,
  type CommitSummary,
  type Network,
  StorageError,
} from "../../src/capture/network.ts";
import { noObserver, type PipelineObserver } from "../../src/capture/observer.ts";
import { Pipeline, type PipelineOptions } from "../../src/capture/pipeline.ts";
import { CaptureQueue } from "../../src/capture/queue.ts";
import { RecordList } from "../../src/capture/record_list.ts";
import { bytes, delivery, message, RecordingAcknowledger } from "../helpers/deliveries.ts";
import { ManualClock, settle } from "../helpers/manual_clock.ts";
import { storedList } from "../helpers/stored_list.ts";

const SUMMARY: CommitSummary = { counts: {}, durationMs: 1 };

/** Reads a payload as text; `drop…` is dropped, `throw…` breaks the decoder. */
const textNetwork: Network<string> = {
  name: "meshtastic",
  decode(batch: readonly Message[]) {
    return Promise.resolve().then(() =>
      batch.map((one) => {
        const text = new TextDecoder().decode(one.payload);
        if (text.startsWith("throw")) throw new TypeError(text);
        if (text.startsWith("drop")) return { kind: "drop", reason: "unwanted_topic" } as const;
        const labels = { type: "TEXT", decrypt: "none", readable: true };
        return { kind: "record", record: text, labels } as const;
      })
    );
  },
};

class FakeStore {
  readonly commits: { records: string[]; context: CommitContext }[] = [];
  /** What the next commits do instead of succeeding. */
  readonly failures: Error[] = [];
  /** Batches that were asked for and not given back. */
  inUse = 0;
  /** When set, commits wait until {@linkcode release} is called. */
  gate = false;
  #waiting: (() => void)[] = [];

  newBatch(): RecordList<string> {
    this.inUse++;
    const batch = new RecordList<string>();
    batch[Symbol.dispose] = () => void this.inUse--;
    return batch;
  }

  async commit(batch: RecordList<string>, context: CommitContext): Promise<CommitSummary> {
    if (this.gate) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.commits.push({ records: storedList(batch, context), context });
    return SUMMARY;
  }

  release(): void {
    this.#waiting.shift()?.();
  }
}

function setUp(
  options: Partial<PipelineOptions> = {},
  over: { observer?: PipelineObserver; log?: Log } = {},
) {
  const clock = new ManualClock();
  const queue = new CaptureQueue({ maxMessages: 10_000, maxBytes: 1e8 }, clock);
  const store = new FakeStore();
  const parts = { network: textNetwork, store, queue, clock };
  const pipeline = new Pipeline(
    { ...parts, log: silentLog, observer: noObserver, ...over },
    { batchMax: 5, commitIntervalMs: 100, ...options },
  );
  pipeline.start();
  return { clock, queue, store, pipeline, ack: new RecordingAcknowledger() };
}

Deno.test("Pipeline commits when the oldest message is commitIntervalMs old", async () => {
  const { clock, queue, store, pipeline, ack } = setUp();
  queue.offer(delivery(1, ack));
  await clock.advance(60);
  queue.offer(delivery(2, ack));
  await clock.advance(39);
  assert.equal(store.commits.length, 0);
  await clock.advance(1);
  assert.deepEqual(store.commits.map((c) => c.records), [["payload 1", "payload 2"]]);
  assert.deepEqual(ack.ids, [1, 2]);
  await pipeline.drain();
});

Deno.test("Pipeline commits at once when batchMax messages are there", async () => {
  const { queue, store, pipeline, ack } = setUp();
  for (let id = 1; id <= 5; id++) queue.offer(delivery(id, ack));
  await settle();
  assert.equal(store.commits.length, 1);
  await pipeline.drain();
});

Deno.test("Pipeline commits as soon as the writer is free when the interval is 0", async () => {
  const { queue, store, pipeline, ack } = setUp({ commitIntervalMs: 0 });
  store.gate = true;
  queue.offer(delivery(1, ack));
  await settle();
  queue.offer(delivery(2, ack));
  queue.offer(delivery(3, ack));
  await settle();
  store.release();
  await settle();
  store.release();
  await settle();
  assert.deepEqual(store.commits.map((c) => c.records.length), [1, 2]);
  store.gate = false;
  await pipeline.drain();
});

Deno.test("Pipeline does not wait for the interval when a small in-flight window is full", async () => {
  const { clock, queue, store, pipeline, ack } = setUp({ batchMax: 1000 });
  for (let id = 1; id <= 10; id++) queue.offer(delivery(id, ack));
  await clock.advance(3);
  assert.equal(store.commits.length, 1);
  for (let id = 11; id <= 19; id++) queue.offer(delivery(id, ack));
  await clock.advance(99);
  assert.equal(store.commits.length, 1, "nine may well be a slow trickle");
  await pipeline.drain();
});

Deno.test("Pipeline commits the last batch when its timer fired while the writer was busy", async () => {
  const { clock, queue, store, pipeline, ack } = setUp();
  store.gate = true;
  for (let id = 1; id <= 5; id++) queue.offer(delivery(id, ack));
  await settle();
  queue.offer(delivery(6, ack));
  await clock.advance(1000);
  assert.equal(store.commits.length, 0);
  store.release();
  await clock.advance(0);
  store.release();
  await clock.advance(0);
  assert.deepEqual(store.commits.map((c) => c.records.length), [5, 1]);
  store.gate = false;
  await pipeline.drain();
});

Deno.test("Pipeline decodes the next batch while one is being committed, and commits in order", async () => {
  const { queue, store, pipeline, ack } = setUp();
  store.gate = true;
  for (let id = 1; id <= 12; id++) queue.offer(delivery(id, ack));
  await settle();
  assert.equal(queue.size, 2, "one batch is with the writer, one is decoded");
  store.gate = false;
  store.release();
  await pipeline.drain();
  assert.deepEqual(ack.ids, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

Deno.test("Pipeline gives back each batch once it is committed, and not before", async () => {
  const { clock, queue, store, pipeline, ack } = setUp();
  store.gate = true;
  for (let id = 1; id <= 20; id++) queue.offer(delivery(id, ack));
  await settle();
  assert.equal(store.inUse, 2, "one is committed, one is decoded");
  store.failures.push(new StorageError("locked", "locked", true));
  store.release();
  await clock.advance(100);
  store.gate = false;
  store.release();
  await pipeline.drain();
  const expected = Array.from({ length: 20 }, (_, i) => `payload ${i + 1}`);
  assert.deepEqual(store.commits.flatMap(({ records }) => records), expected);
  assert.equal(store.inUse, 0);
});

Deno.test("Pipeline acknowledges nothing before the commit", async () => {
  const { queue, store, pipeline, ack } = setUp();
  store.gate = true;
  for (let id = 1; id <= 5; id++) queue.offer(delivery(id, ack));
  await settle();
  assert.deepEqual(ack.ids, []);
  store.release();
  await settle();
  assert.deepEqual(ack.ids, [1, 2, 3, 4, 5]);
  store.gate = false;
  await pipeline.drain();
});

Deno.test("Pipeline keeps a batch and tries again with backoff when the disk is full", async () => {
  const { clock, queue, store, pipeline, ack } = setUp();
  for (let i = 0; i < 3; i++) store.failures.push(new StorageError("no space", "disk_full", true));
  queue.offer(delivery(1, ack));
  await clock.advance(100);
  assert.equal(pipeline.trouble?.reason, "disk_full");
  assert.equal(queue.full, true, "reading stops");
  assert.deepEqual(ack.ids, []);
  await clock.advance(100 + 200 + 399);
  assert.equal(store.commits.length, 0);
  await clock.advance(1);
  assert.equal(store.commits.length, 1);
  assert.equal(pipeline.trouble, undefined);
  assert.equal(queue.full, false);
  assert.deepEqual(ack.ids, [1]);
  await pipeline.drain();
});

Deno.test("Pipeline puts what the database refuses for itself in quarantine and stores the rest", async () => {
  let quarantined = 0;
  const observer = {
    ...noObserver,
    quarantined: (_: string, n: number) => void (quarantined += n),
  };
  // The observer's line is rate limited; one of the pipeline's own, for each batch, would not be.
  const log = { ...silentLog, warn: (message: string) => assert.fail(message) };
  const { queue, store, pipeline, ack } = setUp({}, { observer, log });
  store.failures.push(
    new StorageError("refused", "refused", false, undefined, [
      { index: 1, error: "too big" },
      { index: 3, error: "constraint" },
    ]),
  );
  for (let id = 1; id <= 5; id++) queue.offer(delivery(id, ack));
  await settle();
  const [commit] = store.commits;
  assert.deepEqual(commit?.records, ["payload 1", "payload 3", "payload 5"]);
  assert.deepEqual(
    commit?.context.quarantine.map((q) => [q.message.messageId, q.error]),
    [[2, "too big"], [4, "constraint"]],
  );
  assert.equal(quarantined, 2);
  assert.deepEqual(ack.ids, [1, 2, 3, 4, 5]);
  await pipeline.drain();
});

Deno.test("Pipeline waits before it tries again what was refused without a record to blame", async () => {
  const errors: string[] = [];
  const observer = { ...noObserver, storeError: (_: string, why: string) => void errors.push(why) };
  const { clock, queue, store, pipeline, ack } = setUp({}, { observer });
  const refusal = () =>
    new StorageError("no", "refused", false, undefined, [{ index: 99, error: "no" }]);
  store.failures.push(refusal(), refusal());
  for (let id = 1; id <= 5; id++) queue.offer(delivery(id, ack));
  await settle();
  assert.deepEqual(errors, ["refused"]);
  assert.equal(pipeline.trouble?.reason, "refused");
  await clock.advance(1000);
  assert.deepEqual(errors, ["refused", "refused"]);
  assert.equal(store.commits[0]?.records.length, 5);
  assert.deepEqual(ack.ids, [1, 2, 3, 4, 5]);
  await pipeline.drain();
});

Deno.test("Pipeline skips duplicates but acknowledges them in their turn", async () => {
  const skipped: string[] = [];
  const observer = { ...noObserver, duplicate: (source: string) => void skipped.push(source) };
  const { queue, store, pipeline, ack } = setUp({}, { observer });
  queue.offer(delivery(1, ack));
  queue.offer(delivery(1, ack, { duplicate: true }));
  await pipeline.drain();
  assert.deepEqual(store.commits[0]?.records, ["payload 1"]);
  assert.equal(store.commits[0]?.context.ledger[0]?.entries.length, 10, "one entry for both");
  assert.deepEqual(ack.ids, [1, 1]);
  assert.deepEqual(skipped, ["s"]);
});

Deno.test("Pipeline counts and acknowledges drops, and writes no empty transaction for them", async () => {
  const dropped: string[] = [];
  const observer = {
    ...noObserver,
    dropped: (_n: string, _s: string, r: string) => void dropped.push(r),
  };
  const { queue, store, pipeline, ack } = setUp({}, { observer });
  queue.offer(delivery(1, ack, {
    message: message({ qos: 1, messageId: 1, payload: bytes("drop me") }),
  }));
  await pipeline.drain();
  assert.deepEqual(dropped, ["unwanted_topic"]);
  assert.equal(store.commits.length, 0);
  assert.deepEqual(ack.ids, [1]);
});

Deno.test("Pipeline quarantines what makes a decoder throw, and nothing else", async () => {
  const { queue, store, pipeline, ack } = setUp();
  queue.offer(delivery(1, ack));
  queue.offer(delivery(2, ack, {
    message: message({ qos: 1, messageId: 2, payload: bytes("throw") }),
  }));
  queue.offer(delivery(3, ack));
  await pipeline.drain();
  assert.deepEqual(store.commits[0]?.records, ["payload 1", "payload 3"]);
  assert.deepEqual(store.commits[0]?.context.quarantine.map((q) => q.message.messageId), [2]);
  assert.deepEqual(ack.ids, [1, 2, 3]);
});

Deno.test("Pipeline puts a copy of a payload into quarantine, of a Buffer too", async () => {
  const { queue, store, pipeline, ack } = setUp();
  // A storage thread would be sent all of the buffer that a view lies in.
  const socket = Buffer.from("throw away, and much that came behind it");
  const payload = socket.subarray(0, 10) as Uint8Array<ArrayBuffer>;
  queue.offer(delivery(1, ack, { message: message({ qos: 1, messageId: 1, payload }) }));
  await pipeline.drain();
  const kept = store.commits[0]?.context.quarantine[0]?.message.payload;
  assert.deepEqual(kept, bytes("throw away"));
  assert.equal(kept?.buffer.byteLength, 10);
});

Deno.test("Pipeline.drain() commits everything that is queued", async () => {
  const { queue, store, pipeline, ack } = setUp();
  for (let id = 1; id <= 23; id++) queue.offer(delivery(id, ack));
  await pipeline.drain();
  assert.equal(store.commits.flatMap((c) => c.records).length, 23);
  assert.equal(ack.ids.length, 23);
  assert.equal(pipeline.lost, 0);
});

Deno.test("Pipeline.drain() gives up at its signal, acknowledges nothing and says how many", async () => {
  const { clock, queue, store, pipeline, ack } = setUp();
  for (let i = 0; i < 99; i++) store.failures.push(new StorageError("locked", "locked", true));
  for (let id = 1; id <= 7; id++) queue.offer(delivery(id, ack));
  await clock.advance(1);
  const giveUp = new AbortController();
  const drained = pipeline.drain(giveUp.signal);
  await clock.advance(500);
  giveUp.abort(new Error("time is over"));
  await drained;
  assert.deepEqual(ack.ids, []);
  assert.equal(pipeline.lost, 7);
});

Deno.test("Pipeline writes until when each source was heard and which retained payloads it kept", async () => {
  const { queue, store, pipeline } = setUp();
  queue.offer({
    message: message({ source: "a", receivedAt: 5, retained: true, topic: "x" }),
    session: 1,
    digest: 42n,
    duplicate: false,
  });
  queue.offer({
    message: message({ source: "a", receivedAt: 9 }),
    session: 1,
    digest: 0n,
    duplicate: false,
  });
  await pipeline.drain();
  assert.deepEqual(store.commits[0]?.context.heardUntil, [["a", 9]]);
  assert.deepEqual(store.commits[0]?.context.retained, [["a", "x", 42n]]);
  assert.deepEqual(store.commits[0]?.context.ledger, []);
});

Deno.test("Pipeline.drain() ends when its signal is aborted though the store never answers", async () => {
  const { clock, queue, store, pipeline, ack } = setUp();
  store.gate = true;
  queue.offer(delivery(1, ack));
  await clock.advance(100);
  queue.offer(delivery(2, ack));
  await clock.advance(5000);
  assert.equal(pipeline.waitedMs, 5000);
  const giveUp = new AbortController();
  const drained = pipeline.drain(giveUp.signal);
  giveUp.abort();
  await drained;
  assert.equal(pipeline.lost, 2);
  assert.deepEqual(ack.ids, []);
});

Deno.test("Pipeline writes a batch once though a watcher throws", async () => {
  const errors: unknown[] = [];
  const { clock, queue, store, pipeline, ack } = setUp({}, {
    observer: {
      ...noObserver,
      committed() {
        throw new Error("a watcher's fault");
      },
      pipelineError: (_network, error) => errors.push(error),
    },
  });
  queue.offer(delivery(1, ack));
  await clock.advance(100);
  await clock.advance(20_000);
  assert.equal(store.commits.length, 1);
  assert.deepEqual(ack.ids, [1]);
  assert.equal(pipeline.trouble, undefined);
  assert.equal(errors.length, 1);
  await pipeline.drain();
});

Deno.test("Pipeline puts a message into quarantine when the decoder gives no answer for it", async () => {
  const clock = new ManualClock();
  const queue = new CaptureQueue({ maxMessages: 100, maxBytes: 1e8 }, clock);
  const store = new FakeStore();
  const network: Network<string> = { name: "meshtastic", decode: () => Promise.resolve([]) };
  const pipeline = new Pipeline(
    { network, store, queue, clock, log: silentLog, observer: noObserver },
    { batchMax: 5, commitIntervalMs: 100 },
  );
  pipeline.start();
  queue.offer(delivery(1, new RecordingAcknowledger()));
  await clock.advance(100);
  assert.equal(store.commits[0]?.context.quarantine.length, 1);
  await pipeline.drain();
});

Deno.test("Pipeline shows a batch once it is on the disk, without what was refused", async () => {
  const clock = new ManualClock();
  const queue = new CaptureQueue({ maxMessages: 100, maxBytes: 1e8 }, clock);
  const store = new FakeStore();
  const shown: { record: string; type: string }[][] = [];
  const watcher = {
    wanted: true,
    committed: (records: readonly WatchedRecord<string>[]) => {
      shown.push(records.map(({ record, labels }) => ({ record, type: labels.type })));
    },
  };
  const pipeline = new Pipeline({
    network: textNetwork,
    store,
    queue,
    clock,
    log: silentLog,
    observer: noObserver,
    watcher,
  }, { batchMax: 5, commitIntervalMs: 100 });
  pipeline.start();
  store.failures.push(
    new StorageError("disk full", "disk_full", true),
    new StorageError("no", "refused", false, {}, [{ index: 0, error: "no" }]),
  );
  queue.offer(delivery(1, new RecordingAcknowledger()));
  queue.offer(delivery(2, new RecordingAcknowledger()));
  await clock.advance(100);
  assert.deepEqual(shown, []);
  await clock.advance(20_000);
  assert.deepEqual(shown, [[{ record: "payload 2", type: "TEXT" }]]);
  watcher.wanted = false;
  queue.offer(delivery(3, new RecordingAcknowledger()));
  await clock.advance(100);
  assert.deepEqual(store.commits.map((c) => c.records), [["payload 2"], ["payload 3"]]);
  assert.equal(shown.length, 1, "nobody watches any more");
  await pipeline.drain();
});
