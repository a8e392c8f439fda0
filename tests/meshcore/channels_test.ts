/** Key ring, opening of group messages, region scopes. @module */
import assert from "node:assert/strict";
import { createChannelKeyRing, hashtagKey, openGroupMessage } from "../../src/meshcore/channels.ts";
import { encodeGroupText, encodePacket, sealGroupMessage } from "../../src/meshcore/encode.ts";
import { encodeHex } from "../../src/meshcore/hex.ts";
import { parsePacket } from "../../src/meshcore/packet.ts";
import { readPayload } from "../../src/meshcore/payload.ts";
import { createRegionScopes, scopeOf } from "../../src/meshcore/regions.ts";

const KEY_A = "00112233445566778899aabbccddeeff";
const KEY_B = "ffeeddccbbaa99887766554433221100";

/** Name to key and origin, of all keys in a ring. */
function content(ring: ReturnType<typeof createChannelKeyRing>) {
  const keys = Array.from({ length: 256 }, (_, byte) => ring.candidates(byte)).flat();
  return Object.fromEntries(keys.map((key) => [key.name, [encodeHex(key.key), key.origin]]));
}

Deno.test("createChannelKeyRing() knows the Public channel, whose hash byte is 11", () => {
  const ring = createChannelKeyRing();
  assert.equal(ring.size, 1);
  assert.equal(ring.candidates(0x11)[0]?.name, "Public");
  assert.deepEqual(ring.counts, { builtin: 1, rainbow: 0, hash_channels: 0, channel_keys: 0 });
});

Deno.test("createChannelKeyRing() lets the stronger origin win and counts what is left", () => {
  const ring = createChannelKeyRing({
    rainbow: { "#test": KEY_A, "#x": KEY_A, "#own": KEY_A },
    hashChannels: ["test", " #own ", "", "  "],
    channelKeys: { "#own": KEY_B, Public: KEY_B },
  });
  assert.deepEqual(content(ring), {
    "#x": [KEY_A, "rainbow"],
    "#test": [encodeHex(hashtagKey("#test")), "hash_channels"],
    "#own": [KEY_B, "channel_keys"],
    Public: [KEY_B, "channel_keys"],
  });
  assert.deepEqual(ring.counts, { builtin: 0, rainbow: 1, hash_channels: 1, channel_keys: 2 });
});

Deno.test("createChannelKeyRing() lets Public alone replace the well-known key", () => {
  const well = "8b3387e9c5cdea6ac9e5edbaa115cd72";
  const keys = (channelKeys: Record<string, string>) => {
    const ring = createChannelKeyRing({ channelKeys });
    const all = Array.from({ length: 256 }, (_, byte) => ring.candidates(byte)).flat();
    assert.equal(ring.size, all.length);
    // Whatever the spelling, messages are filed as CoreScope files them.
    for (const { name } of all) assert.equal(name, "Public");
    return all.map(({ key }) => encodeHex(key)).sort();
  };
  assert.deepEqual(keys({ Public: KEY_A }), [KEY_A]);
  assert.deepEqual(keys({ public: KEY_A }), [KEY_A, well].sort());
  assert.deepEqual(keys({ public: KEY_A, PUBLIC: KEY_B }), [KEY_A, KEY_B, well].sort());
  assert.deepEqual(keys({ PUBLIC: KEY_B, Public: KEY_A }), [KEY_A, KEY_B]);
});

Deno.test("createChannelKeyRing() reads a plain list of hashtag names as a keys file", () => {
  const ring = createChannelKeyRing({ rainbow: ["#test", "bot", 7, ""] });
  assert.equal(content(ring)["#bot"]?.[0], encodeHex(hashtagKey("#bot")));
  assert.equal(ring.counts.rainbow, 2);
  assert.equal(ring.rejected.length, 2);
});

Deno.test("createChannelKeyRing() rejects what is no key, and the rest of the file still counts", () => {
  const ring = createChannelKeyRing({
    rainbow: { "#short": "00", "#word": "zz", "#number": 5, "#good": ` ${KEY_A.toUpperCase()}\n` },
  });
  assert.deepEqual(ring.rejected.map(({ name }) => name), ["#short", "#word", "#number"]);
  assert.equal(content(ring)["#good"]?.[0], KEY_A);
  for (const rainbow of [null, "text", 5]) assert.equal(createChannelKeyRing({ rainbow }).size, 1);
});

