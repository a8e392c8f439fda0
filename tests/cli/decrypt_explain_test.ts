import assert from "node:assert/strict";
import fc from "fast-check";
import { main } from "../../src/cli/main.ts";
import { parsePacketInput, parsePacketText } from "../../src/cli/packet_bytes.ts";
import { channelHash } from "../../src/meshtastic/channel_hash.ts";
import { meshtastic } from "../../src/meshtastic/descriptor.ts";
import { createMeshtasticDecoder } from "../../src/meshtastic/decoder.ts";
import { createChannelKeyRing } from "../../src/meshcore/channels.ts";
import { explainMeshcorePacket } from "../../src/meshcore/explain.ts";
import { explainMeshtasticPacket } from "../../src/meshtastic/explain.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";
import { encode, encrypt, envelope as envelopeOf, HEADER } from "../meshtastic/build.ts";

const FIXTURES = new URL("../fixtures/", import.meta.url);
const lines = (name: string): Record<string, unknown>[] =>
  Deno.readTextFileSync(new URL(name, FIXTURES)).trim().split("\n").map((line) => JSON.parse(line));
const traffic = lines("meshtastic/meshtastic.jsonl");
const truth = lines("meshtastic/meshtastic.truth.jsonl");
const CUSTOM = "lNgx6PeK7Ft3DKmANpo46g==";

/** Payload of the first recorded packet that a correct decoder says these things of. */
function recorded(wanted: Record<string, unknown>): string {
  const at = truth.findIndex((one) =>
    Object.entries(wanted).every(([key, value]) => one[key] === value)
  );
  assert.ok(at >= 0, JSON.stringify(wanted));
  return String(traffic[at]!["payload_b64"]);
}

async function explain(args: string[], input?: Uint8Array<ArrayBuffer>) {
  const terminal = new FakeTerminal(input === undefined ? {} : { input });
  const code = await main(["decrypt", "explain", ...args], terminal);
  return { code, out: terminal.out, err: terminal.err };
}

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const hexOf = (bytes: Uint8Array) =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

