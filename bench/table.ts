/** The one table of a run, for people. @module */
import type { FigureName } from "./figures.ts";
import { goalsOf, judge } from "./goals.ts";
import { growthTable } from "./growth_table.ts";
import { markdownTable } from "./markdown_table.ts";
import type { Result } from "./results.ts";

/** A column: its head, and the figures in its cells. */
interface Column {
  readonly head: string;
  readonly figures: readonly FigureName[];
}

const COLUMNS: readonly Column[] = [
  { head: "stored", figures: ["stored"] },
  { head: "lost broker/us", figures: ["lostByBroker", "lostByUs"] },
  { head: "msg/s", figures: ["messagesPerSecond"] },
  { head: "bare rows/s", figures: ["bareRowsPerSecond"] },
  { head: "ratio", figures: ["ratio"] },
  { head: "published/s", figures: ["publishedPerSecond"] },
  {
    head: "CPU s/1000 ours/bare/broker",
    figures: ["cpuSecondsPerThousand", "bareCpuSecondsPerThousand", "brokerCpuSecondsPerThousand"],
  },
  { head: "RSS MiB idle/peak", figures: ["idleRssMib", "peakRssMib"] },
  {
    head: "written KB/msg last commit/closed/bare",
    figures: ["writtenKb", "writtenKbClosed", "bareWrittenKb"],
  },
  { head: "DB B/msg", figures: ["databaseBytes"] },
  { head: "commits", figures: ["commits"] },
  { head: "ms p50/p99/max", figures: ["p50Ms", "p99Ms", "maxMs"] },
  { head: "bare ms p50/p99/max", figures: ["bareP50Ms", "bareP99Ms", "bareMaxMs"] },
  { head: "timed", figures: ["timed"] },
];

/** The table in Markdown. A figure with a goal bears ✓ or ✗. Columns without a figure are left out. */
export function resultTable(results: readonly Result[]): string {
  const columns = COLUMNS.filter(({ figures }) =>
    results.some((one) => figures.some((name) => one.figures[name] !== undefined))
  );
  const rows = results.map((one) => [one.name, ...columns.map((column) => cell(column, one))]);
  const head = ["scenario", ...columns.map((column) => column.head)];
  return markdownTable(head, rows);
}

/** One line: how many goals are met, and each that is missed. */
export function goalSummary(results: readonly Result[]): string {
  const verdicts = results.flatMap(({ name, scenario, figures }) =>
    judge(goalsOf(scenario), figures).map((verdict) => ({ name, ...verdict }))
  );
  const missed = verdicts.filter((one) => !one.met);
  return [
    `goals: ${verdicts.length - missed.length} of ${verdicts.length} met`,
    ...missed.map(({ name, figure, must, bound, value }) =>
      `missed: ${name}: ${figure} is ${value}, should be ${must} ${bound}`
    ),
  ].join("\n");
}

/** Further tables of those scenarios that have more to tell: pages touched, work of jobs. */
export function detailTables(results: readonly Result[]): string {
  const parts: string[] = [];
  for (const network of new Set(results.map((one) => one.scenario.network))) {
    const grown = results.filter((one) =>
      one.scenario.network === network && one.figures.pagesPerThousand !== undefined
    );
    if (grown.length > 0) parts.push(growthTable(grown));
  }
  for (const { name, figures } of results) {
    if (figures.jobs === undefined) continue;
    const done = Object.entries(figures.jobs).map(([what, n]) => `${n} ${what}`).join(", ");
    parts.push(`${name}: ${done}`);
  }
  return parts.join("\n\n");
}

function cell({ figures: names }: Column, { scenario, figures }: Result): string {
  if (names.every((name) => figures[name] === undefined)) return "";
  const verdicts = judge(goalsOf(scenario), figures);
  return names.map((name) => {
    const value = figures[name];
    const verdict = verdicts.find((one) => one.figure === name);
    const mark = verdict === undefined ? "" : verdict.met ? " ✓" : " ✗";
    return value === undefined ? "–" : `${value}${mark}`;
  }).join(" / ");
}
