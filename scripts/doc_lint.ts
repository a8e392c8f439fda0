/**
 * Documentation lint: `deno doc --lint` over all of `src/`, less what it cannot be right about.
 *
 * - Files that export zod schemas: the type of a schema is what zod infers from it, and writing it
 *   out would say everything twice.
 * - Types of npm packages in signatures: `deno doc` takes them for private ones of ours.
 *
 * @module
 */
import { walkSync } from "./walk.ts";

/** Files that export zod schemas, or types made of them. */
const SCHEMA_FILES: readonly string[] = [
  "src/config/schema.ts",
  "src/config/source_schema.ts",
  "src/meshcore/config.ts",
  "src/meshtastic/config.ts",
];

/** One complaint, as `deno doc` prints it. */
const COMPLAINT = /^error\[([a-z-]+)\]: (.*)\n\s*--> (.+?):(\d+):\d+$/gm;

const top = Deno.realPathSync(new URL("..", import.meta.url));
const files = walkSync(`${top}/src`, ".ts");
const { stderr } = new Deno.Command("deno", {
  args: ["doc", "--lint", ...files],
  env: { NO_COLOR: "1" },
  stdout: "null",
}).outputSync();
const output = new TextDecoder().decode(stderr);

const complaints = [...output.matchAll(COMPLAINT)].map(([, kind, text, path, line]) => ({
  kind: kind!,
  text: text!,
  path: path!.startsWith(top) ? path!.slice(top.length + 1) : path!,
  line: line!,
}));
const announced = Number(/Found (\d+) documentation lint error/.exec(output)?.[1] ?? 0);
const left = complaints.filter((one) =>
  !SCHEMA_FILES.includes(one.path) && !namesPackageType(one.path, one.kind, one.text)
);
for (const { path, line, text } of left) say(`${path}:${line}: ${text}`);
// A complaint that this script cannot read must not pass unseen.
if (announced !== complaints.length || (announced === 0 && !/^Checked /m.test(output))) {
  say(output);
  Deno.exit(1);
}
if (left.length > 0) {
  say(`${left.length} documentation lint errors`);
  Deno.exit(1);
}
say(`documentation lint: ${files.length} files, ${complaints.length} complaints exempt`);

/** Whether the complaint is of a type that the file imports from a package. */
function namesPackageType(path: string, kind: string, text: string): boolean {
  const name = /references private type '([\w$]+)'$/.exec(text)?.[1];
  if (kind !== "private-type-ref" || name === undefined) return false;
  const source = Deno.readTextFileSync(`${top}/${path}`);
  const imports = source.matchAll(/^import (?:type )?\{?([^;]*?)\}? from "([^".][^"]*)";$/gm);
  for (const [, names, specifier] of imports) {
    if (specifier!.startsWith("node:")) continue;
    if (new RegExp(`\\b${name}\\b`).test(names!)) return true;
    // `z.core.$ZodShape` is told as `$ZodShape`.
    const written = new RegExp(`\\bz\\.(core\\.)?${name.replace("$", "\\$")}\\b`);
    if (specifier === "zod/mini" && written.test(source)) return true;
  }
  return false;
}

function say(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}
