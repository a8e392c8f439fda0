/**
 * Notices that files change while a source waits to connect: certificates are renewed, secrets are
 * mounted late, and nobody should have to wait out the longest pause after that.
 *
 * While a connection is up nobody looks: TLS judges certificates at the beginning of a connection
 * alone, and the next one reads them anyhow. A renewal must not cut what works.
 *
 * @module
 */
import { stat } from "node:fs/promises";
import { type Clock, delay } from "../capture/clock.ts";

/** Milliseconds between two looks. */
const LOOK_EVERY_MS = 2000;

/** Watches a few files. */
export class FileWatch {
  readonly #paths: readonly string[];
  readonly #clock: Clock;
  #seen = "";

  /** Looks at nothing before {@linkcode note}. */
  constructor(paths: readonly string[], clock: Clock) {
    this.#paths = paths;
    this.#clock = clock;
  }

  /** Takes notice of the files as they are. Call it before they are read. */
  async note(): Promise<void> {
    this.#seen = await this.#signature();
  }

  /** Resolves with true when a file is not what it was; with false when `signal` is aborted. */
  async changed(signal: AbortSignal): Promise<boolean> {
    if (this.#paths.length === 0) return false;
    try {
      do await delay(this.#clock, LOOK_EVERY_MS, signal); while (
        await this.#signature() === this.#seen
      );
      return true;
    } catch {
      return false;
    }
  }

  /** Which files they are (a renewal may exchange a link), their sizes and times. */
  async #signature(): Promise<string> {
    const all = await Promise.all(this.#paths.map(async (path) => {
      try {
        const { dev, ino, size, mtimeMs } = await stat(path);
        return `${dev} ${ino} ${size} ${mtimeMs}`;
      } catch {
        return "none";
      }
    }));
    return all.join("\n");
  }
}
