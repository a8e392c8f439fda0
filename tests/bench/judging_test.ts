import assert from "node:assert/strict";
import { goalsOf, judge } from "../../bench/goals.ts";
import { growthTable } from "../../bench/growth_table.ts";
import { benchOptions } from "../../bench/options.ts";
import { planned } from "../../bench/plan.ts";
import { merge, type Results } from "../../bench/results.ts";
import { type Scenario, scenarioName } from "../../bench/scenario.ts";
import { type Sample, soakVerdict } from "../../bench/soak_verdict.ts";
import { goalSummary, resultTable } from "../../bench/table.ts";

const burst: Scenario = {
  kind: "burst",
  network: "meshtastic",
  indexes: "full",
  prefill: 0,
  messages: 1000,
  qos: 0,
  broker: "deploy",
};

Deno.test("planned() names each scenario once, in every plan", () => {
  for (const plan of ["quick", "full", "growth", "executable", "source"] as const) {
    const names = planned(plan).map(scenarioName);
    assert.deepEqual(names, [...new Set(names)]);
  }
});

Deno.test("planned() measures each network with both QoS, both brokers, empty and large", () => {
  const bursts = planned("full").filter((one) => one.kind === "burst");
  assert.equal(bursts.length, 16 + 8);
  const large = planned("growth").filter((one) => one.kind === "growth");
  assert.deepEqual(large.map((one) => one.prefill), [0, 1e6, 5e6, 0, 1e6, 5e6]);
});

Deno.test("benchOptions() selects scenarios that have every word", () => {
  const names = benchOptions(["--quick", "burst", "meshtastic", "qos-0,qos-1", "minimal"]).scenarios
    .map(scenarioName);
  assert.deepEqual(names, ["burst meshtastic minimal into-0 n-20k qos-0 deploy"]);
  assert.throws(() => benchOptions(["no", "such"]), RangeError);
});

Deno.test("benchOptions() takes sizes and refuses what is none", () => {
  const [first] = benchOptions(["--quick", "-n", "1_500", "burst"]).scenarios;
  assert.ok(first?.kind === "burst" && first.messages === 1500);
  assert.throws(() => benchOptions(["--messages", "many"]), RangeError);
  assert.throws(() => benchOptions(["--seconds", "0"]), RangeError);
});

Deno.test("judge() marks what is met and what is missed, and nothing that was not measured", () => {
  const verdicts = judge(goalsOf(burst), { messagesPerSecond: 14_999, ratio: 0.8, lostByUs: 1 });
  const met = Object.fromEntries(verdicts.map((one) => [one.figure, one.met]));
  assert.deepEqual(met, { lostByUs: false, ratio: true, messagesPerSecond: false });
});

Deno.test("goalsOf() blames us for nothing that mosquitto's own settings lose", () => {
  const figures = { lostByBroker: 5000, lostByUs: 0, messagesPerSecond: 1 };
  const verdicts = judge(goalsOf({ ...burst, broker: "defaults" }), figures);
  assert.deepEqual(verdicts.map((one) => [one.figure, one.met]), [["lostByUs", true]]);
});

Deno.test("resultTable() leaves out what nobody measured and marks goals", () => {
  const one = { name: scenarioName(burst), scenario: burst, at: "", load: 0 };
  const results = [{ ...one, figures: { stored: 1000, messagesPerSecond: 20_000, ratio: 0.5 } }];
  assert.equal(
    resultTable(results),
    [
      "| scenario | stored | msg/s | ratio |",
      "| --- | --- | --- | --- |",
      "| burst meshtastic full into-0 n-1k qos-0 deploy | 1000 | 20000 ✓ | 0.5 ✗ |",
    ].join("\n"),
  );
  assert.match(
    goalSummary(results),
    /^goals: 1 of 2 met\nmissed: .*: ratio is 0.5, should be >= 0.8$/,
  );
});