Deno.test("createChannelKeyRing() is not confused by names out of Object.prototype", () => {
  const ring = createChannelKeyRing({
    rainbow: JSON.parse(`{"__proto__":"${KEY_A}","constructor":"${KEY_B}"}`),
    hashChannels: ["toString"],
  });
  assert.deepEqual([...Object.keys(content(ring))].sort(), [
    "#toString",
    "Public",
    "__proto__",
    "constructor",
  ]);
  assert.equal(ring.counts.rainbow, 2);
});

Deno.test("openGroupMessage() opens by the hash byte alone (G13)", () => {
  const ring = createChannelKeyRing({ hashChannels: ["#test"] });
  const [channel] = ring.candidates(217);
  assert.equal(channel?.name, "#test");
  const payload = sealGroupMessage(channel!, encodeGroupText(1_760_000_000, "Al: hi"));
  const mac = payload.subarray(1, 3), cipher = payload.subarray(3);
  assert.equal(openGroupMessage(ring, 217, mac, cipher)?.channel.name, "#test");
  // The same key under another hash byte: CoreScope tries every key on every message, so that one
  // of 65,536 MACs fits by chance.
  assert.equal(openGroupMessage(ring, 218, mac, cipher), undefined);
});

Deno.test("openGroupMessage() tries the next key of the same hash byte when the text is binary", () => {
  const twice = createChannelKeyRing({ channelKeys: { a: KEY_A, b: KEY_A } });
  const [first, second] = twice.candidates(hashByteOf(twice, "a"));
  assert.deepEqual([first?.name, second?.name], ["a", "b"]);
  const payload = sealGroupMessage(first!, encodeGroupText(1, "x: y"));
  const tried: number[] = [];
  const opened = openGroupMessage(
    twice,
    payload[0]!,
    payload.subarray(1, 3),
    payload.subarray(3),
    () => tried.push(1) > 1,
  );
  assert.equal(opened?.channel.name, "b");
});

function hashByteOf(ring: ReturnType<typeof createChannelKeyRing>, name: string): number {
  for (let byte = 0; byte < 256; byte++) {
    if (ring.candidates(byte).some((key) => key.name === name)) return byte;
  }
  return -1;
}

Deno.test("readPayload() tells a wrong MAC, a cut cipher text and binary text from an opened message", () => {
  const keys = createChannelKeyRing();
  const [channel] = keys.candidates(0x11);
  const status = (payload: Uint8Array) => {
    const parsed = parsePacket(encodePacket({ routeType: 1, payloadType: 5, payload }));
    assert.ok(parsed.ok);
    const read = readPayload(parsed.frame, { keys, signatureValid: undefined });
    return [read.type, read["decryptionStatus"], read["text"], read["sender"]];
  };
  const seal = (text: string) => sealGroupMessage(channel!, encodeGroupText(1, text));
  assert.deepEqual(status(seal("Al: hi")), ["CHAN", "decrypted", "Al: hi", "Al"]);
  assert.deepEqual(status(seal("no sender")), ["CHAN", "decrypted", "no sender", undefined]);
  assert.deepEqual(status(seal("[x]: y")), ["CHAN", "decrypted", "[x]: y", undefined]);
  assert.deepEqual(status(seal("Al: ")), ["CHAN", "decrypted", undefined, "Al"]);
  assert.deepEqual(status(seal("é".repeat(25) + ": y"))[3], undefined);
  assert.deepEqual(status(seal("é".repeat(24) + ": y"))[3], "é".repeat(24));
  assert.equal(status(seal("\u0001\u0002\u0003"))[1], "decryption_failed");
  assert.equal(status(seal("\u0001\u0002"))[1], "decrypted");
  const wrongMac = seal("Al: hi");
  wrongMac[1]! ^= 1;
  assert.equal(status(wrongMac)[1], "decryption_failed");
  assert.equal(status(seal("Al: hi").subarray(0, 18))[1], "decryption_failed");
  assert.equal(status(seal("Al: hi").subarray(0, 7))[1], "no_key");
});

Deno.test("scopeOf() says null without a scope, empty for an unknown one", () => {
  const scopes = createRegionScopes(["sjc", "#sjc", " ", "bay"]);
  assert.deepEqual(scopes.map(({ name }) => name), ["#sjc", "#bay"]);
  const scope = (routeType: number, code: number, length = 4) => {
    const parsed = parsePacket(encodePacket({
      routeType,
      payloadType: 3,
      transportCodes: [code, 0],
      payload: new Uint8Array(length),
    }));
    assert.ok(parsed.ok);
    return scopeOf(scopes, parsed.frame);
  };
  assert.equal(scope(1, 0), null);
  assert.equal(scope(0, 0), null);
  assert.equal(scope(3, 0xffff), "");
  assert.equal(scope(0, 5, 0), "");
});
