/**
 * Addresses of the HTTP server as an operator writes them.
 *
 * @module
 */

/** Where to listen. */
export interface ListenAddress {
  /** Undefined: all interfaces. An IPv6 address stands here without brackets. */
  readonly hostname?: string;
  /** 0–65535; 0 lets the system choose. */
  readonly port: number;
}

/** An address, `off`, or why it is neither. */
export type ParsedAddress =
  | { readonly kind: "listen"; readonly address: ListenAddress }
  | { readonly kind: "off" }
  | { readonly kind: "invalid"; readonly message: string };

const FORM = 'expected ":2112", "host:2112", "[::1]:2112" or "off"';

/** Reads `:2112` (all interfaces), `host:port`, `[v6]:port` or `off`. */
export function parseAddress(text: string): ParsedAddress {
  const trimmed = text.trim();
  if (trimmed.toLowerCase() === "off") return { kind: "off" };
  const match = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([^\s:\[\]/@?#]*)):(\d{1,5})$/i.exec(trimmed);
  if (match === null) return { kind: "invalid", message: FORM };
  const port = Number(match[3]);
  if (port > 65535) return { kind: "invalid", message: "the port must be 0 to 65535" };
  const hostname = match[1] ?? match[2] ?? "";
  if (match[1] !== undefined && !match[1].includes(":")) return { kind: "invalid", message: FORM };
  // `*` is what people know from other servers for all interfaces.
  if (hostname === "" || hostname === "*") return { kind: "listen", address: { port } };
  return { kind: "listen", address: { hostname, port } };
}

/** An address as text: `host:port`, brackets around IPv6, nothing for all interfaces. */
export function formatAddress(address: ListenAddress): string {
  const { hostname = "", port } = address;
  return `${bracketed(hostname)}:${port}`;
}

/** A host as it stands where a port may follow: brackets around IPv6. */
export function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** Host at which the machine itself reaches a server that listens at `address`. */
export function loopbackHost(address: ListenAddress): string {
  switch (address.hostname) {
    case undefined:
    case "0.0.0.0":
      return "127.0.0.1";
    case "::":
      // All interfaces, so IPv4 too, unless this machine has none.
      return "127.0.0.1";
    default:
      return address.hostname;
  }
}
