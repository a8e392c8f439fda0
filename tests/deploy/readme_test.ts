/** The README names only tasks, commands and files of ours that exist. */
import assert from "node:assert/strict";
import { fromFileUrl } from "../helpers/paths.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));
const README = Deno.readTextFileSync(`${TOP}README.md`);

Deno.test("README.md begins with the two commands of a fresh machine", () => {
  const [first] = /```sh\n([^]*?)```/.exec(README)!.slice(1);
  const commands = first!.trim().split("\n").map((line) => line.replace(/\s*#.*$/, ""));
  assert.deepEqual(commands, [
    "npx -y deno@2.9.6 task demo --seconds 20",
    "npx -y deno@2.9.6 task test",
  ]);
});

Deno.test("README.md names only tasks that deno.json has", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${TOP}deno.json`));
  const named = [...README.matchAll(/deno(?:@[\d.]+)? task ([a-z-]+)/g)].map(([, name]) => name!);
  assert.ok(named.length > 5);
  for (const name of named) assert.ok(name in tasks, name);
});

Deno.test("README.md has a line for each command, and for no other", () => {
  const source = Deno.readTextFileSync(`${TOP}src/cli/main.ts`);
  const commands = [...source.matchAll(/\.command\("([a-z]+)"\)/g)].map(([, name]) => name!);
  const table = /\| command \| what it does \|\n\|[-|]+\|\n([^]*?)\n\n/.exec(README)![1]!;
  const lines = [...table.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name!);
  assert.deepEqual(lines.sort(), commands.sort());
});
