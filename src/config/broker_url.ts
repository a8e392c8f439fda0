/** Reads the address of a broker. @module */

/** Transports of a source. `embedded` is a broker inside this process. */
export const BROKER_SCHEMES = ["mqtt", "mqtts", "ws", "wss", "embedded"] as const;

/** One of {@linkcode BROKER_SCHEMES}. */
export type BrokerScheme = typeof BROKER_SCHEMES[number];

/** A broker's address in parts. */
export interface BrokerUrl {
  /** How it is reached. */
  readonly scheme: BrokerScheme;
  /** Host name or address, IPv6 without brackets; empty only for `embedded://`. */
  readonly host: string;
  /** TCP port, 0–65535; absent: the scheme's usual one. 0 (any free port) only for `embedded://`. */
  readonly port?: number;
  /** Path and query of a WebSocket address, else empty. */
  readonly path: string;
  /** Percent-decoded. */
  readonly username?: string;
  /** Percent-decoded. */
  readonly password?: string;
}

const PATTERN =
  /^([a-z]+):\/\/(?:([^/?#]*)@)?(\[[0-9a-f:.%]+\]|[^/?#:@[\]\s]*)(?::(\d*))?([/?][^\s]*)?$/i;

/** Takes an address apart; a string says in words what is wrong with it (never quoting it). */
export function parseBrokerUrl(text: string): BrokerUrl | string {
  const match = PATTERN.exec(text);
  if (match === null) return "is not an address of the form scheme://host:port";
  const scheme = match[1]!.toLowerCase() as BrokerScheme;
  if (!BROKER_SCHEMES.includes(scheme)) return "has a scheme that is not known";
  const host = match[3]!.replace(/^\[|\]$/g, "");
  if (host === "" && scheme !== "embedded") return "names no host";
  const port = match[4] === undefined || match[4] === "" ? undefined : Number(match[4]);
  if (port !== undefined && (port > 65535 || (port === 0 && scheme !== "embedded"))) {
    return "has a port outside 1–65535";
  }
  const path = match[5] ?? "";
  if (path !== "" && path !== "/" && scheme !== "ws" && scheme !== "wss") {
    return "has a path; only ws:// and wss:// have one";
  }
  const user = decodeUser(match[2]);
  if (typeof user === "string") return user;
  const webPath = scheme === "ws" || scheme === "wss" ? path : "";
  return { scheme, host, ...(port === undefined ? {} : { port }), path: webPath, ...user };
}

/** Puts an address together again, without user name and password. */
export function formatBrokerUrl(url: BrokerUrl): string {
  const host = url.host.includes(":") ? `[${url.host}]` : url.host;
  return `${url.scheme}://${host}${url.port === undefined ? "" : `:${url.port}`}${url.path}`;
}

function decodeUser(text: string | undefined): { username?: string; password?: string } | string {
  if (text === undefined) return {};
  const colon = text.indexOf(":");
  try {
    if (colon < 0) return { username: decodeURIComponent(text) };
    return {
      username: decodeURIComponent(text.slice(0, colon)),
      password: decodeURIComponent(text.slice(colon + 1)),
    };
  } catch {
    return "has a user name or password that is not percent-encoded correctly";
  }
}
