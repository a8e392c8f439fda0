/**
 * When an observer says it heard something, and what its clock is worth.
 *
 * @module
 */

const HOUR_MS = 3_600_000;
const MAX_AHEAD_MS = 14 * HOUR_MS;
const MAX_BEHIND_MS = 30 * 24 * HOUR_MS;
const NAIVE_TOLERANCE_MS = 15 * 60_000;

const LAYOUT =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|([+-])(\d{2}):(\d{2}))?$/;

/** Why the time of receipt stands in for what the message says. */
export type TimeFallback = "missing" | "unparseable" | "future" | "stale" | "naive_skew" | "ahead";

/** What {@linkcode resolveReceiveTime} makes of a timestamp. */
export interface ReceiveTime {
  /** Unix seconds. */
  readonly at: number;
  /** Set when `at` is the time of receipt. */
  readonly fallback?: TimeFallback;
  /**
   * Whole seconds by which a clock without time zone is off (negative: behind), when that is more
   * than 15 minutes; the observer is marked with it.
   */
  readonly clockSkewSeconds?: number;
}

/**
 * CoreScope's rules (its main.go:1234) for a message's `timestamp`: more than 14 hours ahead or 30
 * days behind, unreadable, or missing → the time of receipt; without a zone and more than 15
 * minutes off → that, and a clock skew; any other time ahead → the time of receipt.
 *
 * @param timestamp the field as it came
 * @param receivedAt Unix milliseconds
 */
export function resolveReceiveTime(timestamp: unknown, receivedAt: number): ReceiveTime {
  const now = Math.floor(receivedAt / 1000);
  if (typeof timestamp !== "string" || timestamp === "") return { at: now, fallback: "missing" };
  const parsed = parseTimestamp(timestamp);
  if (parsed === undefined) return { at: now, fallback: "unparseable" };
  const aheadMs = parsed.ms - receivedAt;
  if (aheadMs > MAX_AHEAD_MS) return { at: now, fallback: "future" };
  if (aheadMs < -MAX_BEHIND_MS) return { at: now, fallback: "stale" };
  if (parsed.naive && Math.abs(aheadMs) > NAIVE_TOLERANCE_MS) {
    return { at: now, fallback: "naive_skew", clockSkewSeconds: Math.trunc(aheadMs / 1000) };
  }
  if (aheadMs > 0) return { at: now, fallback: "ahead" };
  return { at: Math.floor(parsed.ms / 1000) };
}

/** Reads RFC 3339, or the same without a zone (python's isoformat), which is taken for UTC. */
export function parseTimestamp(text: string): { ms: number; naive: boolean } | undefined {
  if (text.length > 64) return undefined;
  const match = LAYOUT.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const hour = Number(match[4]);
  const minute = Number(match[5]);
  const second = Number(match[6]);
  if (hour > 23 || minute > 59 || second > 59 || month < 1 || month > 12) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // The 30th of February would have become a day of March.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  // Cut, not rounded: a double would carry .999999999 into the next second.
  const fractionMs = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"));
  let offsetMinutes = 0;
  if (match[9] !== undefined) {
    const [hours, minutes] = [Number(match[10]), Number(match[11])];
    if (hours > 24 || minutes > 59) return undefined;
    offsetMinutes = (match[9] === "-" ? -1 : 1) * (hours * 60 + minutes);
  }
  const seconds = hour * 3600 + minute * 60 + second - offsetMinutes * 60;
  return { ms: date.getTime() + seconds * 1000 + fractionMs, naive: match[8] === undefined };
}

/** `2026-11-22T12:25:52Z`: how CoreScope writes times, of Unix seconds. */
export function rfc3339(unixSeconds: number): string {
  // ".000Z" goes.
  return `${new Date(unixSeconds * 1000).toISOString().slice(0, -5)}Z`;
}
