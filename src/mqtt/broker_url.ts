/**
 * Addresses of brokers, as an operator writes them.
 *
 * @module
 */

/** A broker's address, taken apart. */
export interface BrokerAddress {
  /** How the broker is reached; `embedded`: it runs in this process. */
  readonly scheme: "mqtt" | "mqtts" | "ws" | "wss" | "embedded";
  /** Host name or IP address; IPv6 without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** Path and query for WebSockets, beginning with a slash. */
  readonly path: string;
  /** From the address itself; settings of their own take precedence. */
  readonly username?: string;
  /** Password, decoded. */
  readonly password?: string;
}

const DEFAULT_PORTS = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443, embedded: 1883 } as const;

const ALIASES: Readonly<Record<string, BrokerAddress["scheme"]>> = {
  mqtt: "mqtt",
  tcp: "mqtt",
  mqtts: "mqtts",
  ssl: "mqtts",
  tls: "mqtts",
  ws: "ws",
  wss: "wss",
  embedded: "embedded",
};

/** Takes `url` apart; a string says what is wrong with it (and contains no user information). */
export function parseBrokerUrl(url: string): BrokerAddress | string {
  const match = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url);
  if (match === null) return "it has no scheme such as mqtt://";
  const scheme = ALIASES[match[1]!.toLowerCase()];
  if (scheme === undefined) {
    return `its scheme ${match[1]} is none of ${Object.keys(ALIASES).join(", ")}`;
  }
  let parsed: URL;
  try {
    // Parsed as http, since other schemes get no host checks; a port of 80 would vanish with it.
    const address = url.replace(/^[^:]+/, "http");
    // `embedded://:1883` listens everywhere.
    parsed = new URL(
      scheme === "embedded"
        ? address.replace(/^(http:\/\/(?:[^@/]*@)?)(?=:|\/|$)/, "$10.0.0.0")
        : address,
    );
  } catch {
    return "it is no valid URL";
  }
  const portText = /:(\d+)$/.exec(url.slice(match[0].length).split(/[/?#]/)[0]!)?.[1];
  return {
    scheme,
    host: parsed.hostname.replace(/^\[|\]$/g, ""),
    port: portText === undefined ? DEFAULT_PORTS[scheme] : Number(portText),
    path: `${parsed.pathname}${parsed.search}`,
    ...(parsed.username === "" ? {} : { username: decode(parsed.username) }),
    ...(parsed.password === "" ? {} : { password: decode(parsed.password) }),
  };
}

/** True when TLS guards the way to a broker. */
export function isEncrypted({ scheme }: BrokerAddress): boolean {
  return scheme === "mqtts" || scheme === "wss";
}

/** `url` without user information and query, fit for logs and pages. */
export function maskUrl(url: string): string {
  return url.replace(/^([^:/?#]+:\/\/)[^/?#]*@/, "$1").replace(/[?#].*$/s, "");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
