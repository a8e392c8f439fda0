/** Room for others on the event loop. @module */
import { setImmediate } from "node:timers";

/**
 * Resolves when the event loop has been around once: sockets and HTTP requests that wait are served
 * before. A timer would do the same and sleep a millisecond.
 */
export function aroundEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Does what is left of `work`; the event loop goes round before each of its steps. */
export async function inSteps<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    await aroundEventLoop();
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
