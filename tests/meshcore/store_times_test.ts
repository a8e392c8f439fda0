import assert from "node:assert/strict";
import fc from "fast-check";
import { isoSeconds, SecondTexts, sqliteTime } from "../../src/meshcore/store_times.ts";

Deno.test("SecondTexts gives what isoSeconds() gives, whatever came before", () => {
  const ms = fc.oneof(
    fc.integer({ min: 0, max: 3000 }),
    fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(ms, { maxLength: 20 }), (times) => {
      const texts = new SecondTexts();
      for (const time of times) assert.equal(texts.of(time), isoSeconds(time));
    }),
  );
});

Deno.test("isoSeconds() and sqliteTime() write whole seconds, in far years, too", () => {
  assert.equal(isoSeconds(1_763_814_352_999.5), "2025-11-22T12:25:52Z");
  assert.equal(sqliteTime(1_763_814_352_999.5), "2025-11-22 12:25:52");
  assert.equal(isoSeconds(-1), "1969-12-31T23:59:59Z");
  assert.equal(isoSeconds(253_402_300_800_000), "+010000-01-01T00:00:00Z");
});
