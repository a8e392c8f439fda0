/**
 * Numbers that look random and are the same for the same seed (the sfc32 generator): simulated
 * traffic must be repeatable, so `Math.random` is of no use.
 *
 * @module
 */

/** A sequence of pseudo-random numbers. Not for secrets. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  /** Any number is a seed; its 53-bit integer part decides. */
  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.#c = 0x9e3779b9 | 0;
    // The first numbers of near seeds resemble each other.
    for (let i = 0; i < 16; i++) this.uint32();
  }

  /** 0 … 2^32 − 1. */
  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return t >>> 0;
  }

  /** 0 ≤ x < 1. */
  unit(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  /** A real number from `low` to below `high`. */
  range(low: number, high: number): number {
    return low + this.unit() * (high - low);
  }

  /** True in `share` (0–1) of all cases. */
  chance(share: number): boolean {
    return this.unit() < share;
  }

  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.unit() * items.length)] as T;
  }

  /** About normal: mean 0, deviation 1, never beyond ±3.5. */
  bell(): number {
    return (this.unit() + this.unit() + this.unit() + this.unit() - 2) * 1.75;
  }

  /** Waiting time until the next event of a Poisson process, in units of its mean. */
  waiting(): number {
    return -Math.log(1 - this.unit());
  }

  /** `length` bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.uint32() >>> 24;
    return bytes;
  }
}

/** Picks among `[weight, value]` pairs in proportion to their weights. */
export class WeightedPick<T> {
  readonly #ends: number[] = [];
  readonly #values: T[] = [];
  readonly #total: number;

  /** Choices with their weights, each above 0; the weights need not sum up to anything. */
  constructor(choices: readonly (readonly [number, T])[]) {
    let total = 0;
    for (const [weight, value] of choices) {
      total += weight;
      this.#ends.push(total);
      this.#values.push(value);
    }
    this.#total = total;
  }

  /** The next choice of `random`. */
  next(random: Random): T {
    const at = random.unit() * this.#total;
    const index = this.#ends.findIndex((end) => at < end);
    return this.#values[index === -1 ? this.#values.length - 1 : index] as T;
  }
}
