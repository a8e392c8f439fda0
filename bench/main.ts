/**
 * The whole way of a message, measured, with the limit that the machine sets in the same run.
 *
 *     deno task bench                 # everything, some 40 minutes
 *     deno task bench --quick         # a choice, two or three minutes
 *     deno task bench --growth        # databases of 0, 1 and 5 million rows
 *     deno task bench --executable    # dist/meshcapture, five minutes
 *     deno task bench --source        # not the bundle, which it makes and measures: five minutes
 *     deno task bench --quick burst meshtastic full
 *     deno task bench --list          # names of the scenarios
 *
 * Words select scenarios whose names have all of them. `--messages N`, `--prefill N` and `--seconds N`
 * change the size, `--json` prints JSON, `--out FILE` merges the results into a file.
 *
 * @module
 */
import type { Figures } from "./figures.ts";
import { interrupted } from "./interrupted.ts";
import { loadAverage, thisMachine } from "./machine.ts";
import { makeBundle } from "./make_bundle.ts";
import { type BenchOptions, benchOptions } from "./options.ts";
import { keepResults, type Result } from "./results.ts";
import { runBurst } from "./run_burst.ts";
import { runGrowth } from "./run_growth.ts";
import { runHttp } from "./run_http.ts";
import { runJobs } from "./run_jobs.ts";
import { runLatency } from "./run_latency.ts";
import { runRestart, runStart } from "./run_start.ts";
import { type Scenario, scenarioName } from "./scenario.ts";
import { detailTables, goalSummary, resultTable } from "./table.ts";

await main();

async function main(): Promise<void> {
  let options: BenchOptions;
  try {
    options = benchOptions(Deno.args);
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
    Deno.exit(2);
  }
  const { scenarios, json, list, out } = options;
  if (list) return print(scenarios.map(scenarioName).join("\n"));
  const signal = interrupted();
  const machine = thisMachine();
  const results: Result[] = [];
  await prepare(scenarios, signal);
  for (const [i, scenario] of scenarios.entries()) {
    const name = scenarioName(scenario);
    note(`${i + 1}/${scenarios.length} ${name}`);
    const load = loadAverage();
    const at = `${new Date().toISOString().slice(0, 16)}Z`;
    results.push({ name, scenario, at, load, figures: await run(scenario, signal) });
    // A long run that breaks off must not lose what it has.
    if (out !== undefined) keepResults(out, { machine, results });
  }
  if (json) return print(JSON.stringify({ machine, results }, null, 2));
  const parts = [resultTable(results), detailTables(results), goalSummary(results)];
  print(parts.filter((part) => part !== "").join("\n\n"));
}

/** Makes the bundle, if it is measured, and starts it once: V8 keeps what it compiles at a first start. */
async function prepare(scenarios: readonly Scenario[], signal: AbortSignal): Promise<void> {
  const bundled = scenarios.filter((one) => one.program === undefined);
  if (bundled.length === 0) return;
  await makeBundle(signal);
  for (const network of new Set(bundled.map((one) => one.network))) {
    await runStart({ kind: "start", network, indexes: "full", prefill: 0, times: 1 }, signal);
  }
}

async function run(scenario: Scenario, signal: AbortSignal): Promise<Figures> {
  switch (scenario.kind) {
    case "burst":
      return await runBurst(scenario, signal);
    case "growth":
      return await runGrowth(scenario, signal);
    case "latency":
      return await runLatency(scenario, signal);
    case "start":
      return await runStart(scenario, signal);
    case "restart":
      return await runRestart(scenario, signal);
    case "http":
      return await runHttp(scenario, signal);
    case "jobs":
      return await runJobs(scenario, signal);
  }
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Progress and complaints go where they do not disturb JSON. */
function note(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}
