/** @module */
import type { Figures } from "./figures.ts";
import { metricSum } from "./metrics_text.ts";
import { round } from "./percentile.ts";
import type { ProcessFigures } from "./process_figures.ts";

/** What was read of a service around a run. */
export interface ServiceRun {
  /** Messages published. */
  readonly published: number;
  /** Rows in the database for them. */
  readonly stored: number;
  /** What the database file has grown by, bytes. */
  readonly grownBytes: number;
  /** Text of /metrics after the run. */
  readonly metrics: string;
  /** The process before the first message. */
  readonly before: ProcessFigures;
  /** After the last commit. */
  readonly after: ProcessFigures;
  /** At its end. */
  readonly closed: ProcessFigures;
}

/** The figures of a run that every scenario with messages has. */
export function serviceFigures(run: ServiceRun): Figures & { readonly commits: number } {
  const { published, stored, before, after, closed } = run;
  const sum = (name: string) => metricSum(run.metrics, `meshcapture_${name}`);
  const received = sum("messages_received_total") - sum("duplicates_skipped_total");
  const each = (value: number) => value / Math.max(1, stored);
  return {
    published,
    stored,
    lostByBroker: published - received,
    lostByUs: received - stored,
    cpuSecondsPerThousand: round(each(after.cpuSeconds - before.cpuSeconds) * 1000, 3),
    idleRssMib: Math.round(before.rssBytes / 2 ** 20),
    peakRssMib: Math.round(after.peakRssBytes / 2 ** 20),
    writtenKb: round(each(after.writtenBytes - before.writtenBytes) / 1000, 2),
    writtenKbClosed: round(each(closed.writtenBytes - before.writtenBytes) / 1000, 2),
    databaseBytes: Math.round(each(run.grownBytes)),
    commits: sum("commits_total"),
  };
}
