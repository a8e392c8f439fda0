import assert from "node:assert/strict";
import { originText, problemText } from "../../src/config/problem.ts";
import { joinTopic } from "../../src/meshtastic/peer_settings.ts";
import { loadBad, loadOk, yaml } from "../config/load_helper.ts";

const MALLA = `
name: "Mesh of the valley"
home_markdown: |
  # Hello
secret_key: "tops3cret"
host: 0.0.0.0
port: 5008
debug: no
database_file: /srv/malla/history.db
mqtt_broker_address: broker.example
mqtt_port: 11883
mqtt_username: valley
mqtt_password: 0815
mqtt_topic_prefix: msh/EU_868
mqtt_topic_suffix: /2/e/#
mqtt_client_id: malla-valley
default_channel_key: "AQ==, 1PG7OiApB1nwvP+rz05pAg==,not base64 at all"
log_level: WARNING
data_retention_hours: 720
trusted_proxy_ips: 10.0.0.1
trusted_proxy_client_ip_header: X-Real-IP
otlp_endpoint: ""
gunicorn_workers: 2
gunicorn_threads: 4
`;

const MESHPIPE = `
name: pipe
database_file: /data/pipe.db
mqtt_broker_address: broker.example
mqtt_username: ""
mqtt_password: ""
default_channel_key: ""
capture_store_raw: off
observability_address: ":9100"
maintenance_interval_minutes: 0
max_envelope_bytes: 0
wal_autocheckpoint_pages: 1000
journal_size_limit_bytes: 1048576
sqlite_cache_kib: 4096
sqlite_disable_mmap: true
grpc_enabled: true
grpc_listen_address: ":7443"
`;

Deno.test("loadConfig() takes Malla's file as it is", () => {
  const { config, origins, warnings, dialect } = loadOk(yaml(MALLA));
  assert.equal(dialect, "malla");
  assert.equal(config.sources.length, 1);
  const source = config.sources[0]!;
  assert.equal(source.url, "mqtt://broker.example:11883");
  assert.equal(source.username, "valley");
  assert.equal(source.password, "0815");
  assert.equal(source.client_id, "malla-valley");
  assert.deepEqual(source.topics, ["msh/EU_868/2/e/#"]);
  assert.equal(config.meshtastic.database, "/srv/malla/history.db");
  assert.deepEqual(config.meshtastic.channels, [
    { psk: "AQ==" },
    { psk: "1PG7OiApB1nwvP+rz05pAg==" },
  ]);
  assert.equal(config.meshtastic.retention_hours, 720);
  assert.equal(config.observability.log_level, "warn");
  assert.deepEqual(warnings, [
    "config.yaml:17:22 (default_channel_key): default_channel_key: key 3 is not base64; left out",
  ]);
  assert.equal(
    originText(origins.get("sources.0.url")!),
    "config.yaml:10:22 (mqtt_broker_address)",
  );
});

Deno.test("loadConfig() takes meshpipe's file as it is, and warns of what it does not serve", () => {
  const { config, warnings, dialect } = loadOk(yaml(MESHPIPE));
  assert.equal(dialect, "meshpipe");
  assert.equal(config.sources[0]!.url, "mqtt://broker.example:1883");
  assert.equal(config.sources[0]!.username, undefined);
  assert.equal(config.sources[0]!.password, undefined);
  assert.deepEqual(config.sources[0]!.topics, ["msh/+/+/+/#"]);
  assert.deepEqual(config.meshtastic.channels, []);
  assert.equal(config.meshtastic.store_raw, false);
  assert.equal(config.meshtastic.max_envelope_bytes, 268435455);
  assert.equal(config.observability.address, ":9100");
  assert.equal(config.storage.maintenance_interval_minutes, 360);
  assert.equal(config.storage.wal_autocheckpoint_pages, 1000);
  assert.equal(config.storage.journal_size_limit_bytes, 1048576);
  assert.equal(config.storage.cache_kib, 4096);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0]!,
    /^config\.yaml: accepted but not served: sqlite_disable_mmap, grpc_enabled, grpc_listen_address/,
  );
});

