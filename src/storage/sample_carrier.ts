/**
 * Lets minutes for the history charts travel with commits that happen anyway: a transaction of their
 * own would wear an SD card for a picture.
 *
 * @module
 */
import type {
  CommitContext,
  CommitSummary,
  MinuteSample,
  RecordBatch,
  Store,
} from "../capture/network.ts";
import { ReopeningStore } from "./reopening_store.ts";

/** Minutes that wait at most; beyond, the oldest are let go. A database that takes nothing for so
 * long has other troubles. */
const MAX_WAITING = 720;

/** Holds minutes until a commit takes them along. */
export class SampleCarrier {
  #waiting: MinuteSample[] = [];

  /** Minutes that no commit has taken yet, oldest first. */
  get waiting(): readonly MinuteSample[] {
    return this.#waiting;
  }

  /** Has the next commit take `sample` along. */
  add(sample: MinuteSample): void {
    this.#waiting.push(sample);
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
  }

  /** Commits to `store`, and what waits with it. What did not get there waits on. */
  async commit<R>(
    store: Pick<Store<R>, "commit">,
    batch: readonly R[] | RecordBatch<R>,
    context: CommitContext,
  ): Promise<CommitSummary> {
    const samples = this.#waiting;
    if (samples.length === 0) return await store.commit(batch, context);
    this.#waiting = [];
    try {
      return await store.commit(batch, { ...context, samples });
    } catch (error) {
      this.#waiting = [...samples, ...this.#waiting];
      throw error;
    }
  }
}

/** A store whose commits take minutes for the charts along, whoever commits. */
export class CarryingStore<R> extends ReopeningStore<R> {
  /** The minutes on their way. */
  readonly samples = new SampleCarrier();

  /** As {@linkcode ReopeningStore.commit}, with the minutes that wait. */
  override async commit(
    batch: readonly R[] | RecordBatch<R>,
    context: CommitContext,
  ): Promise<CommitSummary> {
    const plain: Pick<Store<R>, "commit"> = { commit: (b, c) => super.commit(b, c) };
    return await this.samples.commit(plain, batch, context);
  }

  /** Writes the minutes that wait although there is nothing else to commit. */
  async writeSamples(): Promise<void> {
    if (this.samples.waiting.length === 0) return;
    await this.commit([], { ledger: [], retained: [], heardUntil: [], quarantine: [] });
  }
}
