/** Times as CoreScope writes them into its columns. @module */
import { rfc3339 } from "./receive_time.ts";

/** Whole Unix seconds of Unix milliseconds. */
export function unixSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** `2026-11-22T12:25:52Z` of Unix milliseconds. */
export function isoSeconds(ms: number): string {
  return rfc3339(unixSeconds(ms));
}

/** {@linkcode isoSeconds} for many times of the same second: the last text is remembered. */
export class SecondTexts {
  #second = NaN;
  #text = "";

  /** As {@linkcode isoSeconds}. */
  of(ms: number): string {
    const second = unixSeconds(ms);
    if (second !== this.#second) {
      this.#text = rfc3339(second);
      this.#second = second;
    }
    return this.#text;
  }

  /** As {@linkcode sqliteTime}. */
  sqlite(ms: number): string {
    return asSqlite(this.of(ms));
  }
}

/** `2026-11-22 12:25:52` of Unix milliseconds: SQLite's own, for columns that default to it. */
export function sqliteTime(ms: number): string {
  return asSqlite(isoSeconds(ms));
}

function asSqlite(iso: string): string {
  return iso.slice(0, -1).replace("T", " ");
}

/** Milliseconds of a day. */
export const DAY_MS = 86_400_000;
