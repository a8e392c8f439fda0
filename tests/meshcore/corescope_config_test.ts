import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigError } from "../../src/config/problem.ts";
import { describeAsText } from "../../src/config/describe.ts";
import { corescope, load, loadBad, loadOk, yaml } from "./config_helper.ts";

const KEY = "000102030405060708090A0B0C0D0E0F";
const source = (more: Record<string, unknown> = {}) => ({ broker: "mqtt://b.example", ...more });

Deno.test("CoreScope's file is taken as it is, every key of its ingestor", () => {
  const { config, dialect, warnings } = loadOk(corescope({
    dbPath: "x/m.db",
    mqttSources: [{
      name: "one",
      broker: "mqtts://mqtt.example:8883",
      username: "u",
      password: "p",
      rejectUnauthorized: false,
      topics: ["meshcore/SJC/#"],
      iataFilter: ["SJC"],
      connectTimeoutSec: 45,
      region: "SJC",
      _comment: "x",
    }],
    logLevel: "debug",
    channelKeysPath: "/k/keys.json",
    channelKeys: { Attic: KEY, "_comment": "no key" },
    hashChannels: ["#a", "b"],
    hashRegions: ["sjc"],
    retention: { nodeDays: 1, observerDays: -1, metricsDays: 2, packetDays: 3, clientRxDays: 4 },
    metrics: { sampleIntervalSec: 60 },
    runtime: { maxMemoryMB: 0 },
    clientRxCoverage: { enabled: true },
    geo_filter: { polygon: [[1, 2], [3, 4], [5, 6]], bufferKm: 7, latMin: -1 },
    foreignAdverts: { mode: " Drop " },
    validateSignatures: false,
    db: { vacuumOnStartup: false, incrementalVacuumPages: 9, load: { chunkSize: 1 } },
    observerIATAWhitelist: ["SJC"],
    observerBlacklist: ["B1"],
    neighborEdgesMaxAgeDays: 6,
    ingestBufferSize: 9000,
    // Of the server alone, and known to Malla as well.
    port: 3000,
    debug: true,
    branding: { siteName: "x" },
    somethingNew: [1, 2],
  }));
  assert.equal(dialect, "corescope");
  assert.deepEqual(warnings, []);
  const { tls, ...one } = config.sources[0] as unknown as Record<string, unknown>;
  assert.equal((tls as { verify: boolean }).verify, false);
  for (
    const [key, value] of Object.entries({
      name: "one",
      url: "mqtts://mqtt.example:8883",
      network: "meshcore",
      username: "u",
      password: "p",
      topics: ["meshcore/SJC/#"],
      iata_filter: ["SJC"],
      region: "SJC",
    })
  ) assert.deepEqual(one[key], value, key);
  assert.equal(config.observability.log_level, "debug");
  assert.equal(config.queue.max_messages, 9000);
  const { meshcore } = config;
  assert.deepEqual(meshcore, {
    database: "x/m.db",
    channel_keys: [{ name: "Attic", key: KEY }],
    hash_channels: ["#a", "b"],
    channel_keys_file: "/k/keys.json",
    hash_regions: ["sjc"],
    validate_signatures: false,
    client_rx_coverage: true,
    observer_blacklist: ["B1"],
    observer_iata_whitelist: ["SJC"],
    geo_filter: { polygon: [[1, 2], [3, 4], [5, 6]], buffer_km: 7, lat_min: -1 },
    foreign_adverts: "drop",
    metrics_sample_interval_seconds: 60,
    neighbor_edges_max_age_days: 6,
    prune_requests: true,
    incremental_vacuum_pages: 9,
    retention: {
      node_days: 1,
      observer_days: 0,
      metrics_days: 2,
      packet_days: 3,
      client_rx_days: 4,
    },
    stats_file: { path: "/tmp/corescope-ingestor-stats.json", mode: "0600" },
  });
});

