/// <reference lib="deno.worker" />
/**
 * The thread's side of a store: answers calls one after another, and does background work in slices
 * while there are none.
 *
 * @module
 */
import { type LongStep, StorageError } from "../capture/network.ts";
import type { StorageBackend } from "./storage_backend.ts";
import { storageFailure } from "./storage_failure.ts";
import { errorParts, type ThreadCall, type ThreadMessage } from "./thread_protocol.ts";

/** Length of a slice in milliseconds; a commit waits for one at most. */
const SLICE_MS = 40;

/** A network's way to open its database, in the thread. */
export type OpenBackend<B, O, I> = (
  options: O,
  onJobError: (job: string, error: unknown) => void,
  /** To be told of jobs that come to their end: those that run once, and those that failed before. */
  onJobDone: (job: string) => void,
  /** To be told before work that commits have to wait for, and, with undefined, after it. */
  onLongStep: (step: LongStep | undefined) => void,
) => { readonly backend: StorageBackend<B>; readonly info: I };

/** Methods that a call may name. */
const METHODS = [
  "commit",
  "loadSource",
  "beginSession",
  "recordGaps",
  "stats",
  "tick",
  "runJobs",
  "integrityCheck",
  "readNote",
  "writeNote",
  "close",
] as const;

/** Serves calls that come to this worker. The first must be `open`. */
export function serveStorage<B, O, I>(open: OpenBackend<B, O, I>): void {
  const worker = self as unknown as DedicatedWorkerGlobalScope;
  const post = (message: ThreadMessage) => worker.postMessage(message);
  let backend: StorageBackend<B> | undefined;
  let working = false;
  let schedulerFailed = false;

  const onJobError = (job: string, error: unknown) => {
    const failure = storageFailure(error, `background job ${job} fails`);
    post({ kind: "job_failed", job, error: errorParts(failure) });
  };

  const onJobDone = (job: string) => post({ kind: "job_done", job });

  const onLongStep = (step: LongStep | undefined) => post({ kind: "long_step", step });

  // A timer lets waiting calls go first; as long a pause as the slice took keeps half the time free.
  const work = () => {
    const start = performance.now();
    let more = false;
    try {
      more = backend?.slice(SLICE_MS) ?? false;
      if (schedulerFailed) onJobDone("scheduler");
      schedulerFailed = false;
    } catch (error) {
      schedulerFailed = true;
      onJobError("scheduler", error);
    }
    if (more) setTimeout(work, Math.min(SLICE_MS, performance.now() - start));
    else working = false;
  };

  worker.onmessage = (event: MessageEvent<ThreadCall>) => {
    const { id, method, args } = event.data;
    try {
      post({ kind: "answer", id, value: answer(method, args) });
    } catch (error) {
      post({ kind: "failure", id, error: errorParts(storageFailure(error, `${method} failed`)) });
    }
    if (method === "tick" && !working) {
      working = true;
      setTimeout(work, 0);
    }
  };

  function answer(method: string, args: readonly unknown[]): unknown {
    if (method === "open") {
      const opened = open(args[0] as O, onJobError, onJobDone, onLongStep);
      backend = opened.backend;
      return opened.info;
    }
    const known = METHODS.find((name) => name === method);
    if (backend === undefined || known === undefined) {
      throw new StorageError(`the storage thread cannot ${method}`, "unexpected", false);
    }
    return (backend[known] as (...args: readonly unknown[]) => unknown).apply(backend, [...args]);
  }
}

/** The part of a worker's global scope that is used here; Deno's types have no name for it. */
interface DedicatedWorkerGlobalScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
}
