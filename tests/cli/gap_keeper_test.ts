import assert from "node:assert/strict";
import type { Stretch } from "../../src/capture/network.ts";
import { GapKeeper } from "../../src/cli/gap_keeper.ts";

function keeper(heardUntil?: number, pending: Stretch[] = []) {
  const gaps: [number, number, string][] = [];
  const left: number[] = [];
  const one = new GapKeeper({
    source: "home",
    heardUntil,
    pending,
    onGaps: (found, pendingNow) => {
      left.push(pendingNow.length);
      for (const { source, from, to, reason } of found) {
        assert.equal(source, "home");
        gaps.push([from, to, reason]);
      }
    },
  });
  return { one, gaps, left };
}

Deno.test("GapKeeper tells no gap at the very first connection", () => {
  const { one, gaps } = keeper();
  one.connected(false, 1000);
  one.deliveredAtQos0();
  assert.deepEqual(gaps, []);
});

Deno.test("GapKeeper tells the time since the last run when the broker has no session", () => {
  const { one, gaps } = keeper(1000);
  one.connected(false, 5000);
  assert.deepEqual(gaps, [[1000, 5000, "session_lost"]]);
  one.deliveredAtQos0();
  assert.equal(gaps.length, 1);
});

Deno.test("GapKeeper tells a gap with the session kept only when something comes at QoS 0", () => {
  const { one, gaps } = keeper();
  one.connected(true, 1000);
  one.disconnected(2000);
  one.connected(true, 3000);
  assert.deepEqual(gaps, []);
  one.deliveredAtQos0();
  one.deliveredAtQos0();
  assert.deepEqual(gaps, [[2000, 3000, "qos0"]]);
});

Deno.test("GapKeeper keeps a gap through connections that are too short for a message", () => {
  const { one, gaps } = keeper(1000);
  one.connected(true, 100_000);
  one.disconnected(101_000);
  one.connected(true, 103_000);
  one.deliveredAtQos0();
  assert.deepEqual(gaps, [[1000, 100_000, "qos0"], [101_000, 103_000, "qos0"]]);
});

Deno.test("GapKeeper tells the time in which the subscription was refused, through reconnects", () => {
  const { one, gaps } = keeper(1000);
  one.connected(false, 5000);
  one.subscribed(false, 5001);
  one.subscribed(false, 65_000);
  one.disconnected(70_000);
  one.connected(true, 80_000);
  one.subscribed(false, 80_001);
  one.deliveredAtQos0();
  assert.deepEqual(gaps, [[1000, 5000, "session_lost"]]);
  one.subscribed(true, 140_000);
  assert.deepEqual(gaps.slice(1), [[5000, 140_000, "subscription_refused"]]);
  one.disconnected(150_000);
  one.connected(false, 160_000);
  one.subscribed(true, 160_001);
  assert.deepEqual(gaps.slice(2), [[150_000, 160_000, "session_lost"]]);
});

Deno.test("GapKeeper tells a long refusal by the hour", () => {
  const hour = 3_600_000;
  const { one, gaps } = keeper();
  one.connected(true, 0);
  one.subscribed(false, 1);
  one.review(hour - 1);
  assert.deepEqual(gaps, []);
  one.review(hour);
  one.disconnected(hour + 5);
  one.connected(false, hour + 10);
  one.subscribed(false, hour + 11);
  one.review(2 * hour);
  one.subscribed(true, 2 * hour + 7);
  assert.deepEqual(gaps, [
    [0, hour, "subscription_refused"],
    [hour, 2 * hour, "subscription_refused"],
    [2 * hour, 2 * hour + 7, "subscription_refused"],
  ]);
});

Deno.test("GapKeeper tells of a refusal that lasts until the end of the run", () => {
  const { one, gaps } = keeper();
  one.connected(true, 1000);
  one.subscribed(false, 1001);
  assert.equal(one.ended(9000), true);
  assert.equal(one.ended(9500), false);
  assert.deepEqual(gaps, [[1000, 9000, "subscription_refused"]]);
});

Deno.test("GapKeeper tells no refusal of a time that a clock set back makes future", () => {
  const { one, gaps } = keeper();
  one.connected(true, 9000);
  one.subscribed(false, 9001);
  one.stepped(9500, 2000, false);
  one.subscribed(true, 3000);
  assert.deepEqual(gaps, [[2000, 3000, "subscription_refused"]]);
});

