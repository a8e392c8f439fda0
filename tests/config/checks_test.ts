import assert from "node:assert/strict";
import { problemText } from "../../src/config/problem.ts";
import { loadBad, loadOk, yaml } from "./load_helper.ts";

const said = (text: string) => loadBad(yaml(text)).map(problemText).join("\n");

Deno.test("loadConfig() refuses overlapping filters of one source, naming both", () => {
  assert.match(
    said("sources:\n  - topics: [msh/#, 'other/#', msh/EU_868/#]\n"),
    /config\.yaml:2:\d+: sources\.0\.topics: the filters "msh\/#" and "msh\/EU_868\/#" overlap/,
  );
  // Two sources are two brokers.
  loadOk(yaml("sources:\n  - {name: a, topics: [msh/#]}\n  - {name: b, topics: [msh/#]}\n"));
  loadOk(yaml("sources:\n  - {topics: [msh/EU_868/#, msh/US/#]}\n"));
});

Deno.test("loadConfig() refuses two sources of one name", () => {
  assert.match(
    said("sources: [{name: a}, {name: b}, {name: a}]"),
    /sources 0 and 2 are both named "a"/,
  );
  assert.match(said("sources: [{}, {}]"), /give each source a name/);
});

Deno.test("loadConfig() refuses a password given twice", () => {
  const text = "sources: [{username: u, password: hunter2, password_file: /p}]";
  assert.match(said(text), /sources\.0\.password_file: both password and password_file are given/);
  assert.doesNotMatch(said(text), /hunter2/);
  const inUrl = "sources: [{url: 'mqtt://u:hunter2@h', password: hunter3}]";
  assert.match(said(inUrl), /sources\.0\.url: a password is given in url and beside it/);
  assert.doesNotMatch(said(inUrl), /hunter/);
  assert.match(
    said("sources: [{url: 'mqtt://u@h', username: v}]"),
    /user name is also given in url/,
  );
});

Deno.test("loadConfig() refuses one client id twice at one broker", () => {
  const two = (a: string, b: string) =>
    `sources: [{name: a, url: '${a}', client_id: x}, {name: b, url: '${b}', client_id: x}]`;
  assert.match(said(two("mqtt://h:1", "mqtt://h:1")), /would take over the other's connection/);
  loadOk(yaml(two("mqtt://h:1", "mqtt://h:2")));
});

Deno.test("loadConfig() refuses one database for two networks, however its path is written", () => {
  const two = (a: string, b: string) =>
    `{meshtastic: {database: ${a}}, meshcore: {database: ${b}}}`;
  for (const other of ["same.db", "./same.db", "data/../same.db", "/etc/mesh/same.db"]) {
    assert.match(
      said(two("same.db", other)),
      /meshcore\.database: meshtastic has the same database; each network needs its own/,
      other,
    );
  }
  loadOk(yaml(two("same.db", "data/same.db")));
  // The default of the other.
  assert.match(said("meshcore: {database: ./meshtastic.db}"), /meshcore\.database: meshtastic has/);
  assert.match(said("meshtastic: {database: meshcore.db}"), /meshtastic\.database: meshcore has/);
});

Deno.test("loadConfig() refuses bounds that contradict each other", () => {
  assert.match(
    said("sources: [{reconnect: {min_ms: 90000}}]"),
    /reconnect.*less than min_ms, 90000/,
  );
  assert.match(said("storage: {batch_max: 30000}"), /queue\.max_messages: 20000 is less than/);
  assert.match(said("sources: [{tls: {cert_file: /c}}]"), /key_file is missing/);
  assert.match(said("sources: []"), /sources: an empty list: is not allowed/);
});

Deno.test("loadConfig() warns of settings that have no effect", () => {
  const { warnings } = loadOk(yaml("sources: [{password: x, tls: {ca_file: /ca}}]"));
  assert.equal(warnings.length, 2);
  assert.match(warnings.join("\n"), /mqtt:\/\/ is not encrypted/);
  assert.match(warnings.join("\n"), /password but no username/);
});

Deno.test("loadConfig() takes a token for the page that is worth the name, once", () => {
  const page = (text: string) => `observability: {${text}}`;
  const token = "correct-horse-battery";
  loadOk(yaml(page(`token: ${token}, page_access: token`)));
  assert.match(
    said(page(`token: ${token}, token_file: /p`)),
    /observability\.token_file: both token and token_file are given/,
  );
  assert.match(said(page("page_access: token")), /nobody could look at the page/);
  for (const bad of ["short-token-15c", "with spaces in between"]) {
    const text = said(page(`token: '${bad}'`));
    assert.match(text, /observability\.token/);
    assert.ok(!text.includes(bad), text);
  }
});

Deno.test("loadConfig() takes tiles from an address with places for zoom, x and y alone", () => {
  const tiles = (text: string) => `observability: {map_tiles: '${text}'}`;
  loadOk(yaml(tiles("https://{s}.tile.example.org:8443/{z}/{x}/{y}.png?key=a")));
  for (
    const bad of [
      "https://tile.example.org/",
      "javascript:{z}/{x}/{y}",
      "https://a; script-src *//{z}/{x}/{y}",
      "//tile.example.org/{z}/{x}/{y}",
      "https://tile.example.org/{z}/{x}/{y}'; script-src *",
    ]
  ) assert.match(said(tiles(bad.replaceAll("'", "''"))), /observability\.map_tiles/, bad);
  const { warnings } = loadOk(yaml("observability: {map_attribution: me}"));
  assert.match(warnings.join(), /map_attribution has no effect/);
});

Deno.test("loadConfig() refuses keys that no radio can have", () => {
  const key = (psk: string) => `meshtastic: {channels: [{name: a, psk: '${psk}'}]}`;
  const long = btoa("x".repeat(33));
  for (const bad of ["", "!!", "AQ=", "A", "AQ===", long]) {
    const text = said(key(bad));
    assert.match(text, /meshtastic\.channels\.0\.psk: "\*\*\*": (is|has) /);
    if (bad.length > 2) assert.ok(!text.includes(bad), text);
  }
  for (const good of ["AQ==", "AQ", "1PG7OiApB1nwvP+rz05pAQ==", btoa("x".repeat(32)), "_-8="]) {
    loadOk(yaml(key(good)));
  }
  assert.match(said("meshtastic: {channels: [{name: a}]}"), /channels\.0\.psk: is missing/);
});
