import assert from "node:assert/strict";
import { MAX_RETAINED_TOPICS, RetainedMemory } from "../../src/capture/retained.ts";

Deno.test("RetainedMemory knows the last payload of each topic, from before and from now", () => {
  const memory = new RetainedMemory(new Map([["a", 1n]]));
  assert.equal(memory.isKnown("a", 1n), true);
  assert.equal(memory.isKnown("a", 2n), false);
  assert.equal(memory.isKnown("a", 2n), true);
  assert.equal(memory.isKnown("a", 1n), false, "only the last one counts");
  assert.equal(memory.isKnown("b", 1n), false);
});

Deno.test("RetainedMemory leaves what it was made of as it is", () => {
  const known = new Map([["a", 1n]]);
  new RetainedMemory(known).isKnown("b", 1n);
  assert.deepEqual([...known], [["a", 1n]]);
});

Deno.test("RetainedMemory forgets the oldest at its bound, and nothing for a known topic", () => {
  const memory = new RetainedMemory(new Map());
  for (let i = 0; i < MAX_RETAINED_TOPICS; i++) memory.isKnown(`t${i}`, 1n);
  assert.equal(memory.isKnown("t0", 2n), false);
  assert.equal(memory.isKnown("t1", 1n), true, "a new payload of a known topic costs no other");
  memory.isKnown("one more", 1n);
  assert.equal(memory.isKnown("t2", 1n), true, "one alone is forgotten");
  assert.equal(memory.isKnown("t0", 2n), true, "what came last stays");
  assert.equal(memory.isKnown("t1", 1n), false, "the oldest is gone");
});
