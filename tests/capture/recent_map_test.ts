import assert from "node:assert/strict";
import { RecentMap } from "../../src/capture/recent_map.ts";

Deno.test("RecentMap remembers a generation at least and two at most", () => {
  const map = new RecentMap<number, string>(10);
  for (let i = 0; i < 100; i++) {
    map.set(i, String(i));
    for (let known = Math.max(0, i - 9); known <= i; known++) {
      assert.equal(map.get(known), String(known));
    }
    if (i >= 20) assert.equal(map.get(i - 20), undefined);
  }
});

Deno.test("RecentMap gives the newest value of a key, and none after delete()", () => {
  const map = new RecentMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("c", 3);
  map.set("a", 4);
  assert.equal(map.get("a"), 4);
  map.delete("a");
  assert.equal(map.get("a"), undefined);
  assert.equal(map.get("c"), 3);
});
