/**
 * Runs background jobs in slices. Time is what it is told: the wall clock in service, recorded time
 * in a replay.
 *
 * @module
 */
import type { Job, LongStep } from "../capture/network.ts";

/** Milliseconds that a commit may have to wait without a word. */
const LONG_MS = 250;

/**
 * Milliseconds after which a job that runs once is tried again: first, and at most. An index that a full
 * disk has no room for is sorted at every try, and commits wait for it.
 */
const RETRY_MS = { min: 60_000, max: 3_600_000 };

interface Entry {
  readonly job: Job;
  /** Unix milliseconds of the next run; -Infinity: at the first tick; Infinity: never again. */
  dueAt: number;
  running: boolean;
  /** Failures since the last step that did not fail. */
  failures: number;
  /** No run has come to its end since one failed. */
  hasFailed: boolean;
}

/** See the module. Earlier jobs go first: a later one may need what they make. */
export class JobRunner {
  readonly #entries: Entry[];
  #nowMs = -Infinity;

  /**
   * Begins nothing before the first tick.
   *
   * @param onError told of a job that threw; the job waits for its next time, one that runs once for a
   * minute and then twice as long each time, up to an hour.
   * @param onDone told of a job that has come to its end: one that runs once, or one whose last run failed.
   * @param onLongStep told before a step that cannot be divided and takes long, and, with undefined,
   * after it.
   */
  constructor(
    jobs: readonly Job[],
    private readonly onError: (job: string, error: unknown) => void,
    private readonly onDone: (job: string) => void = () => {},
    private readonly onLongStep: (step: LongStep | undefined) => void = () => {},
  ) {
    this.#entries = jobs.map((job) => ({
      job,
      dueAt: -Infinity,
      running: false,
      failures: 0,
      hasFailed: false,
    }));
  }

  /** Names of the jobs that have work left now. */
  get pending(): string[] {
    return this.#entries.filter((entry) => entry.running).map((entry) => entry.job.name);
  }

  /** Lets time be `nowMs` (Unix milliseconds) and begins what is due; `all` begins every job. */
  tick(nowMs: number, all = false): void {
    // After a clock that was set back, a job is not due at a time that is years away.
    const back = Math.max(0, this.#nowMs - nowMs);
    this.#nowMs = nowMs;
    for (const entry of this.#entries) {
      entry.dueAt -= back;
      if (entry.running || (!all && entry.dueAt > nowMs)) continue;
      entry.running = true;
      entry.dueAt = entry.job.everyMs === 0 ? Infinity : nowMs + entry.job.everyMs;
    }
  }

  /** Tells of a step that commits will have to wait for; whether it did. */
  #announce(job: Job): boolean {
    const step = job.longStep?.();
    if (step === undefined || step.expectedMs < LONG_MS) return false;
    this.onLongStep(step);
    return true;
  }

  /** Does one slice of about `budgetMs` of the first job that has work. False: there is none. */
  slice(budgetMs: number): boolean {
    const entry = this.#entries.find((candidate) => candidate.running);
    if (entry === undefined) return false;
    const long = this.#announce(entry.job);
    try {
      const result = entry.job.step(budgetMs, this.#nowMs);
      entry.failures = 0;
      if (result === "done") {
        entry.running = false;
        if (entry.job.everyMs === 0 || entry.hasFailed) this.onDone(entry.job.name);
        entry.hasFailed = false;
      }
    } catch (error) {
      entry.running = false;
      // A job that runs once has not run yet.
      if (entry.job.everyMs === 0) entry.dueAt = this.#nowMs + retryMs(entry.failures);
      entry.failures++;
      entry.hasFailed = true;
      this.onError(entry.job.name, error);
    } finally {
      if (long) this.onLongStep(undefined);
    }
    return this.pending.length > 0;
  }
}

/** Milliseconds until the next try, after `failures` others that failed before the last one. */
function retryMs(failures: number): number {
  return Math.min(RETRY_MS.max, RETRY_MS.min * 2 ** failures);
}
