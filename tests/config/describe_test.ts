import assert from "node:assert/strict";
import fc from "fast-check";
import { describeAsJson, describeAsText, describeConfig } from "../../src/config/describe.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { load, loadOk, NETWORKS, yaml } from "./load_helper.ts";
import { settingPaths } from "../../src/config/layers.ts";
import { schemaTree } from "../../src/config/schema_tree.ts";
import { configSchema } from "../../src/config/schema.ts";

Deno.test("describeConfig() shows each value with its origin, secrets masked", () => {
  const text = `sources: [{url: 'wss://me:hunter2@h:443/mqtt?token=hunter3'}]
meshtastic: {channels: [{name: n, psk: aHVudGVyNA==}]}`;
  const loaded = loadOk(yaml(text, { env: { MESHCAPTURE_QUEUE_MAX_BYTES: "2000000" } }));
  const table = describeAsText(loaded);
  assert.match(table, /^sources\.0\.url +"wss:\/\/h:443\/mqtt\?\*\*\*" +config\.yaml:1:17$/m);
  assert.match(table, /^sources\.0\.password +"\*\*\*" +config\.yaml:1:17$/m);
  assert.match(table, /^meshtastic\.channels\.0\.psk +"\*\*\*" +config\.yaml:2:40$/m);
  assert.match(table, /^queue\.max_bytes +2000000 +environment MESHCAPTURE_QUEUE_MAX_BYTES$/m);
  assert.match(table, /^storage\.batch_max +2000 +default$/m);
  for (const shown of [table, describeAsJson(loaded)]) {
    assert.doesNotMatch(shown, /hunter|aHVudGVyNA/);
  }
  const json = JSON.parse(describeAsJson(loaded));
  assert.equal(json.file, "config.yaml");
  assert.deepEqual(json.settings.find((s: { path: string }) => s.path === "queue.max_bytes"), {
    path: "queue.max_bytes",
    value: 2000000,
    origin: { kind: "environment", variable: "MESHCAPTURE_QUEUE_MAX_BYTES" },
  });
});

Deno.test("describeConfig() has one line for every setting that has a value", () => {
  const paths = describeConfig(loadOk()).map((line) => line.path);
  assert.equal(new Set(paths).size, paths.length);
  for (const path of ["sources.0.topics", "sources.0.tls.verify", "meshtastic.channels"]) {
    assert.ok(paths.includes(path), path);
  }
  assert.ok(!paths.includes("sources.0.password"));
});

/** A secret that nothing else in the output could hold by chance. */
const secret = fc.string({ minLength: 6, maxLength: 12, unit: "grapheme-ascii" })
  .map((text) => `Zq9${text.replace(/[\\"\s]/g, "x")}`);

Deno.test("no secret is ever in a description or an error", () => {
  fc.assert(
    fc.property(secret, fc.integer({ min: 0, max: 9 }), (hidden, way) => {
      const q = JSON.stringify(hidden);
      const user = encodeURIComponent(hidden);
      const psk = btoa(unescape(encodeURIComponent(hidden)));
      const given = [
        yaml(`sources: [{username: u, password: ${q}}]`),
        yaml(`sources: [{url: "mqtt://u:${user}@h"}]`),
        yaml(`sources: [{url: "mqtt://u:${user}@h:99999"}]`),
        yaml(`sources: [{password: ${q}, password_file: x}]`),
        yaml(`sources: [{username: u, password: [${q}]}]`),
        yaml(`sources: ${q}`),
        yaml(`meshtastic: {channels: [${q}]}`),
        yaml(`meshtastic: {channels: [{psk: ${JSON.stringify(psk)}}], default_psk: {a: ${q}}}`),
        { env: { MALLA_MQTT_PASSWORD: hidden, MALLA_DEFAULT_CHANNEL_KEY: hidden } },
        { env: { MESHCAPTURE_SOURCES: `[{"password":${q}` } },
      ][way]!;
      const loaded = load(given);
      const said = loaded instanceof ConfigError
        ? loaded.message + JSON.stringify(loaded.problems)
        : describeAsText(loaded) + describeAsJson(loaded);
      for (const one of [hidden, user, psk]) assert.ok(!said.includes(one), said);
    }),
    { numRuns: 60 },
  );
});

Deno.test("loadConfig() never throws, whatever the file, the environment and the flags hold", () => {
  const paths = settingPaths(schemaTree(configSchema(NETWORKS)));
  const path = fc.constantFrom(...paths.map((one) => one.replace(".N", ".0")));
  const object = fc.dictionary(
    fc.oneof(
      fc.constantFrom("sources", "storage", "meshtastic", "queue", "mqtt_port", "__proto__"),
      fc.string(),
    ),
    fc.anything({ maxDepth: 3 }),
  );
  const file = fc.oneof(
    fc.string(),
    object.map((one) => {
      try {
        return JSON.stringify(one) ?? "";
      } catch {
        return "";
      }
    }),
  );
  fc.assert(
    fc.property(
      file,
      fc.dictionary(path, fc.string()),
      fc.dictionary(path, fc.string()),
      (text, env, overrides) => {
        const variables = Object.fromEntries(
          Object.entries(env).map((
            [k, v],
          ) => [`MESHCAPTURE_${k.replaceAll(".", "_").toUpperCase()}`, v]),
        );
        const loaded = load(yaml(text, { env: variables, overrides }));
        if (loaded instanceof ConfigError) assert.ok(loaded.problems.length > 0);
        else describeAsText(loaded);
      },
    ),
    { numRuns: 60 },
  );
});