Deno.test("loadConfig() gives a peer's own defaults for what its file leaves out", () => {
  const { config, origins } = loadOk(yaml("mqtt_username: x\n"));
  assert.equal(config.meshtastic.database, "meshtastic_history.db");
  assert.deepEqual(config.sources[0]!.topics, ["msh/+/+/+/#"]);
  assert.equal(config.sources[0]!.url, "mqtt://127.0.0.1:1883");
  assert.equal(originText(origins.get("meshtastic.database")!), "default of Malla");
});

Deno.test("loadConfig() says that a file is a mixture of dialects", () => {
  const said = (text: string) => loadBad(yaml(text)).map(problemText).join("\n");
  assert.match(
    said("sources: []\nsecret_key: x\n"),
    /^config\.yaml:2:1: a mixture of configuration dialects: keys `sources` of meshcapture, and `secret_key` of Malla/,
  );
  assert.match(said("storage: {}\nmqtt_port: 1\n"), /`mqtt_port` of Malla and meshpipe/);
  assert.match(
    said("secret_key: x\ngrpc_enabled: no\n"),
    /`secret_key` of Malla, and `grpc_enabled` of meshpipe/,
  );
  // The flag of a dual run belongs to all of them.
  assert.equal(loadOk(yaml("secret_key: x\ncapture_impl: shadow\n")).config.capture_impl, "shadow");
  assert.equal(loadOk(yaml("storage: {}\ncapture_impl: off\n")).config.capture_impl, "off");
  assert.equal(loadOk(yaml("capture_impl: shadow\n")).dialect, "meshcapture");
});

Deno.test("loadConfig() names the nearest key of a peer's file for an unknown one", () => {
  const [problem] = loadBad(yaml("mqtt_port: 1883\nmqtt_brokr_address: x\n"));
  assert.match(
    problemText(problem!),
    /^config\.yaml:2:1: mqtt_brokr_address: unknown key in a file of Malla; did you mean `mqtt_broker_address`\?/,
  );
  const [port] = loadBad(yaml("mqtt_port: none\nsecret_key: x\n"));
  assert.match(
    problemText(port!),
    /config\.yaml:1:12 \(mqtt_port\): mqtt_port: "none": .*1 to 65535/,
  );
});

Deno.test("loadConfig() takes Malla's environment without a file", () => {
  const { config, dialect, origins, warnings } = loadOk({
    env: {
      MALLA_DATABASE_FILE: "/app/data/meshtastic_history.db",
      MALLA_MQTT_BROKER_ADDRESS: "broker.example",
      MALLA_MQTT_PORT: "1884",
      MALLA_MQTT_USERNAME: "",
      MALLA_MQTT_PASSWORD: "",
      MALLA_DEFAULT_CHANNEL_KEY: "",
      MALLA_NAME: "Malla",
      MALLA_SECRET_KEY: "x",
      MALLA_WEB_COMMAND: "/app/web",
      MALLA_WEB_PORT: "5008",
      MALLA_IMAGE: "malla:latest",
      MALLA_LOG_LEVEL: "DEBUG",
      MALLA_OBSERVABILITY_ADDRESS: ":9000",
      CAPTURE_STORE_RAW: "false",
    },
  });
  assert.equal(dialect, "malla");
  assert.equal(config.meshtastic.database, "/app/data/meshtastic_history.db");
  assert.equal(config.sources[0]!.url, "mqtt://broker.example:1884");
  assert.deepEqual(config.sources[0]!.topics, ["msh/+/+/+/#"]);
  assert.deepEqual(config.meshtastic.channels, []);
  assert.equal(config.meshtastic.store_raw, false);
  assert.equal(config.observability.log_level, "debug");
  assert.equal(config.observability.address, ":9000");
  assert.equal(
    originText(origins.get("sources.0.url")!),
    "environment MALLA_MQTT_BROKER_ADDRESS",
  );
  assert.deepEqual(warnings, []);
});

