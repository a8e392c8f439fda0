/**
 * Which addresses only programs on this machine reach: who may look, and what may stand open, hang
 * on it.
 *
 * @module
 */

/** True for an IP address that only programs on this machine have. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:/, "");
  return plain === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}

/** True for a host as a configuration names it, an address or `localhost`, that is this machine's. */
export function isLoopbackHost(host: string): boolean {
  return host === "localhost" || isLoopbackAddress(host);
}
