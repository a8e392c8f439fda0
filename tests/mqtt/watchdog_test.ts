import assert from "node:assert/strict";
import fc from "fast-check";
import { Watchdog, type WatchedSource } from "../../src/mqtt/watchdog.ts";

const MINUTE = 60_000;

function source(more: Partial<WatchedSource> = {}): WatchedSource {
  return {
    name: "home",
    connected: true,
    since: 0,
    receivedAt: undefined,
    settledAt: undefined,
    paused: false,
    canReconnect: true,
    ...more,
  };
}

/** A source whose messages are all stored. */
const heard = (at: number, more: Partial<WatchedSource> = {}) =>
  source({ receivedAt: at, settledAt: at, ...more });

/** What one look finds of one source: kind, level, whether it reconnects. */
function look(watchdog: Watchdog, seen: WatchedSource, minutes: number) {
  const findings = watchdog.look([seen], minutes * MINUTE);
  return findings.map(({ kind, level, reconnect }) => [kind, level, reconnect].join(" "));
}

Deno.test("look() says nothing while messages come and are stored", () => {
  const watchdog = new Watchdog();
  for (let minute = 0; minute < 200; minute++) {
    assert.deepEqual(look(watchdog, heard(minute * MINUTE), minute + 4), []);
  }
  assert.equal(watchdog.troubleOf("home"), undefined);
});

Deno.test("look() warns of silence once and makes a new connection", () => {
  const watchdog = new Watchdog();
  const silent = heard(MINUTE);
  assert.deepEqual(look(watchdog, silent, 6), []);
  assert.deepEqual(look(watchdog, silent, 7), ["silent warn true"]);
  assert.equal(watchdog.troubleOf("home"), "silent");
  // The new connection is there, and gets its time.
  const again = { ...silent, since: 7.5 * MINUTE };
  for (let minute = 8; minute <= 12; minute++) assert.deepEqual(look(watchdog, again, minute), []);
  assert.equal(watchdog.troubleOf("home"), "silent", "a connection is not a message");
  assert.deepEqual(look(watchdog, again, 13), ["silent info true"], "tried again, told softly");
  assert.deepEqual(look(watchdog, heard(14 * MINUTE), 14), ["recovered info false"]);
  assert.equal(watchdog.troubleOf("home"), undefined);
});

Deno.test("look() throttles forced reconnections and repeats a warning every hour", () => {
  const watchdog = new Watchdog({ throttleMs: 20 * MINUTE });
  const found: string[] = [];
  for (let minute = 0; minute <= 70; minute++) {
    for (const one of look(watchdog, heard(0), minute)) found.push(`${minute} ${one}`);
  }
  assert.deepEqual(found, [
    "6 silent warn true",
    "26 silent info true",
    "46 silent info true",
    "66 silent warn true",
  ]);
});

Deno.test("look() warns differently of a source that never heard anything, and leaves it alone", () => {
  const watchdog = new Watchdog();
  assert.deepEqual(look(watchdog, source(), 5), []);
  assert.deepEqual(look(watchdog, source(), 6), ["never_heard warn false"]);
  assert.deepEqual(look(watchdog, source(), 30), []);
  assert.deepEqual(look(watchdog, source(), 66), ["never_heard warn false"], "heartbeat");
  assert.deepEqual(look(watchdog, heard(67 * MINUTE), 67), ["recovered info false"]);
});

Deno.test("look() escalates a long disconnection, spread by name, and not every minute", () => {
  const watchdog = new Watchdog();
  const lost = heard(0, { connected: false });
  const found: number[] = [];
  for (let minute = 1; minute <= 80; minute++) {
    if (look(watchdog, lost, minute).includes("disconnected error true")) found.push(minute);
    if (look(watchdog, lost, minute).length > 0) assert.fail("told twice at once");
  }
  assert.equal(found.length, 1);
  assert.ok(found[0]! === 25 || found[0]! === 26, `minute ${found[0]}`);
  const back = { ...lost, connected: true, since: 81 * MINUTE };
  assert.deepEqual(look(watchdog, back, 82), ["recovered info false"]);
});

Deno.test("look() forces a connection again when the first attempt did not help", () => {
  const watchdog = new Watchdog();
  const lost = source({ connected: false });
  let forced = 0;
  for (let minute = 1; minute <= 130; minute++) {
    forced += watchdog.look([lost], minute * MINUTE).filter((one) => one.reconnect).length;
  }
  assert.equal(forced, 5, "one in 25 minutes");
});

Deno.test("look() tells messages that come but are not stored from silence", () => {
  const watchdog = new Watchdog();
  for (let minute = 0; minute <= 6; minute++) {
    const seen = source({ receivedAt: minute * MINUTE, settledAt: -1 });
    const found = look(watchdog, seen, minute);
    assert.deepEqual(found, minute === 6 ? ["stalled error false"] : [], `minute ${minute}`);
  }
  // Reading has stopped by now: still our fault, not the broker's.
  const paused = source({ receivedAt: 6 * MINUTE, settledAt: -1, paused: true });
  assert.deepEqual(look(watchdog, paused, 20), []);
  assert.equal(watchdog.troubleOf("home"), "stalled");
  const stored = source({ receivedAt: 6 * MINUTE, settledAt: 20.5 * MINUTE });
  assert.deepEqual(look(watchdog, stored, 20.6), ["silent warn true"]);
});

Deno.test("look() calls nothing stalled when a message follows a long quiet time", () => {
  const watchdog = new Watchdog({ silenceMs: 120 * MINUTE });
  look(watchdog, heard(0), 1);
  const fresh = source({ receivedAt: 60 * MINUTE, settledAt: 0 });
  assert.deepEqual(look(watchdog, fresh, 60), []);
});

Deno.test("look() does not reconnect the embedded broker, nor a paused source", () => {
  const embedded = new Watchdog();
  assert.deepEqual(look(embedded, heard(0, { canReconnect: false }), 10), ["silent warn false"]);
  assert.deepEqual(look(new Watchdog(), heard(0, { paused: true }), 10), []);
});

Deno.test("look() forgets a source that is gone", () => {
  const watchdog = new Watchdog();
  watchdog.look([source()], 6 * MINUTE);
  watchdog.look([], 7 * MINUTE);
  assert.equal(watchdog.troubleOf("home"), undefined);
});

Deno.test("look() never forces two reconnections within the throttle, whatever happens", () => {
  const time = fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined });
  const state = fc.record({
    connected: fc.boolean(),
    paused: fc.boolean(),
    since: fc.integer({ min: 0, max: 300 }),
    receivedAt: time,
    settledAt: time,
  });
  fc.assert(fc.property(fc.array(state, { maxLength: 60 }), (states) => {
    const watchdog = new Watchdog();
    let last = -Infinity;
    states.forEach((one, i) => {
      const now = i * MINUTE / 3;
      const before = (at: number | undefined) =>
        at === undefined ? undefined : Math.min(now, at * 1000);
      const seen = source({
        ...one,
        since: before(one.since)!,
        receivedAt: before(one.receivedAt),
        settledAt: before(one.settledAt),
      });
      for (const finding of watchdog.look([seen], now)) {
        if (!finding.reconnect) continue;
        assert.ok(now - last >= MINUTE);
        last = now;
      }
    });
  }));
});
