/** Whether clocks agree with ours, in words. @module */
import type { Finding } from "./findings.ts";

/** Seconds of difference that transport and rounding explain. */
const TOLERANCE_SECONDS = 60;

/** Owners of wrong clocks that are named. */
const NAMED = 6;

/**
 * What the clocks of gateways or observers say.
 *
 * @param clocks seconds by which each is ahead of ours, a number for each message, by owner
 */
export function clockFindings(clocks: ReadonlyMap<string, readonly number[]>): Finding[] {
  if (clocks.size === 0) return [];
  const offsets = [...clocks].map(([of, all]) => [of, median(all)] as const);
  const wrong = offsets.filter(([, ahead]) => Math.abs(ahead) > TOLERANCE_SECONDS)
    .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  if (wrong.length === 0) {
    const who = clocks.size === 1 ? "the one clock heard" : `all ${clocks.size} clocks heard`;
    return [{
      severity: "good",
      text: `clocks: ${who} and ours agree within ${TOLERANCE_SECONDS} s`,
    }];
  }
  const lines = wrong.slice(0, NAMED).map(([of, ahead]) => `${of}: ${offsetInWords(ahead)}`);
  const middle = median(offsets.map(([, ahead]) => ahead));
  // Many that agree with each other and not with us: then it is us.
  const likeMiddle = offsets.filter(([, ahead]) => Math.abs(ahead - middle) <= TOLERANCE_SECONDS);
  if (
    offsets.length >= 3 && Math.abs(middle) > TOLERANCE_SECONDS &&
    likeMiddle.length >= offsets.length * 0.8
  ) {
    return [{
      severity: "bad",
      text:
        `clocks: ${likeMiddle.length} of ${offsets.length} agree with each other and differ from ours: this machine's clock is ${
          offsetInWords(-middle)
        }`,
      advice:
        "Times in the database would be wrong. Let the machine get the time from the network: `timedatectl set-ntp true`; a Raspberry Pi has no clock of its own and is wrong until it has reached a server.",
    }];
  }
  return [{
    severity: "look",
    text: `clocks: ${wrong.length} of ${offsets.length} are off`,
    lines,
    advice: wrong.some(([, ahead]) => isWholeHours(ahead))
      ? "Whole hours are most often a time without its zone. meshcapture stores its own time of receipt, so the order is right; set the time zone of these to UTC."
      : "meshcapture stores its own time of receipt, so the order is right; these should get their time by GPS, phone or network.",
  }];
}

/** `2 h 5 min ahead`, `40 s behind`. */
function offsetInWords(ahead: number): string {
  const seconds = Math.round(Math.abs(ahead));
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds % 86_400 / 3600);
  const minutes = Math.floor(seconds % 3600 / 60);
  const words = days > 0
    ? `${days} d ${hours} h`
    : hours > 0
    ? `${hours} h ${minutes} min`
    : minutes > 0
    ? `${minutes} min ${seconds % 60} s`
    : `${seconds} s`;
  return `${words} ${ahead < 0 ? "behind" : "ahead"}`;
}

function isWholeHours(ahead: number): boolean {
  const rest = Math.abs(ahead) % 3600;
  return Math.abs(ahead) < 15 * 3600 && Math.min(rest, 3600 - rest) <= TOLERANCE_SECONDS;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
