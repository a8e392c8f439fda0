import assert from "node:assert/strict";
import { pageInputs, sha256 } from "../../scripts/page_inputs.ts";
import { pageAssets } from "../../src/observe/page_assets.ts";
import { fromFileUrl } from "../helpers/paths.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url)).replace(/\/$/, "");
const BUNDLE = `${TOP}/src/observe/page_bundle`;

Deno.test("the page's bundle is made of what is there; else run `deno task page`", async () => {
  const manifest = JSON.parse(Deno.readTextFileSync(`${BUNDLE}/manifest.json`));
  assert.deepEqual(manifest, {
    inputs: await pageInputs(TOP),
    "page.js": await sha256(Deno.readTextFileSync(`${BUNDLE}/page.js`)),
    "vendor.css": await sha256(Deno.readTextFileSync(`${BUNDLE}/vendor.css`)),
  });
});

Deno.test("the page holds no style or script of its own, and loads nothing from elsewhere", () => {
  const html = Deno.readTextFileSync(`${TOP}/src/observe/page/index.html`);
  assert.ok(!/<style|\sstyle=|\son\w+=|javascript:/i.test(html));
  const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1]!);
  for (const address of addresses) assert.match(address, /^(\/[^/]|#|data:image\/svg)/);
  const css = pageAssets["/assets/page.css"].text;
  assert.match(css, /\.leaflet-container[^]*\.uplot|\.uplot[^]*\.leaflet-container/);
  assert.ok(css.endsWith(Deno.readTextFileSync(`${TOP}/src/observe/page/page.css`)));
  assert.ok(!/url\(|@import/.test(css));
});

Deno.test("no source of the page makes HTML of a text", () => {
  for (const entry of Deno.readDirSync(`${TOP}/src/observe/page`)) {
    if (!entry.name.endsWith(".ts")) continue;
    const text = Deno.readTextFileSync(`${TOP}/src/observe/page/${entry.name}`);
    assert.ok(!/innerHTML|outerHTML|insertAdjacentHTML|document\.write/.test(text), entry.name);
  }
});
