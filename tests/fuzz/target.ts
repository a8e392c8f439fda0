/** What is fuzzed, and what must hold of it. @module */
import type { Random } from "../../src/traffic/random.ts";

/** One thing that reads foreign input. `I`: its input. */
export interface FuzzTarget<I = unknown> {
  /** Its name on the command line. */
  readonly name: string;
  /** Inputs of a full run, relative to `count`: 1, or less for what is far slower than a decoder. */
  readonly share: number;
  /** The next input; everything comes from `random`. */
  make(random: Random): I;
  /**
   * Reads the inputs, and throws where something does not hold. Anything thrown is a finding.
   *
   * @param store whether what was read also goes into a database
   */
  check(inputs: readonly I[], store: boolean): Promise<void>;
  /** The input as one line that a person can keep and read again. */
  line(input: I): string;
  /** What became of the inputs so far, by kind. */
  tally(): Readonly<Record<string, number>>;
  /** Records that went into a database. */
  stored(): number;
}

/** Counts by name. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** Largest first. */
  all(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort((a, b) => b[1] - a[1]));
  }
}