Deno.test("CoreScope's own defaults hold with a file of its", () => {
  const { config } = loadOk({
    ...corescope({ hashChannels: [] }),
    configFile: "config.json",
  });
  assert.equal(config.meshcore.database, "data/meshcore.db");
  assert.equal(config.meshcore.channel_keys_file, "channel-rainbow.json");
  const [only, ...more] = config.sources;
  assert.deepEqual(more, []);
  assert.equal(only!.url, "mqtt://localhost:1883");
  assert.equal(only!.name, "local");
  assert.deepEqual(only!.topics, ["meshcore/#"]);
});

Deno.test("the usual keys file lies beside the configuration", () => {
  const files = { "/opt/app/config.json": '{"dbPath":"a.db"}' };
  const { config } = loadOk({ files, configFile: "/opt/app/config.json" });
  assert.equal(config.meshcore.channel_keys_file, "/opt/app/channel-rainbow.json");
});

Deno.test("numbers that mean a default to CoreScope mean it here", () => {
  const { config } = loadOk(corescope({
    dbPath: "",
    retention: { nodeDays: 0, observerDays: 0, metricsDays: -3, packetDays: -1, clientRxDays: 0 },
    metrics: { sampleIntervalSec: 0 },
    neighborEdgesMaxAgeDays: 0,
    ingestBufferSize: 10,
  }));
  const { retention } = config.meshcore;
  assert.deepEqual(Object.values(retention), [7, 14, 30, 0, 0]);
  assert.equal(config.meshcore.metrics_sample_interval_seconds, 300);
  assert.equal(config.meshcore.neighbor_edges_max_age_days, 5);
  assert.equal(config.queue.max_messages, 2000, "enough for a batch");
});

Deno.test("the old mqtt object makes one source whose overlapping topics are merged", () => {
  const topics = (mqtt: unknown) => loadOk(corescope({ mqtt })).config.sources[0]!.topics;
  const broker = "mqtt://b.example";
  assert.deepEqual(topics({ broker, topic: "meshcore/+/+/packets" }), ["meshcore/#"]);
  assert.deepEqual(topics({ broker, topic: "other/#" }), ["other/#", "meshcore/#"]);
  assert.deepEqual(topics({ broker }), ["meshcore/#"]);
  assert.deepEqual(topics({ broker, topic: "#" }), ["#"]);
});

Deno.test("mqtt does not count when mqttSources has a source", () => {
  const given = { mqtt: { broker: "mqtt://old" }, mqttSources: [source()] };
  const { config } = loadOk(corescope(given));
  assert.deepEqual(config.sources.map((one) => one.url), ["mqtt://b.example"]);
  const empty = loadOk(corescope({ ...given, mqttSources: [] }));
  assert.deepEqual(empty.config.sources.map((one) => one.url), ["mqtt://old"]);
});

Deno.test("schemes of CoreScope's client library are translated", () => {
  const url = (broker: string) =>
    loadOk(corescope({ mqttSources: [{ broker }] })).config.sources[0]!.url;
  assert.equal(url("tcp://h:1"), "mqtt://h:1");
  assert.equal(url("ssl://h:1"), "mqtts://h:1");
  assert.equal(url("TLS://h"), "mqtts://h");
  assert.equal(url("wss://h/mqtt"), "wss://h/mqtt");
});

Deno.test("sources without a name, or with the same one, get names of their own", () => {
  const { config, warnings } = loadOk(corescope({
    mqttSources: [
      source({ broker: "mqtt://me:secret@b.example:1" }),
      source({ name: "a" }),
      source({ name: "a" }),
    ],
  }));
  assert.deepEqual(config.sources.map((one) => one.name), ["mqtt://b.example:1", "a", "a-2"]);
  assert.equal(config.sources[0]!.username, "me");
  assert.equal(config.sources[0]!.password, "secret");
  assert.equal(warnings.length, 1);
  assert.doesNotMatch(warnings.join(), /secret/);
});

