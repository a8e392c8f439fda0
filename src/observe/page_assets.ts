/** The page's files, as they are served. @module */
import html from "./page/index.html" with { type: "text" };
import pageCss from "./page/page.css" with { type: "text" };
import vendorCss from "./page_bundle/vendor.css" with { type: "text" };
import js from "./page_bundle/page.js" with { type: "text" };

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
  const images = ["'self'", "data:", ...(tiles === undefined ? [] : [tileOrigin(tiles)])];
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

/** A wildcard stands for `{s}`, which Leaflet fills with one letter. */
function tileOrigin(tiles: string): string {
  const match = /^(https?:\/\/)([^/]+)\//.exec(tiles);
  return match === null ? "" : `${match[1]}${match[2]!.replace(/^\{s\}/, "*")}`;
}

/** A file of the page. */
export interface PageAsset {
  /** Where it is served. */
  readonly path: string;
  /** Content type. */
  readonly type: string;
  /** Its text. */
  readonly text: string;
}

/** The HTML of the page. */
export const pageHtml: string = html;

/** Stylesheet and script. The stylesheet is for those who may not look, too. */
export const pageAssets: { readonly css: PageAsset; readonly js: PageAsset } = {
  css: { path: "/assets/page.css", type: "text/css; charset=utf-8", text: vendorCss + pageCss },
  js: { path: "/assets/page.js", type: "text/javascript; charset=utf-8", text: js },
};
