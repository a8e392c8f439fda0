/**
 * Writes every file that is made from the code: the configuration's reference, example and JSON
 * Schema, the references of metrics and HTTP, the dictionary of tables, and the page of what
 * bench/results.json holds. With `--check` it writes nothing and fails where one of them is out of
 * date.
 *
 * @module
 */
import { performancePage } from "../bench/performance_page.ts";
import { readResults } from "../bench/results.ts";
import { generateConfigFiles } from "../src/config/generate.ts";
import { configSections } from "../src/networks.ts";
import { dictionaryPage } from "./dictionary.ts";
import { httpReference } from "../src/observe/http_reference.ts";
import { metricsReference } from "../src/observe/metrics_reference.ts";

const measured = readResults(new URL("../bench/results.json", import.meta.url));
const files = [
  ...generateConfigFiles(configSections),
  { path: "docs/metrics.md", text: metricsReference() },
  { path: "docs/dictionary.md", text: dictionaryPage() },
  ...(measured === undefined
    ? []
    : [{ path: "docs/performance.md", text: performancePage(measured) }]),
  { path: "docs/http.md", text: httpReference() },
];
const stale: string[] = [];
for (const { path, text } of files) {
  const file = new URL(`../${path}`, import.meta.url);
  if (!Deno.args.includes("--check")) Deno.writeTextFileSync(file, text);
  else if (Deno.readTextFileSync(file) !== text) stale.push(path);
}
if (stale.length > 0) {
  // deno-lint-ignore no-console
  console.error(`out of date: ${stale.join(", ")}; run \`deno task docs\``);
  Deno.exit(1);
}
