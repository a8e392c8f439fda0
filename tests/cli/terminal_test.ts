/** What commands print cannot drive the terminal that shows it. @module */
import assert from "node:assert/strict";
import { runScript } from "../helpers/run_script.ts";

Deno.test("processTerminal() escapes what a node's name could do to a terminal, and keeps lines", async () => {
  const name = "a\u001b[2J\u009b31m\r\u0007\u202e\u2028\ud800b 🐢 Żółw";
  const { code, stdout, stderr } = await runScript(
    `import { processTerminal } from "./src/cli/terminal.ts";
     const terminal = processTerminal();
     terminal.print(${JSON.stringify(`${name}\nsecond line`)});
     terminal.note(${JSON.stringify(name)});`,
    { permissions: ["--allow-env"] },
  );
  assert.equal(code, 0, stderr);
  const shown = String.raw`a\u001b[2J\u009b31m\u000d\u0007\u202e\u2028\ud800b 🐢 Żółw`;
  assert.equal(stdout, `${shown}\nsecond line\n`);
  assert.equal(stderr, `${shown}\n`);
});
