/** What differs between databases of different size, and which pages explain it. @module */
import { markdownTable } from "./markdown_table.ts";
import { round } from "./percentile.ts";
import type { Result } from "./results.ts";

/** Bytes before a page in SQLite's log. */
const FRAME_HEADER_BYTES = 24;

/**
 * One table of the growth scenarios of a network: what a message costs at each size, less what the
 * bare loop pays too, and then the pages of the log by what they belong to.
 */
export function growthTable(grown: readonly Result[]): string {
  const pages = grown.map((one) => one.figures.pagesPerThousand ?? {});
  const all = pages.map((one) => Object.values(one).reduce((sum, n) => sum + n, 0));
  const line = (what: string, of: (one: Result, i: number) => number) => [
    what,
    ...grown.map((one, i) => {
      const value = of(one, i);
      return Number.isNaN(value) ? "–" : String(value);
    }),
  ];
  const microseconds = (rate = NaN) => round(1e6 / rate, 1);
  const cpu = (seconds = NaN) => round(seconds * 1000, 1);
  const largest = pages.at(-1) ?? {};
  const names = [...new Set(pages.flatMap((one) => Object.keys(one)))]
    .sort((a, b) => (largest[b] ?? 0) - (largest[a] ?? 0));
  return markdownTable(
    ["for a message", ...grown.map((one) => one.name)],
    [
      line("service, µs", ({ figures }) => microseconds(figures.messagesPerSecond)),
      line("bare loop, µs", ({ figures }) => microseconds(figures.bareRowsPerSecond)),
      line(
        "service less bare loop, µs",
        ({ figures: { messagesPerSecond = NaN, bareRowsPerSecond = NaN } }) =>
          round(1e6 / messagesPerSecond - 1e6 / bareRowsPerSecond, 1),
      ),
      line(
        "CPU of the service less that of the bare loop, µs",
        ({ figures: { cpuSecondsPerThousand = NaN, bareCpuSecondsPerThousand = NaN } }) =>
          cpu(cpuSecondsPerThousand - bareCpuSecondsPerThousand),
      ),
      line("written until the last commit, KB", ({ figures }) => figures.writtenKb ?? NaN),
      line("the same of the bare loop, KB", ({ figures }) => figures.bareWrittenKb ?? NaN),
      line(
        "pages in the log for 1,000 rows",
        (_, i) => round(all[i]!),
      ),
      line(
        "their bytes, KB a row",
        ({ figures: { pageBytes = NaN } }, i) =>
          round(all[i]! * (pageBytes + FRAME_HEADER_BYTES) / 1e6, 2),
      ),
      ...names.map((name) => line(`… of ${name}`, (_, i) => pages[i]![name] ?? 0)),
    ],
  );
}
