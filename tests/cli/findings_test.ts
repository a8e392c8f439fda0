import assert from "node:assert/strict";
import { sectionText } from "../../src/cli/findings.ts";

Deno.test("sectionText() escapes what a name could do to a terminal, line ends too", () => {
  const name = "a\u001b[2J\n\u202eb\u200f";
  const shown = String.raw`a\u001b[2J\u000a\u202eb\u200f`;
  const lines = sectionText({
    title: name,
    findings: [{ severity: "good", text: name, advice: name, lines: [name] }],
  });
  assert.deepEqual(lines, [shown, `  ✓ ${shown}`, `      ${shown}`, `    → ${shown}`]);
});
