/** The README names only tasks, commands and files of ours that exist. */
import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { meshcoreConfigSection } from "../../src/meshcore/config.ts";
import { meshtasticConfigSection } from "../../src/meshtastic/config.ts";
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

Deno.test("README.md gives the other commands the permissions of the service, so that none asks", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${TOP}deno.json`));
  const permissions = (command: string) => command.match(/--allow-\S+/g)!;
  const [, command] = /`(deno run [^`]*main\.ts check)`/.exec(README)!;
  assert.deepEqual(permissions(command!), permissions(tasks.start));
});

Deno.test("README.md's example of a configuration can be used, with both networks", () => {
  const [, text] = /```yaml\n([^]*?)```/.exec(README)!;
  const loaded = loadConfig([meshtasticConfigSection, meshcoreConfigSection], {
    cwd: "/etc/mesh",
    configFile: "config.yaml",
    readFile: () => text!,
  });
  if (loaded instanceof ConfigError) throw loaded;
  assert.deepEqual(loaded.warnings, []);
  assert.deepEqual(loaded.config.sources.map((one) => one.network), ["meshtastic", "meshcore"]);
});

Deno.test("README.md names only files that there are", () => {
  const paths = [...README.matchAll(/\]\(([^)#]+)/g)].map(([, path]) => path!);
  assert.ok(paths.length > 5);
  for (const path of paths) if (!path.includes("://")) Deno.statSync(TOP + path);
});

Deno.test("README.md has a line for each command, and for no other", () => {
  const source = Deno.readTextFileSync(`${TOP}src/cli/main.ts`);
  const commands = [...source.matchAll(/program\.command\("([a-z]+)"\)/g)].map(([, name]) => name!);
  const table = /\| command \| what it does \|\n\|[-|]+\|\n([^]*?)\n\n/.exec(README)![1]!;
  const lines = [...table.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name!);
  assert.deepEqual(lines.sort(), commands.sort());
});

Deno.test("README.md and the ways back name the option that takes our session off a broker", () => {
  const source = Deno.readTextFileSync(`${TOP}src/cli/main.ts`);
  assert.ok(source.includes('"--delete-session [client id]"'));
  assert.ok(README.includes("`--delete-session`"));
  for (const name of ["cutover.md", "cutover-corescope.md"]) {
    const page = Deno.readTextFileSync(`${TOP}docs/${name}`);
    const [, back] = page.split("## 4. Roll back");
    assert.match(back!, /meshcapture check --delete-session/, name);
    assert.doesNotMatch(back!, /in\s+the log/, "the log does not name client ids");
  }
});
