/** docs/troubleshooting.md has a line for every reason that health can give. */
import assert from "node:assert/strict";
import { fromFileUrl } from "../helpers/paths.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));
const PAGE = Deno.readTextFileSync(`${TOP}docs/troubleshooting.md`);

/** The members of a union of strings, as its source has them. */
function members(file: string, type: string): string[] {
  const source = Deno.readTextFileSync(TOP + file);
  const body = new RegExp(`type ${type} =([^;]+);`).exec(source)![1]!;
  return [...body.matchAll(/"(\w+)"/g)].map(([, name]) => name!);
}

for (
  const [file, type] of [
    ["src/mqtt/source_types.ts", "SourceProblemReason"],
    ["src/capture/network.ts", "StorageReason"],
    ["src/capture/network.ts", "GapReason"],
    ["src/mqtt/watchdog.ts", "WatchdogKind"],
  ] as const
) {
  Deno.test(`docs/troubleshooting.md says what to do about every ${type}`, () => {
    const names = members(file, type);
    assert.ok(names.length > 1);
    for (const name of names) assert.ok(PAGE.includes(`\`${name}\``), name);
  });
}
