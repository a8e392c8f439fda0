/** Which file a path leads to, so that it is noticed when it leads to another one, or to none. @module */

/** The file at `path`; empty: there is none. Undefined where the system does not tell, or not now. */
export function fileIdentity(path: string): string | undefined {
  try {
    const { dev, ino } = Deno.statSync(path);
    return ino === null || ino === 0 ? undefined : `${dev}:${ino}`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? "" : undefined;
  }
}
