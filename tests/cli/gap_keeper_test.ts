import assert from "node:assert/strict";
import { GapKeeper } from "../../src/cli/gap_keeper.ts";

function keeper(heardUntil?: number) {
  const gaps: [number, number, string][] = [];
  const one = new GapKeeper({
    source: "home",
    heardUntil,
    onGap: ({ source, from, to, reason }) => {
      assert.equal(source, "home");
      gaps.push([from, to, reason]);
    },
  });
  return { one, gaps };
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

Deno.test("GapKeeper tells no gap when the clock was set back", () => {
  const { one, gaps } = keeper(9000);
  one.connected(false, 5000);
  one.disconnected(6000);
  one.connected(false, 7000);
  assert.deepEqual(gaps, [[6000, 7000, "session_lost"]]);
});
