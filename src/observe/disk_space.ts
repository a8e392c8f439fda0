/** @module */
import { statfs } from "node:fs/promises";

/**
 * Bytes that we may still write to the file system that holds `folder`; undefined where that cannot
 * be had. Deno asks for `--allow-sys=statfs` for it, the only question about the system that the
 * service asks.
 */
export async function diskFreeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return Number(bavail) * Number(bsize);
  } catch {
    return undefined;
  }
}
