/** Waiting for conditions, with a deadline. @module */

/**
 * Resolves when `condition` holds, looking every few milliseconds.
 *
 * @throws after `timeoutMs` milliseconds, naming `what`; or what `condition` throws.
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!await condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
