/** Where the entry of a network's storage thread is found. @module */

/**
 * URL of the storage thread's entry of a network's folder, seen from a module of such a folder. From
 * source this is `src/<folder>/store_worker.ts`. In the executable all modules are bundled into
 * `service/main.js`, and the entries lie in folders beside it: `<folder>/store_worker.js`
 * (`scripts/compile.sh` makes that layout).
 *
 * @param moduleUrl `import.meta.url` of the caller.
 */
export function workerEntry(moduleUrl: string, folder: string): URL {
  const extension = moduleUrl.endsWith(".ts") ? "ts" : "js";
  return new URL(`../${folder}/store_worker.${extension}`, moduleUrl);
}
