import assert from "node:assert/strict";
import { noteLog } from "../../src/cli/note_log.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";

Deno.test("noteLog() writes warnings and errors with their fields, and without secrets", () => {
  const terminal = new FakeTerminal();
  const log = noteLog(terminal);
  log.debug("a detail");
  log.info("an ordinary day");
  log.warn("source in trouble", { source: "home", detail: "the connection is refused" });
  log.error("commit failed", { error: "disk full", password: "hunter2" });
  log.warn("no fields");
  assert.equal(
    terminal.err,
    [
      'warning: source in trouble source=home detail="the connection is refused"',
      'error: commit failed error="disk full" password=***',
      "warning: no fields",
    ].join("\n"),
  );
  assert.equal(terminal.out, "");
});
