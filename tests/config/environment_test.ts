import assert from "node:assert/strict";
import { problemText } from "../../src/config/problem.ts";
import { loadBad, loadOk, yaml } from "./load_helper.ts";

Deno.test("loadConfig() reads every kind of setting from the environment", () => {
  const { config, origins } = loadOk({
    env: {
      MESHCAPTURE_STORAGE_BATCH_MAX: "500",
      MESHCAPTURE_SOURCES_0_URL: "mqtt://10.0.0.2",
      MESHCAPTURE_SOURCES_0_TOPICS: "msh/EU_868/#, msh/US/#",
      MESHCAPTURE_SOURCES_0_QOS: "0",
      MESHCAPTURE_SOURCES_0_PASSWORD: "0123",
      MESHCAPTURE_SOURCES_0_USERNAME: "u",
      MESHCAPTURE_SOURCES_0_TLS_VERIFY: "off",
      MESHCAPTURE_SOURCES_0_PROTOCOL: "5",
      MESHCAPTURE_MESHTASTIC_CHANNELS: '[{"psk":"AQ=="},{"name":"x","psk":"Ag=="}]',
      MESHCAPTURE_MESHTASTIC_DERIVED_TABLES: "true",
      MESHCAPTURE_OBSERVABILITY_LOG_LEVEL: "DEBUG",
      MESHCAPTURE_SHUTDOWN_TIMEOUT: "500ms",
      MESHCAPTURE_CAPTURE_IMPL: "shadow",
      MESHCAPTURE_QUEUE: '{"max_bytes": 2000000}',
      MESHCAPTURE_STORAGE_CACHE_KIB: "",
      PATH: "/bin",
    },
  });
  const source = config.sources[0]!;
  assert.equal(config.storage.batch_max, 500);
  assert.equal(source.url, "mqtt://10.0.0.2");
  assert.deepEqual(source.topics, ["msh/EU_868/#", "msh/US/#"]);
  assert.equal(source.qos, 0);
  assert.equal(source.password, "0123");
  assert.equal(source.tls.verify, false);
  assert.equal(source.protocol, "5");
  assert.deepEqual(config.meshtastic.channels, [{ psk: "AQ==" }, { name: "x", psk: "Ag==" }]);
  assert.equal(config.meshtastic.derived_tables, true);
  assert.equal(config.observability.log_level, "debug");
  assert.equal(config.shutdown_timeout, 0.5);
  assert.equal(config.capture_impl, "shadow");
  assert.equal(config.queue.max_bytes, 2000000);
  assert.equal(config.storage.cache_kib, 8192);
  assert.equal(origins.get("storage.cache_kib")!.kind, "default");
  assert.equal(origins.get("sources.0.topics")!.kind, "environment");
});

Deno.test("loadConfig() lays single elements over the file's list, and replaces whole lists", () => {
  const text = "sources:\n  - {name: a, url: 'mqtt://a'}\n  - {name: b, url: 'mqtt://b'}\n";
  const one = loadOk(yaml(text, { env: { MESHCAPTURE_SOURCES_1_URL: "mqtt://c" } })).config;
  assert.deepEqual(one.sources.map((s) => [s.name, s.url]), [["a", "mqtt://a"], ["b", "mqtt://c"]]);
  const env = {
    MESHCAPTURE_SOURCES: '[{"name":"z","url":"mqtt://z"}]',
    MESHCAPTURE_SOURCES_0_QOS: "0",
  };
  const all = loadOk(yaml(text, { env })).config;
  assert.deepEqual(all.sources.map((s) => [s.name, s.url, s.qos]), [["z", "mqtt://z", 0]]);
});

Deno.test("loadConfig() names the nearest variable for one that is not known", () => {
  const said = (variable: string) =>
    loadBad({ env: { [variable]: "hunter2" } }).map(problemText).join("\n");
  assert.equal(
    said("MESHCAPTURE_STORAGE_BATCHMAX"),
    "environment MESHCAPTURE_STORAGE_BATCHMAX: unknown variable; did you mean MESHCAPTURE_STORAGE_BATCH_MAX?",
  );
  assert.match(
    said("MESHCAPTURE_SOURCES_2_PASWORD"),
    /did you mean MESHCAPTURE_SOURCES_2_PASSWORD\?/,
  );
  assert.match(said("MESHCAPTURE_CONFG"), /did you mean MESHCAPTURE_CONFIG\?/);
  assert.match(said("MESHCAPTURE_XYZZY_PLUGH"), /unknown variable$/);
  assert.match(said("MESHCAPTURE_SOURCES_99999999_URL"), /unknown variable/);
});

Deno.test("loadConfig() refuses a gap in a list, and what is not JSON, without quoting it", () => {
  const gap = loadBad({ env: { MESHCAPTURE_SOURCES_1_URL: "mqtt://b" } }).map(problemText);
  assert.match(gap.join("\n"), /sources\.0: is missing; elements count from 0/);
  const env = { MESHCAPTURE_MESHTASTIC_CHANNELS: '[{"psk":"hunter2' };
  const text = loadBad({ env }).map(problemText).join("\n");
  assert.match(
    text,
    /meshtastic\.channels: is not valid JSON; allowed: JSON: a list of groups: name, psk/,
  );
  assert.doesNotMatch(text, /hunter2/);
});

Deno.test("loadConfig() takes flags by path, and names the nearest for one that is not known", () => {
  const { config, origins } = loadOk({
    overrides: {
      "sources[0].url": "mqtt://b",
      "sources.0.name": "b",
      "meshtastic.database": "x.db",
    },
    flagNames: { "meshtastic.database": "--database" },
  });
  assert.equal(config.sources[0]!.url, "mqtt://b");
  assert.equal(config.sources[0]!.name, "b");
  assert.deepEqual(origins.get("meshtastic.database"), { kind: "flag", flag: "--database" });
  const text = loadBad({ overrides: { "storage.batchmax": "1", "__proto__.x": "1", "": "1" } });
  assert.match(problemText(text[0]!), /did you mean `storage\.batch_max`/);
  assert.equal(text.length, 3);
});
