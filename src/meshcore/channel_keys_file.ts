/** Reads the file of channel keys. @module */
import type { Log } from "../capture/log.ts";

/**
 * The parsed content of the keys file. A file that cannot be used is a warning and never stops the
 * capture: messages are stored all the same, and CoreScope itself runs without the file.
 *
 * @param path undefined: no file is configured, which is no warning
 * @param readFile throws where the file cannot be read
 * @returns undefined without a usable file
 */
export function readChannelKeysFile(
  path: string | undefined,
  readFile: (path: string) => string,
  log: Log,
): unknown {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const reason = isMissing(error) ? "there is no such file" : reasonOf(error);
    log.warn("the file of channel keys cannot be read; its channels stay closed", { path, reason });
    return undefined;
  }
  try {
    const content: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    if (typeof content === "object" && content !== null) return content;
  } catch {
    // The parser's message would quote the text, and the text is keys.
  }
  log.warn("the file of channel keys is neither a JSON object nor a list; it is left out", {
    path,
  });
  return undefined;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error &&
    (error.name === "NotFound" || (error as { code?: unknown }).code === "ENOENT");
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown error";
}
