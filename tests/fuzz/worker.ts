/** Fuzzes in a thread of its own, so that a reading that never ends can be told. @module */
import { fuzz, FuzzFinding } from "./fuzz.ts";
import { targets } from "./targets.ts";

/** What the thread is asked. */
export interface FuzzRequest {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  readonly limitMs: number;
  /** A number: that of the input that is being read. */
  readonly progress: SharedArrayBuffer;
}

// deno-lint-ignore no-explicit-any -- the types of a page's window know no such thing
const scope = self as any;
scope.onmessage = async ({ data }: MessageEvent<FuzzRequest>) => {
  const progress = new BigInt64Array(data.progress);
  const target = await targets[data.target]!();
  const onInput = (index: number) => {
    progress[0] = BigInt(index);
  };
  try {
    scope.postMessage({ report: await fuzz(target, { ...data, onInput }) });
  } catch (error) {
    if (!(error instanceof FuzzFinding)) throw error;
    const { message, line, index, cause } = error;
    const stack = cause instanceof Error ? cause.stack : undefined;
    scope.postMessage({ finding: { message, line, index, stack } });
  }
};
