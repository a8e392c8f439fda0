import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigError, problemText } from "../../src/config/problem.ts";
import { configSections } from "../../src/networks.ts";

function problems(overrides: Record<string, string>): string {
  const readFile = () => {
    throw new Deno.errors.NotFound();
  };
  const loaded = loadConfig(configSections, { readFile, cwd: ".", overrides });
  return loaded instanceof ConfigError ? loaded.problems.map(problemText).join("\n") : "";
}

Deno.test("loadConfig() refuses an embedded broker that is open to anybody beyond this machine", () => {
  const url = { "sources.0.url": "embedded://0.0.0.0:1883" };
  assert.match(problems(url), /sources\.0\.url.*let anybody/);
  assert.match(problems({ ...url, "sources.0.username": "radio" }), /let anybody/);
  assert.equal(
    problems({ ...url, "sources.0.username": "radio", "sources.0.password": "x" }),
    "",
  );
  assert.equal(problems({ "sources.0.url": "embedded://radio:x@0.0.0.0:1883" }), "");
  assert.equal(problems({ "sources.0.url": "embedded://127.0.0.1:1883" }), "");
});
