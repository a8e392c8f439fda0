/** What a person should read of a database that was opened, and of its background jobs. @module */
import type { Log } from "../capture/log.ts";
import type { LongStep, StorageError, StorageReason } from "../capture/network.ts";

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

/** Names of the jobs that every store may have, for label sets. `scheduler`: what runs the others. */
export const COMMON_JOBS = ["indexes", "maintenance", "scheduler"] as const;

/** Who hears of background jobs beside the log. */
export interface JobListeners {
  /** A background job failed; it is tried again by itself. Default: it is logged, each time. */
  readonly onJobFailure?: (job: string, error: StorageError) => void;
  /** A background job has come to its end: one that runs once, or one whose last run failed. */
  readonly onJobDone?: (job: string) => void;
  /** Work begins that commits have to wait for; undefined: it has ended. */
  readonly onLongStep?: (step: LongStep | undefined) => void;
}

/** Listeners that say how background jobs end, and what commits wait for; `listeners` hear it, too. */
export function announceJobs(log: Log, listeners: JobListeners = {}): Required<JobListeners> {
  const failed = new Map<string, StorageReason>();
  const warn = (job: string, error: StorageError) =>
    log.warn("a background job failed; it is tried again", { job, error });
  const onJobFailure = listeners.onJobFailure ?? warn;
  return {
    onJobFailure: (job, error) => {
      failed.set(job, error.reason);
      onJobFailure(job, error);
    },
    onJobDone: (job) => {
      listeners.onJobDone?.(job);
      const after = failed.get(job);
      failed.delete(job);
      log.info("a background job is done", { job, ...(after === undefined ? {} : { after }) });
    },
    onLongStep: (step) => {
      listeners.onLongStep?.(step);
      if (step === undefined) return;
      log.info("commits wait for work that cannot be divided", {
        what: step.what,
        expected_seconds: Math.ceil(step.expectedMs / 1000),
      });
    },
  };
}
