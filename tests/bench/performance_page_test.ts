import assert from "node:assert/strict";
import { isRowOf, pageSections } from "../../bench/page_rows.ts";
import { performancePage } from "../../bench/performance_page.ts";
import { planned } from "../../bench/plan.ts";
import type { Result, Results } from "../../bench/results.ts";
import { OTHER_PROGRAMS, scenarioName } from "../../bench/scenario.ts";

const machine = { cpu: "a CPU", cores: 2, fileSystem: "ext4", deno: "2.9.6", mosquitto: "2.0" };

/** Every scenario of the long plans, as if all figures were 1. */
function everything(): Results {
  const figures = {
    stored: 1,
    lostByBroker: 1,
    lostByUs: 1,
    messagesPerSecond: 1,
    bareRowsPerSecond: 1,
    ratio: 1,
    cpuSecondsPerThousand: 1,
    idleRssMib: 1,
    peakRssMib: 1,
    writtenKb: 1,
    writtenKbClosed: 1,
    databaseBytes: 1,
    commits: 1,
    p50Ms: 1,
    p99Ms: 1,
    maxMs: 1,
  };
  const plans = ["full", "growth", "executable", "source"] as const;
  const results = plans.flatMap((plan) => planned(plan)).map((scenario): Result => ({
    name: scenarioName(scenario),
    scenario,
    at: "2026-11-22T18:00Z",
    load: 0.1,
    figures: {
      ...figures,
      ...(scenario.kind === "growth" ? { pageBytes: 2048, pagesPerThousand: { idx_one: 2 } } : {}),
      ...(scenario.kind === "jobs" ? { jobs: { "rows deleted": 3 } } : {}),
    },
  }));
  const check = { what: "messages lost", value: 0, atMost: 0, passed: true };
  const soak = { at: "2026-11-22T18:00Z", seconds: 1800, rate: 500, passed: true, checks: [check] };
  return { machine, results, soak };
}

Deno.test("performancePage() has a figure in every row once everything was run", () => {
  const page = performancePage(everything());
  assert.doesNotMatch(page, /not measured|Not run yet|undefined|NaN/);
  assert.match(page, /\| rows deleted|3 rows deleted/);
  assert.match(page, /Passed on 2026-11-22T18:00Z: 30 minutes at 500 messages a second/);
});

Deno.test("performancePage() says what was not run", () => {
  const page = performancePage({ machine, results: [] });
  assert.match(page, /not measured/);
  assert.match(page, /Not run yet/);
});

Deno.test("performancePage() shows a goal with its mark beside the figure", () => {
  const results = everything().results.filter((one) =>
    one.name === "burst meshtastic full into-0 n-100k qos-0 deploy"
  );
  const lines = performancePage({ machine, results }).split("\n");
  const rate = lines.find((line) => line.startsWith("| full indexes, new database: rate |"))!;
  assert.match(rate, /\| 1 msg\/s \| ≥ 15000 ✗ \| 611–1,134 \| 120–644 \| burst meshtastic full/);
});

Deno.test("every row of the page names one scenario that is planned, and a peer a column", () => {
  const all = [...planned("full"), ...OTHER_PROGRAMS.flatMap((one) => planned(one))];
  for (const { title, rows, peers } of pageSections) {
    for (const row of rows) {
      const found = all.filter((scenario) => isRowOf(row, scenario));
      assert.equal(found.length, 1, `${title}, ${row.what}: ${row.from.join(" ")}`);
      assert.equal(row.peers.length, peers.length, row.what);
    }
  }
});
