/** Sends made-up inputs through a target and measures what that costs. @module */
import { Random } from "../../src/traffic/random.ts";
import type { FuzzTarget } from "./target.ts";

/** What is to be done. */
export interface FuzzOptions {
  /** 0 to 2^21 − 1; decides every input together with the input's number. */
  readonly seed: number;
  /** Number of the first input. Default 0. */
  readonly from?: number;
  /** Inputs. */
  readonly count: number;
  /** Milliseconds after which no further inputs are begun. Default: none. */
  readonly limitMs?: number;
  /** Of so many batches one goes into a database. Default 20. */
  readonly storeEvery?: number;
  /** Told the number of the input that is about to be read. */
  readonly onInput?: (index: number) => void;
}

/** What was seen. */
export interface FuzzReport {
  readonly target: string;
  readonly seed: number;
  /** Inputs that were read. */
  readonly count: number;
  /** Records that went into a database. */
  readonly stored: number;
  readonly seconds: number;
  /** The longest reading of one input, with whatever else the machine did meanwhile. */
  readonly longestMs: number;
  /** The same, where the quickest of three repetitions counts. */
  readonly longestRepeatedMs: number;
  /** Number of that input. */
  readonly longestAt: number;
  /** Heap in use after a tenth of the inputs, swept where the engine lets us. MiB. */
  readonly heapEarlyMib: number;
  /** The same at the end. MiB. */
  readonly heapEndMib: number;
  /** What became of the inputs, by kind. */
  readonly tally: Readonly<Record<string, number>>;
}

/** An input for which something does not hold. */
export class FuzzFinding extends Error {
  override readonly name = "FuzzFinding";
  constructor(
    readonly target: string,
    readonly seed: number,
    readonly index: number,
    /** The input in one line. */
    readonly line: string,
    options: ErrorOptions,
  ) {
    super(`${target}: input ${index} of seed ${seed}: ${said(options.cause)}`, options);
  }
}

/** Inputs that are made, read and perhaps stored together. */
const BATCH = 64;

/** One input may take so long at most, milliseconds; a loaded machine takes ten times as long as an idle one. */
export const LONGEST_ALLOWED_MS = 1000;

/**
 * Runs a target.
 *
 * @throws {FuzzFinding} at the first input that is a finding.
 */
export async function fuzz<I>(target: FuzzTarget<I>, options: FuzzOptions): Promise<FuzzReport> {
  const { seed, from = 0, count, limitMs = Infinity, storeEvery = 20, onInput } = options;
  const begun = performance.now();
  let longestMs = 0;
  let longestRepeatedMs = 0;
  let longestAt = from;
  let done = 0;
  let heapEarlyMib: number | undefined;

  for (let batch = 0; done < count && performance.now() - begun < limitMs; batch++) {
    const first = from + done;
    const size = Math.min(BATCH, count - done);
    const inputs = Array.from({ length: size }, (_, i) => inputOf(target, seed, first + i));
    for (const [i, input] of inputs.entries()) {
      onInput?.(first + i);
      const ms = await readOne(target, seed, first + i, input);
      longestMs = Math.max(longestMs, ms);
      if (ms <= longestRepeatedMs) continue;
      // Was it the input, or did the machine do something else?
      let least = ms;
      for (let again = 0; again < 3; again++) {
        least = Math.min(least, await readOne(target, seed, first + i, input));
      }
      if (least > LONGEST_ALLOWED_MS) {
        const cause = new Error(`took ${least.toFixed(0)} ms`);
        throw new FuzzFinding(target.name, seed, first + i, target.line(input), { cause });
      }
      if (least <= longestRepeatedMs) continue;
      longestRepeatedMs = least;
      longestAt = first + i;
    }
    if (batch % storeEvery === 0) await storeAll(target, seed, first, inputs);
    done += size;
    if (heapEarlyMib === undefined && done >= count / 10) heapEarlyMib = heapMib();
  }
  const seconds = (performance.now() - begun) / 1000;
  return {
    target: target.name,
    seed,
    count: done,
    stored: target.stored(),
    seconds,
    longestMs,
    longestRepeatedMs,
    longestAt,
    heapEarlyMib: heapEarlyMib ?? heapMib(),
    heapEndMib: heapMib(),
    tally: target.tally(),
  };
}

/** Input number `index` of a seed; it depends on nothing else. */
export function inputOf<I>(target: FuzzTarget<I>, seed: number, index: number): I {
  return target.make(new Random(seed * 0x1_0000_0000 + index));
}

async function readOne<I>(
  target: FuzzTarget<I>,
  seed: number,
  index: number,
  input: I,
): Promise<number> {
  const start = performance.now();
  try {
    await target.check([input], false);
  } catch (cause) {
    throw new FuzzFinding(target.name, seed, index, target.line(input), { cause });
  }
  return performance.now() - start;
}

async function storeAll<I>(
  target: FuzzTarget<I>,
  seed: number,
  first: number,
  inputs: readonly I[],
): Promise<void> {
  try {
    await target.check(inputs, true);
  } catch (together) {
    for (const [i, input] of inputs.entries()) {
      try {
        await target.check([input], true);
      } catch (cause) {
        throw new FuzzFinding(target.name, seed, first + i, target.line(input), { cause });
      }
    }
    // Only together are they a finding.
    const lines = inputs.map((input) => target.line(input)).join("\n");
    throw new FuzzFinding(target.name, seed, first, lines, { cause: together });
  }
}

function heapMib(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return Deno.memoryUsage().heapUsed / 2 ** 20;
}

function said(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
