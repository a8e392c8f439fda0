import assert from "node:assert/strict";
import { diskFreeBytes } from "../../src/observe/disk_space.ts";
import { runScript } from "../helpers/run_script.ts";

const SCRIPT = `import { diskFreeBytes } from "./src/observe/disk_space.ts";
console.log(await diskFreeBytes("."), await diskFreeBytes("./no/such/folder"));`;

Deno.test("diskFreeBytes() says how much room a disk has, and nothing where there is no such folder", async () => {
  const asked = await runScript(SCRIPT, { permissions: ["--allow-read=.", "--allow-sys=statfs"] });
  assert.match(asked.stdout, /^[1-9]\d+ undefined\n$/, asked.stderr);
});

Deno.test("diskFreeBytes() says nothing, and does not fail, where it may not ask", async () => {
  const asked = await runScript(SCRIPT, { permissions: ["--allow-read=."] });
  assert.equal(asked.stdout, "undefined undefined\n", asked.stderr);
  assert.equal(await diskFreeBytes("."), undefined);
});
