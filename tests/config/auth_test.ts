import assert from "node:assert/strict";
import { describeAsJson, describeAsText } from "../../src/config/describe.ts";
import { loadBad, loadOk, yaml } from "./load_helper.ts";

const KEY = "1f".repeat(64);
const WSS = "url: 'wss://mqtt.example.org/mqtt'";

const said = (text: string) =>
  loadBad(yaml(text)).map(({ path, message }) => `${path}: ${message}`).join("\n");

Deno.test("sources.auth takes a key from file, environment, or a file of its own", () => {
  const given = [
    yaml(`sources: [{${WSS}, auth: {private_key: '${KEY}'}}]`),
    yaml(`sources: [{${WSS}}]`, { env: { MESHCAPTURE_SOURCES_0_AUTH_PRIVATE_KEY: KEY } }),
  ];
  for (const one of given) {
    const loaded = loadOk(one);
    assert.equal(loaded.config.sources[0]!.auth.private_key, KEY);
    assert.equal(loaded.config.sources[0]!.auth.lifetime_minutes, 60);
    assert.deepEqual(loaded.warnings, []);
    for (const shown of [describeAsText(loaded), describeAsJson(loaded)]) {
      assert.ok(!shown.includes("1f1f"), shown);
      assert.match(shown, /auth\.private_key/);
    }
  }
  const { config } = loadOk(yaml(`sources: [{${WSS}, auth: {
    private_key_file: /run/secrets/key, public_key: '${"7E".repeat(32)}', audience: b.example,
    lifetime_minutes: 1440, reconnect_before_expiry: true}}]`));
  assert.deepEqual(config.sources[0]!.auth, {
    private_key_file: "/run/secrets/key",
    public_key: "7E".repeat(32),
    audience: "b.example",
    lifetime_minutes: 1440,
    reconnect_before_expiry: true,
  });
});

Deno.test("sources.auth refuses what cannot be meant, and shows no key", () => {
  const auth = `auth: {private_key: '${KEY}'}`;
  assert.match(
    said(`sources: [{${WSS}, auth: {private_key: "1f1f1f1f"}}]`),
    /private_key: is not allowed/,
  );
  assert.match(said(`sources: [{${WSS}, auth: {audience: x}}]`), /private_key is missing/);
  assert.match(said(`sources: [{${WSS}, username: u, ${auth}}]`), /beside auth/);
  assert.match(said(`sources: [{url: 'wss://u:p@h', ${auth}}]`), /beside auth/);
  assert.match(said(`sources: [{url: 'embedded://127.0.0.1', ${auth}}]`), /knows no tokens/);
  const both = `auth: {private_key: '${KEY}', private_key_file: /k}`;
  assert.match(said(`sources: [{${WSS}, ${both}}]`), /both private_key/);
  const problems = loadBad(yaml(`sources: [{${WSS}, auth: {private_key: '1f1f1f1f'}}]`));
  assert.ok(!JSON.stringify(problems).includes("1f1f"));
});

Deno.test("sources.auth warns of a token that travels in the clear", () => {
  const { warnings } = loadOk(yaml(`sources: [{auth: {private_key: '${KEY}'}}]`));
  assert.match(warnings.join(), /sources\.0\.auth: over mqtt:\/\/ anybody/);
});
