/** Whether paths that a person typed name what they should. @module */

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

/** The file that `path` leads to through links; `path` itself where nothing is there. */
export function behindLinks(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
