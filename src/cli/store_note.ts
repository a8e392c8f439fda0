/** @module */
import type { LongStep, StorageError } from "../capture/network.ts";
import type { HealthComponent } from "../observe/health.ts";

/**
 * The note beside a store's troubles: what commits wait for, and which background jobs failed when they
 * ran last. One does not take the other's place.
 */
export class StoreNote {
  readonly #health: Pick<HealthComponent, "note">;
  readonly #failures = new Map<string, string>();
  #longStep: LongStep | undefined;

  /** Says nothing yet. */
  constructor(health: Pick<HealthComponent, "note">) {
    this.#health = health;
  }

  /** Commits wait for `step`; undefined: they do no longer. */
  longStep(step: LongStep | undefined): void {
    this.#longStep = step;
    this.#tell();
  }

  /** A job failed; the words of `error` name it. */
  jobFailed(job: string, error: StorageError): void {
    this.#failures.set(job, error.message);
    this.#tell();
  }

  /** A job came to its end. */
  jobDone(job: string): void {
    if (this.#failures.delete(job)) this.#tell();
  }

  /** The storage thread died, and its jobs with it. */
  clear(): void {
    this.#longStep = undefined;
    this.#failures.clear();
    this.#tell();
  }

  #tell(): void {
    const lines = [...this.#failures.values()];
    if (this.#longStep !== undefined) {
      const { what, expectedMs } = this.#longStep;
      lines.unshift(`${what}; commits wait for it, about ${Math.ceil(expectedMs / 1000)} s`);
    }
    this.#health.note(lines.length > 0 ? lines.join("; ") : undefined);
  }
}