Deno.test("loadConfig() prefers MESHCAPTURE_ to MESHPIPE_ to MALLA_ to the peer's file", () => {
  const text =
    "secret_key: x\nmqtt_broker_address: a\nmqtt_port: 1\nmqtt_username: a\nlog_level: error\n";
  const { config } = loadOk(yaml(text, {
    env: {
      MALLA_MQTT_BROKER_ADDRESS: "b",
      MALLA_MQTT_USERNAME: "b",
      MALLA_LOG_LEVEL: "warning",
      MESHPIPE_MQTT_USERNAME: " c ",
      MESHPIPE_LOG_LEVEL: "info",
      MESHCAPTURE_OBSERVABILITY_LOG_LEVEL: "debug",
    },
  }));
  assert.equal(config.sources[0]!.url, "mqtt://b:1");
  const port = loadOk(yaml(text, { env: { MALLA_MQTT_PORT: "2" } }));
  assert.equal(port.config.sources[0]!.url, "mqtt://a:2");
  assert.equal(originText(port.origins.get("sources.0.url")!), "environment MALLA_MQTT_PORT");
  assert.equal(config.sources[0]!.username, "c");
  assert.equal(config.observability.log_level, "debug");
});

Deno.test("loadConfig() lays a peer's environment over the only Meshtastic source of our file", () => {
  const env = { MALLA_MQTT_BROKER_ADDRESS: "b", MALLA_DEFAULT_CHANNEL_KEY: "Ag==,Aw==" };
  const text = `sources: [{name: a, url: 'mqtts://a:8883', topics: [x/#]}]
meshtastic: {channels: [{name: n, psk: AQ==}]}`;
  const { config, dialect } = loadOk(yaml(text, { env }));
  assert.equal(dialect, "meshcapture");
  assert.equal(config.sources[0]!.url, "mqtts://b:8883");
  assert.equal(config.sources[0]!.name, "a");
  assert.deepEqual(config.sources[0]!.topics, ["x/#"]);
  assert.equal(config.meshtastic.database, "meshtastic.db");
  assert.deepEqual(config.meshtastic.channels, [{ psk: "Ag==" }, { psk: "Aw==" }]);
  const two = "sources: [{name: a}, {name: b}]";
  assert.match(
    loadBad(yaml(two, { env })).map(problemText).join("\n"),
    /environment MALLA_MQTT_BROKER_ADDRESS: sources: means the only Meshtastic source, but the file has 2/,
  );
});

Deno.test("loadConfig() keeps our defaults when a peer's variables say nothing of what to capture", () => {
  const { config, dialect } = loadOk({
    env: { CAPTURE_STORE_RAW: "0", MALLA_LOG_LEVEL: "nonsense" },
  });
  assert.equal(dialect, "meshcapture");
  assert.equal(config.meshtastic.database, "meshtastic.db");
  assert.deepEqual(config.sources[0]!.topics, ["msh/#"]);
  assert.equal(config.observability.log_level, "info");
});

Deno.test("loadConfig() refuses a peer's variable that cannot be read, and warns of a likely slip", () => {
  const text = loadBad({ env: { MESHPIPE_CAPTURE_STORE_RAW: "perhaps", MALLA_MQTT_PORT: "70000" } })
    .map(problemText).join("\n");
  assert.match(
    text,
    /environment MESHPIPE_CAPTURE_STORE_RAW: meshtastic\.store_raw: is not a truth value/,
  );
  assert.match(text, /environment MALLA_MQTT_PORT: mqtt_port: "70000": is not possible/);
  const { warnings } = loadOk({ env: { MALLA_MQTT_BROKER_ADRESS: "x" } });
  assert.match(warnings[0]!, /did you mean MALLA_MQTT_BROKER_ADDRESS\?/);
});

Deno.test("joinTopic() puts one slash between prefix and suffix", () => {
  assert.equal(joinTopic("msh", "/+/+/+/#"), "msh/+/+/+/#");
  assert.equal(joinTopic("msh/", "/+/#"), "msh/+/#");
  assert.equal(joinTopic("msh", "2/#"), "msh/2/#");
  assert.equal(joinTopic("", "/2/#"), "2/#");
  assert.equal(joinTopic("msh", ""), "msh");
  assert.equal(joinTopic("", ""), "#");
});
