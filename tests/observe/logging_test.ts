import assert from "node:assert/strict";
import { configureLogging } from "../../src/observe/logging.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { runScript } from "../helpers/run_script.ts";

Deno.test("configureLogging() writes lines of the level and above", () => {
  const lines: string[] = [];
  using logging = configureLogging({
    level: "info",
    write: (line) => lines.push(line),
    clock: new ManualClock(),
  });
  const log = logging.log("mqtt");
  log.debug("too small");
  log.info("connected", { source: "home" });
  log.warn("slow");
  log.error("gone");
  assert.deepEqual(lines, [
    "2025-10-09T08:53:20.000Z INFO  mqtt: connected source=home\n",
    "2025-10-09T08:53:20.000Z WARN  mqtt: slow\n",
    "2025-10-09T08:53:20.000Z ERROR mqtt: gone\n",
  ]);
});

Deno.test("configureLogging() writes JSON and takes braces in a message as they are", () => {
  const lines: string[] = [];
  using logging = configureLogging({ format: "json", write: (line) => lines.push(line) });
  logging.log("storage").info("made {name}", { name: "x" });
  const parsed = JSON.parse(lines[0] ?? "");
  assert.equal(parsed.message, "made {name}");
  assert.equal(parsed.category, "storage");
  assert.deepEqual(parsed.fields, { name: "x" });
});

Deno.test("configureLogging() stops writing when it is disposed of", () => {
  const lines: string[] = [];
  const logging = configureLogging({ write: (line) => lines.push(line) });
  const log = logging.log("mqtt");
  logging[Symbol.dispose]();
  log.error("late");
  assert.deepEqual(lines, []);
});

Deno.test("configureLogging() leaves a later configuration alone when it is disposed of", () => {
  const lines: string[] = [];
  const first = configureLogging({ write: () => {} });
  using second = configureLogging({ write: (line) => lines.push(line) });
  first[Symbol.dispose]();
  second.log("mqtt").info("here");
  assert.equal(lines.length, 1);
});

Deno.test("configureLogging() loses no line to an exit that follows at once", async () => {
  const script = `
    import { configureLogging } from "./src/observe/logging.ts";
    const log = configureLogging().log("test");
    for (let i = 0; i < 500; i++) log.info("line", { i, pad: "x".repeat(500) });
    Deno.exit(7);
  `;
  const output = await runScript(script);
  assert.equal(output.code, 7);
  assert.equal(output.stdout, "");
  const lines = output.stderr.split("\n");
  assert.equal(lines.filter((line) => line.includes(" INFO  test: line i=")).length, 500);
});
