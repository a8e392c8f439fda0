/** deploy/install.sh below a folder of its own, with the executable. @module */
import assert from "node:assert/strict";
import { fromFileUrl } from "../helpers/paths.ts";
import { Scratch } from "../helpers/scratch.ts";
import { testedExecutable } from "../helpers/service_process.ts";

const SCRIPT = fromFileUrl(new URL("../../deploy/install.sh", import.meta.url));
const executable = testedExecutable() ?? "TEST_EXECUTABLE names no executable";
const INIT = ["--yes", "--networks", "meshtastic", "--region", "EU_868", "--host", "192.168.1.5"];

/** Runs the script; `path` comes before the usual places of programs. */
function install(root: string, args: readonly string[], path = ""): { code: number; text: string } {
  const { code, stdout, stderr } = new Deno.Command("sh", {
    args: [SCRIPT, ...args],
    cwd: root,
    env: { INSTALL_ROOT: root, PATH: `${path}:${Deno.env.get("PATH")}` },
    stdin: "null",
  }).outputSync();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("install.sh installs, and changes nothing when it is run again", () => {
  using scratch = new Scratch("install");
  const first = install(scratch.path, [executable, ...INIT]);
  assert.equal(first.code, 0, first.text);
  const config = scratch.file("etc/meshcapture/config.yaml");
  const before = Deno.readTextFileSync(config);
  assert.match(before, /database: "\/var\/lib\/meshcapture\/meshtastic\.db"/);
  assert.ok(first.text.includes(/password: "([^"]+)"/.exec(before)![1]!), "the settings to enter");
  assert.equal(Deno.statSync(config).mode! & 0o007, 0, "others may not read the password");
  assert.equal(Deno.statSync(scratch.file("usr/local/bin/meshcapture")).mode! & 0o777, 0o755);
  for (const unit of ["meshcapture.service", "meshcapture-backup.timer"]) {
    assert.ok(Deno.statSync(scratch.file(`etc/systemd/system/${unit}`)).isFile);
  }
  const program = scratch.file("usr/local/bin/meshcapture");
  const { ino } = Deno.statSync(program);

  const second = install(scratch.path, [executable, ...INIT]);
  assert.equal(second.code, 0, second.text);
  assert.match(second.text, /stays as it is/);
  assert.equal(Deno.readTextFileSync(config), before);
  assert.equal(Deno.statSync(program).ino, ino, "the same program is not written again");
});

Deno.test("install.sh keeps the program that is there when the new one does not run", () => {
  using scratch = new Scratch("install");
  assert.equal(install(scratch.path, [executable, ...INIT]).code, 0);
  const { size } = Deno.statSync(scratch.file("usr/local/bin/meshcapture"));
  Deno.writeTextFileSync(scratch.file("broken"), "exit 7\n");
  const refused = install(scratch.path, [scratch.file("broken")]);
  assert.equal(refused.code, 1);
  assert.match(refused.text, /does not run on this machine/);
  const folder = [...Deno.readDirSync(scratch.file("usr/local/bin"))].map(({ name }) => name);
  assert.deepEqual(folder, ["meshcapture"]);
  assert.equal(Deno.statSync(scratch.file("usr/local/bin/meshcapture")).size, size);
  const missing = install(scratch.path, [scratch.file("nowhere")]);
  assert.deepEqual([missing.code, /There is no file/.test(missing.text)], [1, true]);
});

Deno.test("install.sh says on a 32-bit system what is needed", () => {
  for (
    const [program, word] of [["getconf", "32"], ["uname", "armv7l"]] as const
  ) {
    using scratch = new Scratch("install");
    Deno.mkdirSync(scratch.file("bin"));
    const script = program === "uname"
      ? `#!/bin/sh\n[ "$1" = -m ] && echo ${word} || echo Linux\n`
      : `#!/bin/sh\necho ${word}\n`;
    Deno.writeTextFileSync(scratch.file(`bin/${program}`), script, { mode: 0o755 });
    const refused = install(scratch.path, [executable], scratch.file("bin"));
    assert.equal(refused.code, 1);
    assert.match(refused.text, /64-bit/);
    assert.deepEqual([...Deno.readDirSync(scratch.path)].map(({ name }) => name), ["bin"]);
  }
});
