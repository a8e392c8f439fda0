/**
 * Writes the files that are made from the configuration's schema. With `--check` it writes nothing
 * and fails where one of them is out of date.
 *
 * @module
 */
import { generateConfigFiles } from "../src/config/generate.ts";
import { meshtasticConfigSection } from "../src/meshtastic/config.ts";

const stale: string[] = [];
for (const { path, text } of generateConfigFiles([meshtasticConfigSection])) {
  const file = new URL(`../${path}`, import.meta.url);
  if (!Deno.args.includes("--check")) Deno.writeTextFileSync(file, text);
  else if (Deno.readTextFileSync(file) !== text) stale.push(path);
}
if (stale.length > 0) {
  // deno-lint-ignore no-console
  console.error(`out of date: ${stale.join(", ")}; run \`deno task docs\``);
  Deno.exit(1);
}
