import assert from "node:assert/strict";
import { channelHash } from "../../src/meshtastic/channel_hash.ts";
import { KeyRing } from "../../src/meshtastic/key_ring.ts";
import { expandPsk, PskError } from "../../src/meshtastic/psk.ts";

const CUSTOM = "lNgx6PeK7Ft3DKmANpo46g==";
const bytes = (text: string) => new TextEncoder().encode(text);
const DEFAULT = expandPsk(Uint8Array.of(1));

Deno.test("KeyRing names keys by channel, by well-known index, or by place, never by value", () => {
  const ring = new KeyRing(
    [{ name: "Home", psk: CUSTOM }, { psk: "Ag==" }, { psk: "AAAA" }],
    "AQ==",
  );
  assert.deepEqual(ring.keys.map((key) => key.label), ["Home", "psk2", "channels[2]", "default"]);
});

Deno.test("KeyRing keeps one key for equal PSKs and remembers every name", () => {
  const ring = new KeyRing([
    { name: "LongFast", psk: "AQ==" },
    { name: "MediumFast", psk: "1PG7OiApB1nwvP+rz05pAQ==" },
  ], "AQ==");
  assert.equal(ring.keys.length, 1);
  assert.deepEqual([...ring.keys[0]!.names], ["LongFast", "MediumFast"]);
});

Deno.test("KeyRing.candidates() tries the envelope's name with every key", () => {
  const ring = new KeyRing([{ name: "Home", psk: CUSTOM }], "AQ==");
  const hash = channelHash("Renamed", DEFAULT);
  const found = ring.candidates(hash, bytes("Renamed"), "Renamed");
  assert.deepEqual(found.map((candidate) => candidate.name), ["default"]);
});

Deno.test("KeyRing.candidates() puts the key configured for the name first", () => {
  // Two keys of the same XOR, so that both have the hash.
  const ring = new KeyRing([{ name: "A", psk: "AQI=" }, { name: "B", psk: "AgE=" }], "");
  const hash = channelHash("B", ring.keys[1]!.bytes);
  const found = ring.candidates(hash, bytes("B"), "B");
  assert.deepEqual(found.map((candidate) => candidate.name), ["B", "A"]);
});

Deno.test("KeyRing.candidates() falls back to configured names", () => {
  const ring = new KeyRing([{ name: "Home", psk: CUSTOM }], "AQ==");
  const hash = channelHash("Home", ring.keys[0]!.bytes);
  const found = ring.candidates(hash, new Uint8Array(0), "");
  assert.deepEqual(found.map((candidate) => candidate.name), ["Home"]);
});

Deno.test("KeyRing gives a channel with an empty PSK the primary's key", () => {
  assert.deepEqual(new KeyRing([{ name: "Second", psk: "" }], "Aw==").keys[0]!.bytes.at(-1), 3);
  assert.equal(new KeyRing([{ name: "Open", psk: "" }], "").keys[0]!.bytes.length, 0);
  assert.equal(new KeyRing([], "").keys.length, 0);
});

Deno.test("KeyRing names the entry that is no PSK", () => {
  assert.throws(
    () => new KeyRing([{ psk: "AQ==" }, { psk: "secret!" }], "AQ=="),
    (error) => error instanceof PskError && /^channels\[1\]: /.test(error.message),
  );
  assert.throws(() => new KeyRing([], "AQ==,?"), /default_psk\[1\]/);
});
