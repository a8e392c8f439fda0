/**
 * The page's files, as they are served. Loaded when somebody looks at the page for the first time: a
 * quarter of a megabyte that most services never need.
 *
 * @module
 */
import html from "./page/index.html" with { type: "text" };
import pageCss from "./page/page.css" with { type: "text" };
import vendorCss from "./page_bundle/vendor.css" with { type: "text" };
import js from "./page_bundle/page.js" with { type: "text" };

/** A file of the page. */
export interface PageAsset {
  /** Content type. */
  readonly type: string;
  /** Its text. */
  readonly text: string;
}

/** The HTML of the page. */
export const pageHtml: string = html;

/** Stylesheet and script, by where they are served. */
export const pageAssets = {
  "/assets/page.css": { type: "text/css; charset=utf-8", text: vendorCss + pageCss },
  "/assets/page.js": { type: "text/javascript; charset=utf-8", text: js },
} as const satisfies Readonly<Record<string, PageAsset>>;

/** Where a file of the page is served. */
export type AssetPath = keyof typeof pageAssets;