Deno.test("merge() replaces what was measured again and keeps the rest, in its place", () => {
  const machine = { cpu: "", cores: 2, fileSystem: "", deno: "", mosquitto: "" };
  const result = (name: string, stored: number) => ({
    name,
    scenario: burst,
    at: "",
    load: 0,
    figures: { stored },
  });
  const soak = { at: "", seconds: 1, rate: 1, passed: true, checks: [] };
  const old: Results = { machine, results: [result("a", 1), result("b", 1)], soak };
  const run: Results = { machine, results: [result("c", 2), result("a", 2)] };
  const merged = merge(old, run);
  assert.deepEqual(
    merged.results.map((one) => [one.name, one.figures.stored]),
    [["a", 2], ["b", 1], ["c", 2]],
  );
  assert.equal(merged.soak, soak);
});

Deno.test("soakVerdict() passes what stays flat after warming up", () => {
  const samples = series((i) => ({ rssMib: i < 10 ? 100 + i * 10 : 200 + i % 5, openFiles: 40 }));
  const checks = soakVerdict(samples, { published: 100, stored: 100 });
  assert.deepEqual(checks.filter((one) => !one.passed), []);
});

Deno.test("soakVerdict() takes no collection that came late for a leak, but a leak for one", () => {
  const memory = (of: (i: number) => number) =>
    soakVerdict(series((i) => ({ rssMib: of(i) })), { published: 1, stored: 1 })
      .find((one) => one.what.includes("memory"))!;
  // Teeth of 80 MiB and 12 samples: the last quarter ends high.
  assert.equal(memory((i) => 200 + i % 12 * 7).passed, true);
  assert.equal(memory((i) => 200 + i % 12 * 7 + i * 3).passed, false);
});

Deno.test("soakVerdict() fails what grows, leaks, is missing or there twice", () => {
  const failed = (checks: ReturnType<typeof soakVerdict>) =>
    checks.filter((one) => !one.passed).map((one) => one.what);
  const growing = series((i) => ({ rssMib: 100 + i * 2, openFiles: 40 + i, walMib: i * 10 }));
  assert.deepEqual(failed(soakVerdict(growing, { published: 100, stored: 99 })), [
    "messages lost",
    "growth of resident memory, MiB",
    "growth of open files",
    "largest log, MiB",
  ]);
  const flat = series(() => ({}));
  assert.deepEqual(failed(soakVerdict(flat, { published: 100, stored: 101 })), [
    "messages stored twice",
  ]);
  // Too short to tell: that is no pass.
  assert.ok(failed(soakVerdict([], { published: 1, stored: 1 })).length > 0);
});

function series(of: (i: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: 40 }, (_, i) => ({
    seconds: i,
    rssMib: 100,
    heapMib: 50,
    openFiles: 40,
    walMib: 60,
    behind: 0,
    ...of(i),
  }));
}

Deno.test("growthTable() tells what is ours from what the bare loop pays too", () => {
  const grown = [0, 1_000_000].map((prefill, i) => ({
    name: `into-${prefill}`,
    scenario: {
      kind: "growth",
      network: "meshtastic",
      indexes: "full",
      prefill,
      messages: 1,
    } as const,
    at: "",
    load: 0,
    figures: {
      messagesPerSecond: i === 0 ? 10_000 : 5_000,
      bareRowsPerSecond: i === 0 ? 12_500 : 5_555,
      pageBytes: i === 0 ? 4096 : 2048,
      pagesPerThousand: i === 0 ? { table: 200 } : { table: 200, idx_random: 800 },
    },
  }));
  const lines = growthTable(grown).split("\n");
  assert.ok(lines.includes("| service less bare loop, µs | 20 | 20 |"));
  assert.ok(lines.includes("| pages in the log for 1,000 rows | 200 | 1000 |"));
  assert.ok(lines.includes("| their bytes, KB a row | 0.82 | 2.07 |"));
  assert.ok(lines.includes("| … of idx_random | 0 | 800 |"));
  assert.ok(lines.includes("| written until the last commit, KB | – | – |"));
});
