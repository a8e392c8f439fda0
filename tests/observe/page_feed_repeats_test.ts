import assert from "node:assert/strict";
import type { FeedPacket } from "../../src/capture/page_view.ts";
import { without } from "../../src/observe/page/feed_repeats.ts";

const packet = (text: string, more: Partial<FeedPacket> = {}): FeedPacket => ({
  network: "meshtastic",
  at: 1_700_000_000_123,
  type: "TEXT_MESSAGE_APP",
  from: "!00000001",
  heardBy: "!00000002",
  readable: true,
  text,
  ...more,
});

Deno.test("what the feed told is left out of what the database says, as often as it was told", () => {
  const stored = [packet("twice"), packet("old"), packet("twice"), packet("twice")];
  const texts = (live: FeedPacket[]) => without(stored, live).map((one) => one.text);
  assert.deepEqual(texts([]), ["twice", "old", "twice", "twice"]);
  assert.deepEqual(texts([packet("twice")]), ["old", "twice", "twice"]);
  assert.deepEqual(texts([packet("twice"), packet("new"), packet("twice")]), ["old", "twice"]);
});

Deno.test("a packet is the same whatever else the database knows of it, and another elsewhere", () => {
  const stored = [packet("here", { at: 1_700_000_000_000, snr: 4 })];
  assert.deepEqual(without(stored, [packet("here", { source: "home" })]), []);
  for (const other of [{ network: "meshcore" }, { heardBy: "!00000003" }, { from: "!00000003" }]) {
    assert.deepEqual(without(stored, [packet("here", other)]), stored);
  }
});