Deno.test("GapKeeper tells no gap when the clock was set back", () => {
  const { one, gaps } = keeper(9000);
  one.connected(false, 5000);
  one.disconnected(6000);
  one.connected(false, 7000);
  assert.deepEqual(gaps, [[6000, 7000, "session_lost"]]);
});

Deno.test("GapKeeper tells all of the time in which a machine without a clock was off", () => {
  // It was switched off at 1000, starts as of then, and learns after 60 that it is 9000.
  const { one, gaps } = keeper(1000);
  one.connected(false, 1010);
  one.stepped(1060, 9000, true);
  assert.deepEqual(gaps, [[1000, 1010, "session_lost"], [1060, 9000, "session_lost"]]);
});

Deno.test("GapKeeper tells the gap from when the source was heard when the clock began before that", () => {
  const lost = keeper(5000);
  lost.one.connected(false, 10);
  assert.deepEqual(lost.gaps, []);
  lost.one.stepped(70, 9000, true);
  assert.deepEqual(lost.gaps, [[5000, 9000, "session_lost"]]);

  const kept = keeper(5000);
  kept.one.connected(true, 10);
  kept.one.stepped(70, 9000, true);
  assert.deepEqual(kept.gaps, []);
  kept.one.deliveredAtQos0();
  assert.deepEqual(kept.gaps, [[5000, 9000, "qos0"]]);
});

Deno.test("GapKeeper takes no step for a gap when it comes late, goes back, or follows no other run", () => {
  const { one, gaps } = keeper(1000);
  one.connected(false, 2000);
  one.stepped(3000, 900_000, false);
  one.stepped(900_010, 3010, true);
  assert.deepEqual(gaps, [[1000, 2000, "session_lost"]]);
  const first = keeper();
  first.one.connected(false, 2000);
  first.one.stepped(3000, 9000, true);
  assert.deepEqual(first.gaps, []);
});

Deno.test("GapKeeper tells gaps again after a clock that was ahead was set back", () => {
  const { one, gaps } = keeper();
  one.connected(true, 1000);
  // While the connection was away, which ended in the future.
  one.disconnected(9_000_000);
  one.stepped(9_000_010, 2000, false);
  one.connected(false, 3000);
  assert.deepEqual(gaps, [[2000, 3000, "session_lost"]]);
});

Deno.test("GapKeeper tells what was pending at the end of an earlier run", () => {
  const { one, gaps, left } = keeper(9000, [{ from: 1000, to: 2000 }]);
  one.connected(true, 9500);
  assert.deepEqual(one.pending, [{ from: 1000, to: 2000 }, { from: 9000, to: 9500 }]);
  one.deliveredAtQos0();
  assert.deepEqual(gaps, [[1000, 2000, "qos0"], [9000, 9500, "qos0"]]);
  assert.deepEqual(left, [0], "both at once, with what is pending beside them");
  assert.deepEqual(one.pending, []);
});

Deno.test("GapKeeper joins stretches that touch each other when they prove to be gaps", () => {
  const stretch = (from: number, to: number) => ({ from, to });
  const { one, gaps, left } = keeper(undefined, [
    stretch(1, 2),
    stretch(10, 20),
    stretch(20, 30),
    stretch(15, 25),
    stretch(31, 40),
    stretch(5, 12),
  ]);
  one.deliveredAtQos0();
  assert.deepEqual(gaps, [
    [1, 2, "qos0"],
    [10, 30, "qos0"],
    [31, 40, "qos0"],
    [5, 12, "qos0"],
  ]);
  assert.deepEqual(left, [0]);
});

Deno.test("GapKeeper tells the time since the last message when a broker went back to what it saved", () => {
  const { one, gaps } = keeper(1000);
  one.connected(true, 2000);
  one.resumed(false);
  one.disconnected(3000);
  one.connected(true, 4000);
  one.disconnected(5000);
  one.connected(true, 6000);
  one.resumed(true);
  assert.deepEqual(gaps, [[3000, 4000, "session_restored"], [5000, 6000, "session_restored"]]);
  assert.deepEqual(one.pending, [{ from: 1000, to: 2000 }], "QoS 0 may still tell");
  one.resumed(true);
  assert.equal(gaps.length, 2);
});

Deno.test("GapKeeper takes what an earlier run left pending last for unheard", () => {
  const { one, gaps } = keeper(undefined, [{ from: 1, to: 2 }, { from: 3, to: 4 }]);
  one.resumed(true);
  assert.deepEqual(gaps, [[3, 4, "session_restored"]]);
});