Deno.test("a user name beside the one in the address wins, as it does in CoreScope", () => {
  const given = source({ broker: "mqtt://a:b@h", username: "u", password: "p" });
  const [one] = loadOk(corescope({ mqttSources: [given] })).config.sources;
  assert.deepEqual([one!.username, one!.password, one!.url], ["u", "p", "mqtt://h"]);
});

Deno.test("keys are found whatever their case, as Go finds them", () => {
  const { config } = loadOk(corescope({ dbPath: "a.db", HASHCHANNELS: ["x"] }));
  assert.deepEqual(config.meshcore.hash_channels, ["x"]);
});

Deno.test("JSON that stands twice or is indented by tabs is read as CoreScope reads it", () => {
  const text =
    '{\n\t"_comment": "a",\n\t"_comment": "b",\n\t"dbPath": "first.db",\n\t"dbPath": "t.db"\n}';
  assert.equal(loadOk(corescope(text)).config.meshcore.database, "t.db");
  const ours = loadBad({ files: { "config.yaml": '{"queue": {}, "queue": {}}' } });
  assert.match(ours[0]!.message, /given twice/);
});

Deno.test("the environment of CoreScope counts over its file", () => {
  const { config } = loadOk(corescope({
    dbPath: "a.db",
    channelKeysPath: "b.json",
    mqttSources: [source({ name: "x" }), source({ name: "y" })],
  }, {
    DB_PATH: "/e/e.db",
    MQTT_BROKER: "ssl://e.example",
    CHANNEL_KEYS_PATH: "/e/k.json",
    CORESCOPE_INGESTOR_STATS: "/e/s.json",
  }));
  assert.equal(config.meshcore.database, "/e/e.db");
  assert.equal(config.meshcore.channel_keys_file, "/e/k.json");
  assert.equal(config.meshcore.stats_file.path, "/e/s.json");
  const seen = config.sources.map(({ name, url, topics }) => ({ name, url, topics }));
  assert.deepEqual(seen, [{ name: "env", url: "mqtts://e.example", topics: ["meshcore/#"] }]);
});

Deno.test("generic variables count without a file only where they speak of CoreScope", () => {
  const generic = { MQTT_BROKER: "mqtt://e", DB_PATH: "/e.db" };
  const plain = loadOk({ env: generic });
  assert.equal(plain.dialect, "meshcapture");
  assert.equal(plain.config.meshcore.database, "meshcore.db");
  assert.match(plain.warnings.join(), /MQTT_BROKER has no effect/);

  for (const clear of [{ MQTT_TOPIC: "meshcore/SJC/#" }, { CORESCOPE_INGESTOR_STATS: "/s" }]) {
    const { config, dialect } = loadOk({ env: { ...generic, ...clear } });
    assert.equal(dialect, "corescope");
    assert.equal(config.meshcore.database, "/e.db");
    assert.equal(config.sources[0]!.url, "mqtt://e");
    assert.equal(config.sources[0]!.network, "meshcore");
  }
  const own = loadOk({
    ...yaml("sources: [{network: meshcore}]"),
    env: { ...generic, MQTT_TOPIC: "meshcore/#", CORESCOPE_INGESTOR_STATS: "/s" },
  });
  assert.equal(own.config.meshcore.database, "meshcore.db", "our own file is ours");
  assert.equal(own.config.sources[0]!.url, "mqtt://127.0.0.1:1883");
  assert.equal(own.config.meshcore.stats_file.path, "/s", "a name that nobody else has");
});

Deno.test("our own variables and flags win over CoreScope's", () => {
  const { config } = loadOk({
    ...corescope({ dbPath: "a.db" }, { DB_PATH: "b.db", MESHCAPTURE_MESHCORE_DATABASE: "c.db" }),
    overrides: { "meshcore.retention.packet_days": "5" },
  });
  assert.equal(config.meshcore.database, "c.db");
  assert.equal(config.meshcore.retention.packet_days, 5);
});

