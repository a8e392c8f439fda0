/** What a person should read of a database that was opened, and of its background jobs. @module */
import type { Log } from "../capture/log.ts";
import type { LongStep, StorageError } from "../capture/network.ts";

/** What a storage thread says of the database that it has opened, whatever the network. */
export interface OpenedInfo {
  /** Who made the file: `new`, or the name of a program. */
  readonly origin: string;
  /** Migrations that were applied now. */
  readonly applied: readonly string[];
  /** Jobs that have work left and run once. */
  readonly jobs: readonly string[];
}

/** Says what was taken over and which jobs begin. */
export function announceOpening(log: Log, path: string, info: OpenedInfo): void {
  const { origin, applied, jobs } = info;
  if (applied.length > 0 && origin !== "new") {
    const fields = { path, made_by: origin, migrations: applied.length };
    log.info("a database made elsewhere was taken over", fields);
  }
  if (jobs.length > 0) log.info("background jobs begin", { jobs: jobs.join(", ") });
}

/** Listeners that say how background jobs end, and what commits wait for; that `onLongStep` hears, too. */
export function announceJobs(
  log: Log,
  onLongStep: (step: LongStep | undefined) => void = () => {},
): {
  onJobFailure: (job: string, error: StorageError) => void;
  onJobDone: (job: string) => void;
  onLongStep: (step: LongStep | undefined) => void;
} {
  return {
    onJobFailure: (job, error) =>
      log.warn("a background job failed; it is tried again", { job, error }),
    onJobDone: (job) => log.info("a background job is done", { job }),
    onLongStep: (step) => {
      onLongStep(step);
      if (step === undefined) return;
      log.info("commits wait for work that cannot be divided", {
        what: step.what,
        expected_seconds: Math.ceil(step.expectedMs / 1000),
      });
    },
  };
}
