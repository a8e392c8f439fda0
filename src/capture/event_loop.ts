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
