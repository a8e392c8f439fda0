/** @module */

/** What SQLite keeps beside a database. */
export const SIDE_FILES = ["-journal", "-wal", "-shm"] as const;

/** Removes a database with all that SQLite keeps beside it, as far as it is there. */
export function removeDatabase(path: string): void {
  for (const suffix of ["", ...SIDE_FILES]) {
    try {
      Deno.removeSync(path + suffix);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
