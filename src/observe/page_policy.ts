/** What a browser is told of the page: where it may load from, and who may show it. @module */

/** Headers of every HTML page; `default-src 'none'` and what the page needs, nothing inline. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": pagePolicy(),
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
};

/**
 * The page's Content-Security-Policy.
 *
 * @param tiles address template of map tiles, where the operator wants them.
 */
export function pagePolicy(tiles?: string): string {
  const images = ["'self'", "data:", ...(tiles === undefined ? [] : tileOrigins(tiles))];
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src ${images.join(" ")}`,
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** What Leaflet puts in place of `{s}` when nobody tells it otherwise, and the page does not. */
const SUBDOMAINS = ["a", "b", "c"];

/** Where tiles come from; no wildcard, which may only stand for whole labels at the beginning. */
function tileOrigins(tiles: string): string[] {
  const [, origin] = /^(https?:\/\/[^/]+)\//.exec(tiles) ?? [];
  if (origin === undefined) return [];
  return origin.includes("{s}") ? SUBDOMAINS.map((one) => origin.replaceAll("{s}", one)) : [origin];
}
