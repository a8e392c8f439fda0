/** @module */
import { statfs } from "node:fs";

/**
 * Bytes that we may still write to the file system that holds `folder`; undefined where that cannot
 * be had. Deno asks for `--allow-sys=statfs` for it, the only question about the system that the
 * service asks.
 */
export function diskFreeBytes(folder: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    try {
      statfs(folder, (error, stats) => {
        resolve(error ? undefined : Number(stats.bavail) * Number(stats.bsize));
      });
    } catch {
      // Where Deno refuses the question, it throws instead of calling back.
      resolve(undefined);
    }
  });
}
