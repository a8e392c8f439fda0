/**
 * Who owns what around a database, for the message that a refused file gets. We never have the
 * permission to ask for our own user id, so a file made in the directory tells it.
 *
 * @module
 */

/** One line that names the owners of the database's files and our own user. */
export function describeOwnership(path: string, directory: string): string {
  const parts = [["file", path], ["-wal", `${path}-wal`], ["-shm", `${path}-shm`], [
    "lock file",
    `${path}.lock`,
  ], ["directory", directory]] as const;
  const owners = parts.map(([what, where]) => `${what} ${ownerOf(where)}`);
  return `${owners.join(", ")}; we run as ${ourUser(directory)}`;
}

function ownerOf(path: string): string {
  try {
    const info = Deno.statSync(path);
    const mode = info.mode === null ? "" : ` mode ${(info.mode & 0o777).toString(8)}`;
    return `uid ${info.uid ?? "unknown"}${mode}`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "absent" : "not to be seen";
  }
}

function ourUser(directory: string): string {
  const probe = `${directory}/.meshcapture-${crypto.randomUUID()}`;
  try {
    Deno.openSync(probe, { createNew: true, write: true, mode: 0o600 }).close();
    const uid = Deno.statSync(probe).uid;
    Deno.removeSync(probe);
    return `uid ${uid ?? "unknown"}`;
  } catch {
    return "a user that may not make files there";
  }
}
