import assert from "node:assert/strict";
import type { SampleColumns } from "../../src/storage/sample_history.ts";
import { perMinute, stretches } from "../../src/observe/page/chart_data.ts";

/** Hours that the page offers, and seconds of a stretch that the service answers for each. */
const CHOICES = [[1, 60], [6, 60], [24, 180], [168, 1500]] as const;

Deno.test("stretches() begin where the service's do, whatever is chosen and whenever", () => {
  for (const [hours, step] of CHOICES) {
    for (const now of [1_760_000_000, 1_760_000_077, 1_760_003_599]) {
      const times = stretches(now * 1000 + 999, hours, step);
      // What `capture_samples` are grouped by.
      const stretchOf = (at: number) => Math.floor(at / step) * step;
      assert.equal(times[0], stretchOf(now - hours * 3600), `${hours} h`);
      assert.equal(times.at(-1), stretchOf(now), `${hours} h`);
      assert.ok(times.every((at, i) => i === 0 || at - times[i - 1]! === step));
    }
  }
});

Deno.test("perMinute() divides by the minutes that are known, not by the stretch's length", () => {
  const columns = { received: [180, 60, 0], minutes: [3, 1, 2] } as Partial<SampleColumns>;
  assert.deepEqual(perMinute(columns as SampleColumns), [60, 60, 0]);
});
