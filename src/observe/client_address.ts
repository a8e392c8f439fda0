/**
 * Where a request came from, as far as that can be known.
 *
 * @module
 */

/** Headers that proxies add, beside those that begin with `x-forwarded`. */
const PROXY_HEADERS: readonly string[] = [
  "forwarded",
  "via",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-original-forwarded-for",
  "x-envoy-external-address",
  "true-client-ip",
  "cf-connecting-ip",
  "fastly-client-ip",
  "fly-client-ip",
];

/**
 * Name of the header that says that a proxy passed the request on: then the address is the proxy's
 * and says nothing of the person. Undefined: none says so.
 */
export function proxyHeader(headers: Headers): string | undefined {
  for (const name of headers.keys()) {
    if (name.startsWith("x-forwarded") || PROXY_HEADERS.includes(name)) return name;
  }
  return undefined;
}

/** Endings of names that no public name server answers for. */
const LOCAL_ENDINGS: readonly string[] = [
  ".localhost",
  ".local",
  ".lan",
  ".internal",
  ".home.arpa",
];

/**
 * Whether a `Host` header can be trusted not to be a trick: an address, a name that no public name
 * server answers for, or one of `known`. By any other name a website could have its own name point
 * here and read the page through its visitor's browser (DNS rebinding).
 *
 * @param host with or without a port.
 * @param known host names without ports, lower case.
 */
export function isSafeHost(host: string | null, known: readonly string[]): boolean {
  if (host === null) return false;
  const match = /^(\[[0-9a-f:.]+\]|[^:\s]+)(?::\d{1,5})?$/.exec(host.toLowerCase());
  const name = match?.[1]?.replace(/\.$/, "");
  if (name === undefined || name === "") return false;
  if (name.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name)) return true;
  if (known.includes(name)) return true;
  return !name.includes(".") || LOCAL_ENDINGS.some((ending) => name.endsWith(ending));
}
