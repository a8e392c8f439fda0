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

Deno.test("loadConfig() lets an embedded broker be open on purpose", () => {
  const open = {
    "sources.0.url": "embedded://0.0.0.0:1883",
    "sources.0.broker.allow_anonymous": "true",
  };
  assert.equal(problems(open), "");
});

Deno.test("loadConfig() refuses sources that share an embedded broker and disagree about it", () => {
  const two = (first: Record<string, string>, second: Record<string, string>) => {
    const overrides: Record<string, string> = {};
    for (const [i, source] of [first, second].entries()) {
      overrides[`sources.${i}.name`] = `s${i}`;
      overrides[`sources.${i}.url`] = "embedded://127.0.0.1:1883";
      for (const [key, value] of Object.entries(source)) overrides[`sources.${i}.${key}`] = value;
    }
    return problems(overrides);
  };
  const a = { username: "a", password: "one" };
  const b = { username: "b", password: "two" };
  assert.equal(two({}, {}), "");
  assert.equal(two(a, b), "", "each may have its own account");
  assert.match(two(a, {}), /share the embedded broker.*only one has a username/);
  assert.match(
    two({ "broker.max_clients": "5" }, { "broker.max_clients": "6" }),
    /share the embedded broker.*set it differently/,
  );
  const same = { "broker.max_clients": "5", "broker.max_packet_bytes": "4096" };
  assert.equal(two(same, same), "");
  assert.equal(two({ "broker.max_clients": "100" }, {}), "", "the default, written out");
  assert.match(two({ "broker.max_clients": "0" }, {}), /max_clients/);
});
