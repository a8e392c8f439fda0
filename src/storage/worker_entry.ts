/** Where the entry of a thread is found. @module */

/**
 * URL of a thread's entry, seen from a module of a folder of `src`. From source this is
 * `src/<folder>/<name>.ts`. In the executable all modules are bundled into files of `service/`, and the
 * entries lie in folders beside it: `<folder>/<name>.js` (`scripts/compile.sh` makes that layout, of
 * every file whose name ends with `_worker.ts`).
 *
 * @param moduleUrl `import.meta.url` of the caller.
 * @param name default: that of a network's storage thread.
 */
export function workerEntry(moduleUrl: string, folder: string, name = "store_worker"): URL {
  const extension = moduleUrl.endsWith(".ts") ? "ts" : "js";
  return new URL(`../${folder}/${name}.${extension}`, moduleUrl);
}