Deno.test("decrypt explain reads a packet of the default key and says what it holds", async () => {
  const packet = recorded({
    channel_id: "LongFast",
    encrypted: true,
    decrypted: true,
    portnum_name: "TEXT_MESSAGE_APP",
  });
  const { code, out } = await explain([packet]);
  assert.equal(code, 0);
  assert.match(out, /^ServiceEnvelope .*, meshtastic/);
  assert.match(out, /channel hash +0x08/);
  assert.match(out, /nonce +[0-9a-f]{32}: packet id and sender/);
  assert.match(out, /✓ default +128 bits, [0-9a-f]{8} +hash 0x08 fits .*TEXT_MESSAGE_APP/);
  assert.match(out, /The key "default" reads it/);
  assert.match(out, /text +"/);
});

Deno.test("decrypt explain says which key is missing, and with it reads the packet", async () => {
  const packet = recorded({ channel_id: "MyPriv", encrypted: true, decrypted: true });
  const without = await explain([packet]);
  assert.equal(without.code, 1);
  assert.match(without.out, /default .* gives noise/);
  assert.match(without.out, /No configured key reads it/);
  assert.match(without.out, /Add the key of the channel "MyPriv" to meshtastic\.channels/);
  const set = (path: string, value: string) => ["--set", `meshtastic.channels.0.${path}=${value}`];
  for (const name of [[], set("name", "MyPriv")]) {
    const found = await explain([packet, ...set("psk", CUSTOM), ...name]);
    assert.equal(found.code, 0, found.out + found.err);
    assert.match(found.out, /✓ (channels\[0\]|MyPriv) +128 bits/);
    for (const secret of [CUSTOM, hexOf(bytesOf(CUSTOM)), hexOf(bytesOf(CUSTOM)).slice(0, 12)]) {
      assert.ok(!found.out.toLowerCase().includes(secret.toLowerCase()), "a secret is printed");
    }
  }
});

Deno.test("decrypt explain prints JSON of the same", async () => {
  const packet = recorded({ channel_id: "MyPriv", encrypted: true, decrypted: true });
  const { code, out } = await explain([packet, "--json"]);
  assert.equal(code, 1);
  const json = JSON.parse(out);
  assert.equal(json.network, "meshtastic");
  assert.equal(json.readable, false);
  assert.deepEqual(json.attempts.map((one: { key: string }) => one.key), ["default"]);
  assert.equal(json.attempts[0].accepted, false);
});

Deno.test("decrypt explain takes a MeshPacket without its envelope, and the channel's name", async () => {
  const envelope = bytesOf(
    recorded({
      channel_id: "LongFast",
      encrypted: true,
      decrypted: true,
      portnum_name: "NODEINFO_APP",
    }),
  );
  // Field 1 of the envelope: tag, length (one byte below 128), packet.
  assert.equal(envelope[0], 0x0a);
  assert.ok(envelope[1]! < 128);
  const packet = hexOf(envelope.subarray(2, 2 + envelope[1]!));
  const named = await explain([packet, "--channel", "LongFast"]);
  assert.equal(named.code, 0, named.out);
  assert.match(named.out, /^MeshPacket .*\n/);
  assert.match(named.out, /hash 0x08 fits/);
  const unnamed = await explain([packet]);
  assert.match(unnamed.out, /channel +not named/);
  assert.match(unnamed.out, /hash any .*by trial/);
});

Deno.test("decrypt explain says that a direct message is for its receiver alone", async () => {
  const at = truth.findIndex((one) => one["pki"] === true && one["encrypted"] === true);
  const { code, out } = await explain([String(traffic[at]!["payload_b64"])]);
  assert.equal(code, 1);
  assert.match(out, /Only its receiver can read it/);
  assert.ok(!out.includes("Keys tried"), "none is");
});

Deno.test("decrypt explain names the channel of hash 0 that reads an alleged direct message", async () => {
  const key = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
  key[15]! ^= channelHash("Hut", key);
  const data = encode("Data", { portnum: 1, payload: new TextEncoder().encode("hello hut") });
  const encrypted = await encrypt(key, HEADER.id, HEADER.from, data);
  const packet = hexOf(envelopeOf({ encrypted, pki_encrypted: true }, "PKI"));
  const psk = btoa(String.fromCharCode(...key));
  const { code, out } = await explain([
    packet,
    "--set",
    `meshtastic.channels=${JSON.stringify([{ name: "Hut", psk }])}`,
  ]);
  assert.equal(code, 0, out);
  assert.match(out, /The key "Hut" reads it/);
  assert.match(out, /hello hut/);
  assert.ok(!out.includes("key sought"), "PKI is no channel's name");
});

Deno.test("decrypt explain says of every recorded packet what the decoder says", async () => {
  const config = meshtastic.section.schema.parse({ channels: [{ psk: CUSTOM }] });
  const decoder = createMeshtasticDecoder({ channels: [{ psk: CUSTOM }] });
  for (let at = 0; at < traffic.length; at += 41) {
    const payload = bytesOf(String(traffic[at]!["payload_b64"]));
    const [decoded] = await decoder.decode([{
      source: "test",
      topic: "msh/2/e/x/!00000001",
      payload,
      receivedAt: 0,
      qos: 0,
      retained: false,
      redelivered: false,
    }]);
    const explained = await explainMeshtasticPacket(config, payload);
    if (explained === undefined) continue;
    assert.equal(decoded!.kind, "record");
    if (decoded!.kind !== "record") continue;
    assert.equal(explained.readable, decoded!.labels.readable, `message ${at}`);
    const byKey = decoded!.record.packet.captureKey !== null;
    assert.equal(explained.attempts.filter((one) => one.accepted).length, byKey ? 1 : 0);
  }
});

Deno.test("decrypt explain opens a MeshCore message by its hashtag channel", async () => {
  const raw = lines("meshcore/traffic.jsonl").flatMap((line) => {
    try {
      const json = JSON.parse(atob(String(line["payload_b64"])));
      return json.packet_type === "5" ? [json as { raw: string }] : [];
    } catch {
      return [];
    }
  });
  const channels = ["#LongFast", "#test", "#sf", "#wardrive", "#bot", "#zz-corpus", "#emoji"];
  const set = ["--set", `meshcore.hash_channels=${JSON.stringify(channels)}`];
  const answers = { closed: 0, opened: 0 };
  // Many stand there several times, as several observers heard them.
  for (const json of raw.filter((_, i) => i % 13 === 0).slice(0, 20)) {
    const without = await explain([json.raw]);
    // Some recorded packets are broken on purpose.
    if (without.code === 2 || without.out.includes("too short")) continue;
    assert.match(without.out, /^MeshCore packet, meshcore/);
    assert.match(without.out, /channel hash +0x[0-9A-F]{2}/);
    if (without.code === 1) assert.match(without.out, /add the name to meshcore\.hash_channels/);
    const found = await explain([JSON.stringify(json), ...set]);
    assert.match(found.out, /^MeshCore packet in an observer's message/);
    if (without.code === 1) answers.closed++;
    if (found.code === 0) {
      answers.opened++;
      assert.match(found.out, /✓ .*the MAC fits: reads it/);
    }
  }
  assert.ok(answers.closed > 0 && answers.opened > 0, JSON.stringify(answers));
});

Deno.test("decrypt explain checks the signature of a MeshCore advert", async () => {
  const advert = lines("meshcore/decode.jsonl").find((one) => one["advert_valid"] === true)!;
  const raw = String(advert["raw"] ?? advert["raw_hex"] ?? advert["hex"]);
  const good = await explain([raw]);
  assert.equal(good.code, 0, good.out);
  assert.match(good.out, /ADVERT/);
  const forged = raw.slice(0, -2) + (raw.endsWith("00") ? "01" : "00");
  const bad = await explain([forged, "--network", "meshcore"]);
  assert.equal(bad.code, 1);
  assert.match(bad.out, /signature is wrong/);
});

Deno.test("decrypt explain takes standard input: text or the packet itself", async () => {
  const packet = recorded({ channel_id: "LongFast", encrypted: true, decrypted: true });
  const bytes = bytesOf(packet);
  const text = Uint8Array.from(new TextEncoder().encode(`${packet}\n`));
  for (const [args, input] of [[[], bytes], [["-"], text], [[], text]] as const) {
    const { code, out } = await explain([...args], input);
    assert.equal(code, 0);
    assert.match(out, /^ServiceEnvelope/);
  }
});

Deno.test("decrypt explain refuses what is no packet with exit code 2", async () => {
  for (const text of ["", "Cg==", "hello!", "0x1"]) {
    const { code, err, out } = await explain([text]);
    assert.equal(code, 2, out);
    assert.match(err, /packet/);
  }
});

Deno.test("parsePacketText() reads hex as people write it, and both base64 alphabets", () => {
  const bytes = Uint8Array.of(0xde, 0xad, 0xbe, 0xef);
  for (
    const text of [
      "deadbeef",
      "DE AD BE EF",
      "de:ad:be:ef",
      "0xde, 0xad, 0xbe, 0xef",
      "3q2+7w==",
      "3q2-7w",
    ]
  ) {
    assert.deepEqual(parsePacketText(text), bytes, text);
  }
  assert.equal(parsePacketText("not base64!"), undefined);
  assert.deepEqual(parsePacketInput(Uint8Array.of(0xff, 0x00)), Uint8Array.of(0xff, 0x00));
});

Deno.test("decrypt explain does not take hex that lacks a digit for base64", async () => {
  const packet = recorded({ channel_id: "LongFast", encrypted: true, decrypted: true });
  const hex = hexOf(bytesOf(packet));
  const spaced = hex.replace(/../g, "$& ");
  for (const text of [hex.slice(0, -1), hex.slice(1), `0x${hex}0`, spaced.slice(0, -2), "abc"]) {
    assert.equal(parsePacketText(text), "odd_hex", text);
    const said = [await explain([text]), await explain([], new TextEncoder().encode(`${text}\n`))];
    for (const { code, out, err } of said) {
      assert.deepEqual([code, out], [2, ""]);
      assert.equal(
        err,
        "this packet in hex has an odd number of digits, and a byte has two: one is missing, or one too many",
      );
    }
  }
});

Deno.test("explaining random bytes never throws", async () => {
  const config = meshtastic.section.schema.parse({});
  const ring = createChannelKeyRing({ hashChannels: ["#test"] });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (random) => {
      const bytes = Uint8Array.from(random);
      await explainMeshtasticPacket(config, bytes);
      await explainMeshcorePacket(ring, bytes);
      await explainMeshcorePacket(ring, Uint8Array.of(0x15, 0, ...bytes));
    }),
    { numRuns: 40 },
  );
});
