/** What the service itself counts: rows for its last line, and commits for readers' statistics. @module */
import { noObserver, type PipelineObserver, type SourceObserver } from "../capture/observer.ts";

/** What a network's commits added up to, since the start. */
export interface CommitFigures {
  /** What commits counted, by the store's names. */
  readonly counts: Readonly<Record<string, number>>;
  /** Transactions. */
  readonly commits: number;
  /** Commits that failed. */
  readonly storeErrors: number;
}

interface Tally {
  readonly counts: Record<string, number>;
  commits: number;
  storeErrors: number;
}

/** Counts, by network. */
export class CaptureTally {
  /** Told of everything; listens to commits. */
  readonly observer: PipelineObserver & SourceObserver = {
    ...noObserver,
    stored: (network, _readable, n) => {
      this.#rows[network] = (this.#rows[network] ?? 0) + n;
    },
    committed: (network, _size, { counts }) => {
      const tally = this.#tally(network);
      tally.commits++;
      for (const [name, n] of Object.entries(counts)) {
        tally.counts[name] = (tally.counts[name] ?? 0) + n;
      }
    },
    storeError: (network) => {
      this.#tally(network).storeErrors++;
    },
  };
  readonly #rows: Record<string, number> = {};
  readonly #tallies = new Map<string, Tally>();

  /** Rows stored so far, by network. */
  get rows(): Readonly<Record<string, number>> {
    return this.#rows;
  }

  /** A network's commits so far. */
  of(network: string): CommitFigures {
    return this.#tally(network);
  }

  #tally(network: string): Tally {
    let tally = this.#tallies.get(network);
    if (tally === undefined) {
      this.#tallies.set(network, tally = { counts: {}, commits: 0, storeErrors: 0 });
    }
    return tally;
  }
}
