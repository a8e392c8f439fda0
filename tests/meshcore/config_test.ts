import assert from "node:assert/strict";
import { exampleFile, generateConfigFiles } from "../../src/config/generate.ts";
import { describeAsText } from "../../src/config/describe.ts";
import { problemText } from "../../src/config/problem.ts";
import { loadBad, loadOk, NETWORKS, yaml } from "./config_helper.ts";

const KEY = "000102030405060708090a0b0c0d0e0f";

Deno.test("the meshcore section has its defaults when nothing is said", () => {
  const { config } = loadOk(yaml("sources: [{network: meshcore}]"));
  assert.deepEqual(config.sources[0]!.topics, ["meshcore/#"]);
  assert.equal(config.meshcore.database, "meshcore.db");
  assert.equal(config.meshcore.validate_signatures, true);
  assert.equal(config.meshcore.foreign_adverts, "flag");
  assert.equal(config.meshcore.stats_file.path, undefined);
  assert.equal(config.meshcore.stats_file.mode, "0600");
  assert.deepEqual(config.meshcore.retention, {
    node_days: 7,
    observer_days: 14,
    metrics_days: 30,
    packet_days: 0,
    client_rx_days: 0,
  });
});

Deno.test("the meshcore section takes every setting from our own file", () => {
  const { config, warnings } = loadOk(yaml(`
sources:
  - {name: a, network: meshtastic}
  - {name: b, network: meshcore, iata_filter: [SJC, SFO], region: SJC}
meshcore:
  database: /data/mc.db
  channel_keys: [{name: Attic, key: "${KEY}"}]
  hash_channels: [test, "#bot"]
  channel_keys_file: keys.json
  hash_regions: [bay]
  validate_signatures: false
  client_rx_coverage: true
  observer_blacklist: [abc]
  observer_iata_whitelist: [sjc]
  geo_filter: {polygon: [[38, -122.8], [38, -121.5], [37, -121.5]], buffer_km: 20, lat_min: 1}
  foreign_adverts: drop
  metrics_sample_interval_seconds: 60
  neighbor_edges_max_age_days: 9
  prune_requests: false
  incremental_vacuum_pages: 7
  retention: {node_days: 1, observer_days: 0, metrics_days: 3, packet_days: 4, client_rx_days: 5}
  stats_file: {path: /run/stats.json, mode: 0640}
`));
  assert.deepEqual(warnings, []);
  const source = config.sources[1] as unknown as Record<string, unknown>;
  assert.deepEqual(source["iata_filter"], ["SJC", "SFO"]);
  assert.equal(source["region"], "SJC");
  assert.deepEqual(config.meshcore.channel_keys, [{ name: "Attic", key: KEY }]);
  assert.deepEqual(config.meshcore.geo_filter.polygon[1], [38, -121.5]);
  assert.deepEqual(config.meshcore.stats_file, { path: "/run/stats.json", mode: "0640" });
  assert.equal(config.meshcore.retention.observer_days, 0);
});

Deno.test("a setting of a MeshCore source is refused when the source is one of Meshtastic", () => {
  const [problem, ...more] = loadBad(yaml("sources: [{region: SJC}]"));
  assert.deepEqual(more, []);
  assert.equal(problem!.path, "sources.0.region");
  assert.match(problem!.message, /setting of MeshCore; this source is one of Meshtastic/);
});

Deno.test("overlapping topic filters are a warning for MeshCore and an error for Meshtastic", () => {
  const topics = 'topics: ["a/+/x", "a/b/#"]';
  const { warnings } = loadOk(yaml(`sources: [{network: meshcore, ${topics}}]`));
  assert.match(warnings.join(), /sources\.0\.topics: .*overlap.*merged/);
  const problems = loadBad(yaml(`sources: [{network: meshtastic, ${topics}}]`));
  assert.match(problems[0]!.message, /overlap/);
});

Deno.test("what is wrong in the meshcore section is told with its place and without keys", () => {
  const problems = loadBad(yaml(`
sources: [{network: meshcore}]
meshcore:
  channel_keys: [{name: a, key: secretsecret}]
  geo_filter: {polygon: [[91, 0]]}
  stats_file: {mode: 999}
  hash_chanels: [x]
`));
  const paths = problems.map((one) => one.path).sort();
  assert.deepEqual(paths, [
    "meshcore.channel_keys.0.key",
    "meshcore.geo_filter.polygon.0.0",
    "meshcore.hash_chanels",
    "meshcore.stats_file.mode",
  ]);
  assert.doesNotMatch(JSON.stringify(problems), /secretsecret/);
  assert.match(JSON.stringify(problems), /hash_channels/);
});

