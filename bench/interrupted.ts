/** @module */

/** How long a measurement has for its end, in milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * A signal that aborts at SIGINT and SIGTERM, so that broker and service do not outlive the
 * measurement. The process ends soon after that in any case, with exit code 1.
 */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    controller.abort();
    Deno.unrefTimer(setTimeout(() => Deno.exit(1), PATIENCE_MS));
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  return controller.signal;
}
