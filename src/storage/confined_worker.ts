/** Threads that may touch one folder and nothing else. @module */

/**
 * Starts a thread whose permissions end at the folder of its database. Reading takes the permission to
 * write there, too: a reader takes part in the index of SQLite's log, FILE-shm.
 *
 * @param entry URL of its module; see `workerEntry()`.
 * @param name shown by debuggers.
 * @param directory absolute path.
 */
export function confinedWorker(entry: URL, name: string, directory: string): Worker {
  return new Worker(entry, {
    type: "module",
    name,
    deno: {
      permissions: {
        read: [directory],
        write: [directory],
        net: false,
        env: false,
        run: false,
        ffi: false,
        sys: false,
        import: false,
      },
    },
  });
}
