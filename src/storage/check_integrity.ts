/**
 * Checks a database while it is written: `PRAGMA integrity_check` reads the whole file, minutes on a
 * large one, so a thread and a connection of its own does it. It sees the database as it was when the
 * check began, and holds up no commit; the write-ahead log cannot be emptied until it has ended.
 *
 * @module
 */
import { dirname } from "node:path";
import { StorageError } from "../capture/network.ts";
import { confinedWorker } from "./confined_worker.ts";
import { errorOf, type ErrorParts } from "./thread_protocol.ts";
import { storageFailure } from "./storage_failure.ts";
import { workerEntry } from "./worker_entry.ts";

/** What the thread says. */
export type IntegrityAnswer =
  | { readonly kind: "checked"; readonly findings: readonly string[] }
  | { readonly kind: "failed"; readonly error: ErrorParts };

/**
 * What `PRAGMA integrity_check` finds in the database at `path`, at most 100 lines; empty when all is
 * well.
 *
 * @throws {StorageError} when it cannot be checked.
 * @throws the signal's reason when `signal` ends it.
 */
export async function checkIntegrity(
  path: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  signal.throwIfAborted();
  const real = realPath(path);
  const entry = workerEntry(import.meta.url, "storage", "integrity_worker");
  const worker = confinedWorker(entry, "integrity", dirname(real));
  const { promise, resolve, reject } = Promise.withResolvers<IntegrityAnswer>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  worker.onmessage = (event: MessageEvent<IntegrityAnswer>) => resolve(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    reject(new StorageError(`the integrity check died: ${event.message}`, "unexpected", true));
  };
  try {
    worker.postMessage(real);
    const answer = await promise;
    if (answer.kind === "failed") throw errorOf(answer.error);
    return answer.findings;
  } finally {
    signal.removeEventListener("abort", onAbort);
    worker.terminate();
  }
}

/** The thread's permissions are given for a directory, and a link in the way would lead out of it. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    throw storageFailure(error, `${path} cannot be checked`);
  }
}
