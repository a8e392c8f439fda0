import assert from "node:assert/strict";
import { ConfigError, originText, problemText } from "../../src/config/problem.ts";
import { load, loadBad, loadOk, yaml } from "./load_helper.ts";

Deno.test("loadConfig() gives the defaults when there is no file", () => {
  const { config, warnings, dialect, file } = loadOk();
  assert.equal(config.sources.length, 1);
  const source = config.sources[0]!;
  assert.equal(source.name, "default");
  assert.equal(source.url, "mqtt://127.0.0.1:1883");
  assert.equal(source.network, "meshtastic");
  assert.deepEqual(source.topics, ["msh/#"]);
  assert.equal(source.qos, 1);
  assert.equal(source.protocol, "auto");
  assert.equal(source.keepalive_seconds, 60);
  assert.equal(source.reconnect.max_attempts, undefined);
  assert.equal(source.tls.verify, true);
  assert.deepEqual(config.meshtastic, {
    database: "meshtastic.db",
    channels: [],
    default_psk: "AQ==",
    store_raw: true,
    max_envelope_bytes: 262144,
    indexes: "full",
    derived_tables: "auto",
    retention_hours: 0,
  });
  assert.deepEqual(config.storage, {
    batch_max: 2000,
    commit_interval_ms: 100,
    integrity_check_interval_hours: 24,
    synchronous: "FULL",
    maintenance_interval_minutes: 360,
    wal_autocheckpoint_pages: 16000,
    journal_size_limit_bytes: 67108864,
    cache_kib: 8192,
    busy_timeout_ms: 30000,
  });
  assert.deepEqual(config.observability, {
    address: ":2112",
    log_level: "info",
    log_format: "text",
    metrics_prefix: "meshcapture_",
    page_access: "local",
    page_hosts: [],
  });
  assert.equal(config.capture_impl, "meshcapture");
  assert.equal(config.shutdown_timeout, 8);
  assert.deepEqual(warnings, []);
  assert.equal(dialect, "meshcapture");
  assert.equal(file, undefined);
});

Deno.test("loadConfig() prefers flag to environment to file to default", () => {
  const text = "storage:\n  batch_max: 1\n  cache_kib: 100\n  commit_interval_ms: 7\n";
  const { config, origins } = loadOk(yaml(text, {
    env: { MESHCAPTURE_STORAGE_BATCH_MAX: "2", MESHCAPTURE_STORAGE_CACHE_KIB: "200" },
    overrides: { "storage.batch_max": "3" },
  }));
  assert.equal(config.storage.batch_max, 3);
  assert.equal(config.storage.cache_kib, 200);
  assert.equal(config.storage.commit_interval_ms, 7);
  assert.equal(config.storage.synchronous, "FULL");
  const shown = (path: string) => originText(origins.get(path)!);
  assert.equal(shown("storage.batch_max"), "flag --set storage.batch_max");
  assert.equal(shown("storage.cache_kib"), "environment MESHCAPTURE_STORAGE_CACHE_KIB");
  assert.equal(shown("storage.commit_interval_ms"), "config.yaml:4:23");
  assert.equal(shown("storage.synchronous"), "default");
});

Deno.test("loadConfig() reads JSON, also indented with tabs", () => {
  const json = JSON.stringify({ storage: { batch_max: 9 }, sources: [{ qos: 0 }] }, null, "\t");
  const { config } = loadOk({ files: { "c.json": json }, configFile: "c.json" });
  assert.equal(config.storage.batch_max, 9);
  assert.equal(config.sources[0]!.qos, 0);
});

Deno.test("loadConfig() finds the file by flag, then MESHCAPTURE_CONFIG, then the peers' variables", () => {
  const files = {
    a: "storage: {batch_max: 1}",
    b: "storage: {batch_max: 2}",
    c: "storage: {batch_max: 3}",
    d: "storage: {batch_max: 4}",
    "config.yaml": "storage: {batch_max: 5}",
  };
  const all = { MESHCAPTURE_CONFIG: "b", MESHPIPE_CONFIG_FILE: "c", MALLA_CONFIG_FILE: "d" };
  const { MESHCAPTURE_CONFIG: _b, ...two } = all;
  const { MESHPIPE_CONFIG_FILE: _c, ...one } = two;
  const batch = (given: Parameters<typeof loadOk>[0]) => loadOk(given).config.storage.batch_max;
  assert.equal(batch({ files, configFile: "a", env: all }), 1);
  assert.equal(batch({ files, env: all }), 2);
  assert.equal(batch({ files, env: two }), 3);
  assert.equal(batch({ files, env: one }), 4);
  assert.equal(batch({ files, env: { MESHCAPTURE_CONFIG: "" } }), 5);
  assert.equal(loadOk({ files, configFile: "/etc/mesh/a" }).file, "/etc/mesh/a");
});

