/** Numbers, sizes and times for people. Pure, so that they are tested without a browser. @module */

const WHOLE = new Intl.NumberFormat("en");

/** `12,345`. */
export function whole(value: number): string {
  return WHOLE.format(Math.round(value));
}

/** A rate with one decimal below 10, none above. */
export function rate(value: number): string {
  if (value === 0) return "0";
  if (value < 0.1) return "< 0.1";
  return value < 10 ? value.toFixed(1) : whole(value);
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `1.2 MB`; thousands, as disks are sold. */
export function bytes(value: number): string {
  let unit = 0;
  let rest = Math.abs(value);
  while (rest >= 999.5 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit++;
  }
  const text = unit === 0 || rest >= 99.5 ? String(Math.round(rest)) : rest.toFixed(1);
  return `${value < 0 ? "−" : ""}${text} ${UNITS[unit]}`;
}

/** `0.4 ms`, `12 ms`, `1.5 s`. */
export function milliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`;
}

/** `37 %`, one decimal below 10. */
export function share(part: number, all: number): string {
  if (all === 0) return "–";
  const percent = part / all * 100;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** A length of time in its two largest units: `3 d 4 h`, `12 min`, `8 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  if (minutes > 0) return `${minutes} min`;
  return `${seconds} s`;
}

/** `just now`, `12 s ago`, `3 h 5 min ago`; a time ahead of us is `just now`. */
export function ago(atMs: number, nowMs: number): string {
  return nowMs - atMs < 2000 ? "just now" : `${duration(nowMs - atMs)} ago`;
}

/** `14:03:09` today, `21 Nov 14:03` otherwise, in the viewer's time. */
export function clockTime(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const time = at.toLocaleTimeString("en-GB");
  if (at.toDateString() === new Date(nowMs).toDateString()) return time;
  return `${at.getDate()} ${MONTHS[at.getMonth()]} ${time.slice(0, 5)}`;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `disk_full` as `disk full`. */
export function words(value: string): string {
  return value.replaceAll("_", " ");
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  UNKNOWN_APP: "Encrypted",
  UNREADABLE: "Unreadable",
  TEXT_MESSAGE_APP: "Text",
  TEXT_MESSAGE_COMPRESSED_APP: "Text, compressed",
  NODEINFO_APP: "Node info",
  NEIGHBORINFO_APP: "Neighbours",
  MAP_REPORT_APP: "Map report",
  STORE_FORWARD_APP: "Store & forward",
  RANGE_TEST_APP: "Range test",
  TXT_MSG: "Direct text",
  GRP_TXT: "Channel text",
  GRP_DATA: "Channel data",
  ANON_REQ: "Anonymous request",
  REQ: "Request",
  RESPONSE: "Response",
  ACK: "Acknowledgement",
  CLIENT_RECEPTION: "Client reception",
};

/** A packet's type in words: `POSITION_APP` as `Position`. */
export function typeWords(type: string): string {
  const known = TYPE_WORDS[type];
  if (known !== undefined) return known;
  const plain = words(type.replace(/_APP$/, "")).toLowerCase();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

const DECRYPT_WORDS: Readonly<Record<string, string>> = {
  none: "not encrypted",
  hash: "read with the key of its hash",
  trial: "read by trying keys",
  no_key: "no key reads it",
  pki: "direct message, for its receiver alone",
};

/** How decryption went, in words. */
export function decryptWords(result: string): string {
  return DECRYPT_WORDS[result] ?? words(result);
}

const NETWORK_WORDS: Readonly<Record<string, string>> = {
  meshtastic: "Meshtastic",
  meshcore: "MeshCore",
};

/** A network's name as its people write it. */
export function networkWords(name: string): string {
  return NETWORK_WORDS[name] ?? name;
}

/** What is not among the nodes of each network; undefined: nothing. `Meshtastic: the 5 heard last of 7`. */
export function leftOut(
  networks: Readonly<Record<string, readonly unknown[]>>,
  totals: Readonly<Record<string, number>>,
): string | undefined {
  const parts = Object.entries(networks)
    .filter(([name, nodes]) => nodes.length < (totals[name] ?? 0))
    .map(([name, nodes]) =>
      `${networkWords(name)}: the ${whole(nodes.length)} heard last of ${whole(totals[name]!)}`
    );
  return parts.length === 0 ? undefined : parts.join("; ");
}

/** Which databases do not answer, by network and reason; undefined: all do. */
export function problemWords(problems: Readonly<Record<string, string>>): string | undefined {
  const parts = Object.entries(problems).map(([name, why]) =>
    `${networkWords(name)}'s database does not answer: ${why}. What was known of it stays.`
  );
  return parts.length === 0 ? undefined : parts.join(" ");
}

/** How the feed is, as {@linkcode feedNote} needs it. */
export interface FeedState {
  /** Whether there is a line to the service. */
  readonly alive: boolean;
  /** Whether somebody paused it. */
  readonly paused: boolean;
  /** Packets that wait for its end. */
  readonly waiting: number;
  /** As many as can wait; of more the oldest are let go. */
  readonly maxWaiting: number;
  /** Packets that came too fast, and are not shown yet. */
  readonly skipped: number;
}

/** How the feed is, in words. */
export function feedNote({ alive, paused, waiting, maxWaiting, skipped }: FeedState): string {
  const more = waiting >= maxWaiting ? " or more" : "";
  const parts = [
    paused ? `paused, ${whole(waiting)}${more} wait` : alive ? "live" : "",
    alive ? "" : "not connected",
    skipped > 0 ? `${whole(skipped)} came too fast to show` : "",
  ];
  return parts.filter((part) => part !== "").join("; ");
}

/** Characters that turn the direction of what follows them, beyond the name. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/** Something to see: neither space, nor control, nor a mark without a letter, nor one of the blank letters. */
const VISIBLE = /[^\s\p{Z}\p{Cc}\p{Cf}\p{M}\u115f\u1160\u2800\u3164\uffa0]/u;

/** A name as it is shown; undefined: there is nothing to see of it. */
export function shownName(name: string | undefined): string | undefined {
  const plain = name?.replace(TURNING, "");
  return plain !== undefined && VISIBLE.test(plain) ? plain : undefined;
}

/** `9.5° E`; a map that shows the world more than once counts on beyond 180. */
export function meridian(lon: number, digits: number): string {
  const east = ((lon + 180) % 360 + 360) % 360 - 180;
  return `${Math.abs(east).toFixed(digits)}° ${east < 0 ? "W" : "E"}`;
}

/** An id short enough for a table: long keys by their beginning. */
export function shortId(id: string): string {
  return id.length > 16 ? `${id.slice(0, 8)}…` : id;
}

/**
 * Growth in bytes a day between the first and the last size that is known; undefined where less
 * than ten minutes are.
 *
 * @param at Unix seconds, rising.
 * @param sizes bytes; 0: not known.
 */
export function growthPerDay(
  at: readonly number[],
  sizes: readonly number[],
): number | undefined {
  const first = sizes.findIndex((size) => size > 0);
  const last = sizes.findLastIndex((size) => size > 0);
  if (first < 0 || at[last]! - at[first]! < 600) return undefined;
  return (sizes[last]! - sizes[first]!) / (at[last]! - at[first]!) * 86_400;
}
