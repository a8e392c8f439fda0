/** @module */

/** Larger files are not read: 64 MiB. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What a JSON file holds; undefined when there is none, or it cannot be read as such. */
export function readJsonFile(path: string): unknown {
  try {
    const info = Deno.statSync(path);
    if (!info.isFile || info.size > MAX_BYTES) return undefined;
    return JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