Deno.test("loadConfig() refuses a named file that is missing", () => {
  const named = [
    { configFile: "x.yaml" },
    { env: { MESHCAPTURE_CONFIG: "x.yaml" } },
    { env: { MALLA_CONFIG_FILE: "x.yaml" } },
  ];
  for (const given of named) {
    const [problem] = loadBad(given);
    assert.match(
      problemText(problem!),
      /(--config|_CONFIG(_FILE)?): "x\.yaml": there is no such file/,
    );
  }
  const [unreadable] = loadBad({
    configFile: "x",
    readFile: () => {
      throw new Error("permission denied");
    },
  });
  assert.match(unreadable!.message, /cannot be read: permission denied/);
});

Deno.test("loadConfig() reports all problems at once, each with place, path, value and what is allowed", () => {
  const text = `
storage:
  batch_maxx: 5
  synchronous: SOMETIMES
  cache_kib: "many"
sources:
  - url: http://x
    qos: 2
    topics: [msh/#/x]
batch_max: 3
`;
  const lines = loadBad(yaml(text, {
    env: { MESHCAPTURE_QUEUE_MAX_MESSAGES: "lots" },
    overrides: { "observability.log_level": "loud" },
  })).map(problemText);
  const expected = [
    "config.yaml:3:3: storage.batch_maxx: 5: unknown key; did you mean `storage.batch_max`?; allowed: batch_max, ",
    "config.yaml:10:1: batch_max: unknown key; did you mean `storage.batch_max`?",
    'config.yaml:4:16: storage.synchronous: "SOMETIMES": is not allowed; allowed: FULL | NORMAL',
    'config.yaml:5:14: storage.cache_kib: "many": is not allowed; allowed: a whole number, 64 to 16777216',
    'config.yaml:7:10: sources.0.url: "http://x": has a scheme that is not known; allowed: mqtt://',
    "config.yaml:8:10: sources.0.qos: 2: is not allowed; allowed: 0 | 1",
    'config.yaml:9:14: sources.0.topics.0: "msh/#/x": has a # that is not alone in the last level',
    'environment MESHCAPTURE_QUEUE_MAX_MESSAGES: queue.max_messages: "lots": is not allowed; allowed: a whole number, 100 to 10000000',
    'flag --set observability.log_level: observability.log_level: "loud": is not allowed; allowed: debug | info | warn | error',
  ];
  for (const one of expected) {
    assert.ok(lines.some((line) => line.startsWith(one)), `${one}\nnot in\n${lines.join("\n")}`);
  }
  assert.equal(lines.length, expected.length);
});

Deno.test("loadConfig() tells line and column of YAML errors without quoting the text", () => {
  const cases: [string, RegExp][] = [
    ["sources:\n  - password: *hunter2\n", /config\.yaml:2:15: not valid YAML: an alias/],
    [
      "sources:\n  - password: 'hunter2\n",
      /config\.yaml:3:1: not valid YAML: a character is missing/,
    ],
    [
      "storage:\n  cache_kib: 1\n  cache_kib: 2\n",
      /config\.yaml:3:3: not valid YAML: .*given twice/,
    ],
    ["storage:\n\tcache_kib: 100\n", /config\.yaml:\d+:\d+: not valid YAML/],
    ["sources:\n  - password: @hunter2\n", /config\.yaml:2:15: not valid YAML: .* in quotes/],
    ["hunter2", /the file holds no settings/],
    ["- hunter2", /the file holds no settings/],
  ];
  for (const [text, expected] of cases) {
    const said = loadBad(yaml(text)).map(problemText).join("\n");
    assert.match(said, expected);
    assert.doesNotMatch(said, /hunter2/);
  }
});

