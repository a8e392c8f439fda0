/** What was typed. @module */
import { parseArgs } from "node:util";
import { planned } from "./plan.ts";
import { OTHER_PROGRAMS, type Scenario, scenarioWords } from "./scenario.ts";

/** Options of a run. */
export interface BenchOptions {
  /** What is measured, in this order. */
  readonly scenarios: readonly Scenario[];
  /** Print JSON instead of a table. */
  readonly json: boolean;
  /** Only say what would be measured. */
  readonly list: boolean;
  /** File that the results are merged into. */
  readonly out: string | undefined;
}

/**
 * Reads arguments.
 *
 * @throws {RangeError} saying what was not understood.
 */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean" },
      growth: { type: "boolean" },
      executable: { type: "boolean" },
      source: { type: "boolean" },
      json: { type: "boolean" },
      list: { type: "boolean" },
      out: { type: "string" },
      messages: { type: "string", short: "n" },
      prefill: { type: "string" },
      seconds: { type: "string" },
    },
  });
  const plan = (["quick", "growth", ...OTHER_PROGRAMS] as const).find((name) => values[name]) ??
    "full";
  const scenarios = planned(plan, {
    ...numberOption("messages", values.messages),
    ...numberOption("prefill", values.prefill),
    ...numberOption("seconds", values.seconds),
  }).filter((scenario) => selected(scenario, positionals));
  if (scenarios.length === 0) {
    throw new RangeError(`no scenario of the ${plan} plan is named by: ${positionals.join(" ")}`);
  }
  return { scenarios, json: values.json ?? false, list: values.list ?? false, out: values.out };
}

/** Whether every word is one of the scenario's. `a,b` stands for a or b. */
function selected(scenario: Scenario, words: readonly string[]): boolean {
  const own = scenarioWords(scenario);
  return words.every((word) => word.split(",").some((one) => own.includes(one)));
}

function numberOption(name: string, text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  const value = Number(text.replaceAll("_", ""));
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`--${name} must be a whole number above 0, not ${text}`);
  }
  return { [name]: value };
}