Deno.test("Malla's variables add a Meshtastic source beside CoreScope's file", () => {
  const given = corescope({ mqttSources: [source({ name: "x" })] }, {
    MALLA_MQTT_BROKER_ADDRESS: "10.0.0.1",
  });
  const seen = loadOk(given).config.sources.map(({ name, network }) => [name, network]);
  assert.deepEqual(seen, [["x", "meshcore"], ["meshtastic", "meshtastic"]]);
});

Deno.test("what cannot be served warns", () => {
  const { warnings } = loadOk(corescope({
    db: { vacuumOnStartup: true },
    runtime: { maxMemoryMB: 512 },
    logLevel: "loud",
    channelKeys: { Bad: "abc" },
  }, { ENABLE_PPROF: "true", CORESCOPE_DB_SLOW_WRITER_MS: "5" }));
  const said = warnings.join("\n");
  for (const word of ["vacuumOnStartup", "maxMemoryMB", "logLevel", '"Bad"', "ENABLE_PPROF"]) {
    assert.ok(said.includes(word), word);
  }
  assert.ok(said.includes("CORESCOPE_DB_SLOW_WRITER_MS"));
  assert.match(said, /config\.json:\d+:\d+/);
});

Deno.test("values of the wrong type are problems with their places, as they end CoreScope", () => {
  const problems = loadBad(corescope({
    dbPath: 7,
    mqttSources: [{ name: "a" }, source({ topics: "meshcore/#" })],
    retention: { nodeDays: "7" },
    channelKeys: ["x"],
    geo_filter: { polygon: [[1, 2], "here"] },
  }));
  const paths = problems.map((one) => one.path).sort();
  assert.deepEqual(paths, [
    "channelKeys",
    "dbPath",
    "meshcore.geo_filter.polygon.1",
    "mqttSources.0",
    "nodeDays",
    "topics",
  ]);
  assert.ok(problems.every((one) => one.origin.kind === "file" && one.origin.line > 0));
});

Deno.test("an area of CoreScope's file that no node can be in is told by its names there, for CoreScope starts on it", () => {
  const { warnings } = loadOk(corescope({
    dbPath: "a.db",
    geo_filter: { latMin: 38, latMax: 37, lonMin: 1, lonMax: 2 },
  }));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^config\.json:5:\d+ \(geo_filter\.latMax\): .*38: no node/);
});

Deno.test("a file with keys of CoreScope and of ours or Malla's is a mixture", () => {
  for (const other of [{ meshtastic: {} }, { mqtt_broker_address: "x" }]) {
    const [problem] = loadBad(corescope({ dbPath: "a.db", ...other }));
    assert.match(problem!.message, /mixture/);
  }
  assert.equal(loadOk({ files: { "config.yaml": "port: 5008\n" } }).dialect, "malla");
});

Deno.test("passwords and keys of CoreScope's file are never shown", () => {
  const password = "hunter2hunter2";
  const content = {
    mqttSources: [source({ broker: `mqtt://u:${password}@h`, name: "" })],
    channelKeys: { a: KEY },
  };
  const loaded = loadOk(corescope(content));
  assert.doesNotMatch(describeAsText(loaded), new RegExp(`${password}|${KEY}`));
  const bad = loadBad(corescope({
    mqttSources: [source({ broker: `mqtt//u:${password}@h`, password: [password] })],
    channelKeys: { a: { b: KEY } },
  }));
  assert.doesNotMatch(JSON.stringify(bad), new RegExp(`${password}|${KEY}`));
});

Deno.test("no file with a key of CoreScope makes the loader throw", () => {
  fc.assert(fc.property(fc.json(), fc.json(), fc.json(), (a, b, c) => {
    const text = `{"dbPath": ${a}, "mqttSources": [${b}], "geo_filter": ${c}, "channelKeys": ${b}}`;
    const loaded = load(corescope(text));
    if (loaded instanceof ConfigError) assert.ok(loaded.problems.length > 0);
    else assert.equal(loaded.dialect, "corescope");
  }));
});
