/**
 * Makes `src/observe/page_bundle/`: the status page's script with uPlot and Leaflet inside, and what
 * these two have of styles. They are committed, so that a plain checkout needs no build;
 * a test compares what they were made of with what is there.
 *
 * @module
 */
import leafletCss from "leaflet/dist/leaflet.css" with { type: "text" };
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import { pageInputs, sha256 } from "./page_inputs.ts";

const top = Deno.realPathSync(new URL("..", import.meta.url));
const out = `${top}/src/observe/page_bundle`;

/**
 * The libraries' licences ask for these lines. In plain ASCII: for one letter beyond Latin-1, V8 keeps
 * the whole script at two bytes a letter.
 */
const NOTICES =
  `/*! uPlot, Copyright (c) 2022 Leon Sorokin, MIT licence | Leaflet, Copyright (c) 2010-2023 \
Volodymyr Agafonkin, (c) 2010-2011 CloudMade, BSD-2-Clause licence */\n`;

const { success } = new Deno.Command("deno", {
  args: [
    "bundle",
    "--quiet",
    "--platform=browser",
    "--minify",
    "--output",
    `${out}/page.js`,
    `${top}/src/observe/page/main.ts`,
  ],
  cwd: top,
}).outputSync();
if (!success) Deno.exit(1);
const js = NOTICES + Deno.readTextFileSync(`${out}/page.js`);
// Pictures of markers and layers, which the page has none of, would be asked for in vain. A line a
// library: nobody reads what is made.
const css = [uplotCss, leafletCss.replace(/[^{}]*\{[^{}]*url\([^{}]*\}/g, "")]
  .map((text) => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\s+/g, " ").trim())
  .join("\n");
const vendor = `/* Made by \`deno task page\` */\n${css}\n`;
Deno.writeTextFileSync(`${out}/page.js`, js);
Deno.writeTextFileSync(`${out}/vendor.css`, vendor);
const manifest = {
  inputs: await pageInputs(top),
  "page.js": await sha256(js),
  "vendor.css": await sha256(vendor),
};
Deno.writeTextFileSync(`${out}/manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