Deno.test("loadConfig() survives a file that multiplies itself by aliases", () => {
  let text = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (let i = 0; i < 9; i++) {
    const [from, to] = ["abcdefghij"[i]!, "abcdefghij"[i + 1]!];
    text += `${to}: &${to} [${Array(9).fill(`*${from}`).join(", ")}]\n`;
  }
  assert.ok(load(yaml(text)) instanceof ConfigError);
  assert.ok(load(yaml("storage: &x [*x]")) instanceof ConfigError);
  assert.ok(load(yaml("storage: " + "[".repeat(500) + "]".repeat(500))) instanceof ConfigError);
});

Deno.test("loadConfig() survives JSON that is nested beyond what can be made text", () => {
  const lists = "[".repeat(20_000) + "]".repeat(20_000);
  const odd = '{"a":'.repeat(30) + '{"toString":1}' + "}".repeat(30);
  // CoreScope's file may hold what it likes; ours may not.
  for (const text of [lists, odd]) {
    assert.ok(load(yaml(`{"sources": {"toString": ${text}}}`)) instanceof ConfigError);
    assert.ok(load({ env: { MESHCAPTURE_SOURCES: text } }) instanceof ConfigError);
    const shared = load(yaml(`{"mqttSources": [], "areas": ${text}}`));
    assert.ok(!(shared instanceof ConfigError), String(shared));
  }
});

Deno.test("loadConfig() takes keys without a value as unset, and an empty file as none", () => {
  const { config } = loadOk(yaml("storage:\nmeshtastic:\n  database:\n  channels: ~\n"));
  assert.equal(config.meshtastic.database, "meshtastic.db");
  assert.equal(loadOk(yaml("")).config.storage.batch_max, 2000);
  assert.equal(loadOk(yaml("# nothing\n")).config.storage.batch_max, 2000);
  assert.equal(loadOk(yaml("\uFEFFstorage: {batch_max: 3}")).config.storage.batch_max, 3);
});

Deno.test("loadConfig() keeps a number as it is written where text is wanted", () => {
  const { config } = loadOk(yaml("sources:\n  - {username: 007, password: 0123, protocol: 5}\n"));
  assert.equal(config.sources[0]!.username, "007");
  assert.equal(config.sources[0]!.password, "0123");
  assert.equal(config.sources[0]!.protocol, "5");
});

Deno.test("loadConfig() takes shutdown_timeout as seconds or as a duration", () => {
  const seconds = (text: string) =>
    loadOk(yaml(`shutdown_timeout: ${text}`)).config.shutdown_timeout;
  assert.equal(seconds("5"), 5);
  assert.equal(seconds("8s"), 8);
  assert.equal(seconds("'8'"), 8);
  assert.equal(seconds("500ms"), 0.5);
  assert.equal(seconds("1.5 m"), 90);
  for (const bad of ["0", "8h", "-1", "2000m", "soon"]) {
    assert.match(problemText(loadBad(yaml(`shutdown_timeout: ${bad}`))[0]!), /such as 8s/);
  }
});

Deno.test("loadConfig() moves user information out of an address", () => {
  const { config, origins } = loadOk(yaml("sources: [{url: 'mqtt://me:p%40ss@host:1884'}]"));
  assert.equal(config.sources[0]!.url, "mqtt://host:1884");
  assert.equal(config.sources[0]!.username, "me");
  assert.equal(config.sources[0]!.password, "p@ss");
  assert.equal(originText(origins.get("sources.0.password")!), "config.yaml:1:17");
});

Deno.test("loadConfig() completes the prefix of the metrics, and takes names in any case", () => {
  const { config } = loadOk(
    yaml("observability: {metrics_prefix: meshpipe_capture, log_level: WARNING, log_format: JSON}"),
  );
  assert.equal(config.observability.metrics_prefix, "meshpipe_capture_");
  assert.equal(config.observability.log_level, "warn");
  assert.equal(config.observability.log_format, "json");
});

Deno.test("loadConfig() accepts the addresses that it names, and no others", () => {
  const at = (address: string) => load({ overrides: { "observability.address": address } });
  for (const good of [":2112", "127.0.0.1:0", "[::1]:65535", "host.example:80", "off"]) {
    assert.ok(!(at(good) instanceof ConfigError), good);
  }
  for (const bad of ["2112", ":65536", "::1:80", "host", "", "a b:1", ":"]) {
    assert.ok(at(bad) instanceof ConfigError, bad);
  }
});
