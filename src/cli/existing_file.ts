/** Whether paths that a person typed name what they should. @module */
import { dirname, resolve } from "node:path";

/** Why `path` is no file that can be read; undefined when it is one. */
export function fileFault(path: string): string | undefined {
  try {
    return Deno.statSync(path).isFile ? undefined : `${path} is not a file`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `${path}: there is no such file`;
    return `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** True when nothing is at `path`, as far as can be seen. */
export function isAbsent(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

/** True when both paths lead to one file, be it through links. */
export function isSameFile(a: string, b: string): boolean {
  try {
    if (Deno.realPathSync(a) === Deno.realPathSync(b)) return true;
    const [one, other] = [Deno.statSync(a), Deno.statSync(b)];
    return one.ino !== null && one.ino !== 0 && one.ino === other.ino && one.dev === other.dev;
  } catch {
    // One of them does not exist.
    return false;
  }
}

/** Links that are followed one after another before they are taken for a circle, as by Linux. */
const MAX_LINKS = 40;

/** Where `path` leads to through links, be something there or not. */
export function behindLinks(path: string): string {
  for (let at = path, left = MAX_LINKS; left > 0; left--) {
    try {
      return Deno.realPathSync(at);
    } catch {
      // Nothing is there, but this may be a link to it.
    }
    try {
      at = resolve(dirname(at), Deno.readLinkSync(at));
    } catch {
      return at;
    }
  }
  return path;
}