const area = (text: string) => yaml(`meshcore: {geo_filter: {${text}}}`);

Deno.test("an area that no node can be in is refused", () => {
  const said = (text: string) => loadBad(area(text)).map(problemText).join("\n");
  const box = "lat_min: 37, lat_max: 38, lon_min: -123, lon_max: -121";
  assert.deepEqual(loadOk(area(box)).warnings, []);
  assert.equal(
    said("lat_min: 38, lat_max: 37, lon_min: -123, lon_max: -121"),
    "config.yaml:1:47: meshcore.geo_filter.lat_max: 37 is less than lat_min, 38: no node could be in the area",
  );
  assert.match(
    said("lat_min: -20, lat_max: -15, lon_min: 176, lon_max: -178"),
    /meshcore\.geo_filter\.lon_max: -178 is less than lon_min, 176: .*cannot span the date line$/,
  );
  // Two sides that contradict each other are a mistake, even where the others are still to come.
  assert.match(said("lat_min: 38, lat_max: 37"), /lat_max: 37 is less than lat_min, 38/);
});

Deno.test("an area that has no effect is a warning", () => {
  const { warnings } = loadOk(area("lat_min: 37, lat_max: 38, lon_min: -123"));
  assert.deepEqual(warnings, [
    "meshcore.geo_filter: the box has no effect without lon_max; it needs all four sides",
  ]);
  const two = loadOk(area("lon_min: 37, polygon: [[1, 2], [3, 4]]")).warnings;
  assert.deepEqual(two, [
    "meshcore.geo_filter.polygon has no effect: it has 2 corners, and an area needs three",
    "meshcore.geo_filter: the box has no effect without lat_min, lat_max and lon_max; it needs all four sides",
  ]);
  assert.match(loadOk(area("polygon: [[1, 2]]")).warnings.join(), /it has 1 corner, and/);
  assert.deepEqual(loadOk(area("polygon: []")).warnings, []);
  // A polygon wins over the box, so the box is not missed.
  const polygon = "polygon: [[1, 2], [3, 4], [5, 6]]";
  assert.deepEqual(loadOk(area(`${polygon}, lat_min: 37, lat_max: 36`)).warnings, []);
});

Deno.test("variables reach the section's lists and the sources' own settings", () => {
  const { config } = loadOk({
    env: {
      MESHCAPTURE_SOURCES_0_NETWORK: "meshcore",
      MESHCAPTURE_SOURCES_0_IATA_FILTER: "SJC, SFO",
      MESHCAPTURE_MESHCORE_HASH_CHANNELS: "#a,b",
      MESHCAPTURE_MESHCORE_GEO_FILTER_POLYGON: "[[1,2],[3,4],[5,6]]",
      MESHCAPTURE_MESHCORE_STATS_FILE_MODE: "0644",
    },
  });
  assert.deepEqual((config.sources[0] as { iata_filter?: unknown }).iata_filter, ["SJC", "SFO"]);
  assert.deepEqual(config.meshcore.hash_channels, ["#a", "b"]);
  assert.deepEqual(config.meshcore.geo_filter.polygon, [[1, 2], [3, 4], [5, 6]]);
  assert.equal(config.meshcore.stats_file.mode, "0644");
});

Deno.test("channel keys are never shown", () => {
  const loaded = loadOk(yaml(`meshcore: {channel_keys: [{name: a, key: "${KEY}"}]}`));
  assert.doesNotMatch(describeAsText(loaded), new RegExp(KEY));
});

Deno.test("the generated example of both networks loads and says what is the default anyway", () => {
  const example = loadOk(yaml(exampleFile(NETWORKS))).config;
  assert.deepEqual(example, loadOk({}).config);
  const page = generateConfigFiles(NETWORKS).find((one) => one.path.endsWith(".md"))!.text;
  assert.match(page, /### CoreScope/);
  assert.match(page, /`sources\.N\.iata_filter`/);
});
