/** Properties of every codec: random input never throws, what is encoded is read again. @module */
import fc from "fast-check";
import assert from "node:assert/strict";
import { parseAdvert, verifyAdvert } from "../../src/meshcore/advert.ts";
import { createChannelKeyRing, decryptBlocks } from "../../src/meshcore/channels.ts";
import { createMeshcoreDecoder } from "../../src/meshcore/decoder.ts";
import { describePacket } from "../../src/meshcore/description.ts";
import {
  encodeAdvert,
  encodeGroupText,
  encodePacket,
  sealGroupMessage,
} from "../../src/meshcore/encode.ts";
import { goJson } from "../../src/meshcore/go_json.ts";
import { contentHash } from "../../src/meshcore/hash.ts";
import { decodeHex, encodeHex, encodeHexUpper } from "../../src/meshcore/hex.ts";
import { rewritable } from "../../src/meshcore/json_message.ts";
import { parseInteger, parseNumber } from "../../src/meshcore/numbers.ts";
import { MAX_PAYLOAD_BYTES, parseHead, parsePacket } from "../../src/meshcore/packet.ts";
import { readPayload } from "../../src/meshcore/payload.ts";
import { resolveReceiveTime } from "../../src/meshcore/receive_time.ts";
import { cutUtf8, lenientUtf8, utf8Length } from "../../src/meshcore/utf8.ts";
import { message } from "../helpers/deliveries.ts";
import { utf8Bytes } from "./fixtures.ts";

const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((array) => Uint8Array.from(array));
const keys = createChannelKeyRing({ hashChannels: ["test", "x"] });

const parts = fc.integer({ min: 1, max: 3 }).chain((hashSize) =>
  fc.record({
    routeType: fc.integer({ min: 0, max: 3 }),
    payloadType: fc.integer({ min: 0, max: 15 }),
    payloadVersion: fc.integer({ min: 0, max: 3 }),
    transportCodes: fc.tuple(fc.nat(0xffff), fc.nat(0xffff)),
    hashSize: fc.constant(hashSize),
    hops: fc.array(
      fc.uint8Array({ minLength: hashSize, maxLength: hashSize }).map(encodeHexUpper),
      { maxLength: Math.min(63, Math.floor(64 / hashSize)) },
    ),
    payload: bytes(MAX_PAYLOAD_BYTES),
  })
);

Deno.test("parsePacket() never throws, and what it takes reads and describes itself", () => {
  fc.assert(
    fc.property(bytes(260), (packet) => {
      const parsed = parsePacket(packet);
      if (!parsed.ok) return;
      const payload = readPayload(parsed.frame, { keys, signatureValid: undefined });
      const text = goJson(describePacket(parsed.frame, payload));
      assert.equal(JSON.parse(text).raw, encodeHexUpper(packet));
      assert.match(contentHash(packet)!, /^[0-9a-f]{16}$/);
    }),
    { numRuns: 500 },
  );
});

Deno.test("parsePacket() reads again what encodePacket() made", () => {
  fc.assert(fc.property(parts, (made) => {
    const parsed = parsePacket(encodePacket(made));
    assert.ok(parsed.ok);
    const { frame } = parsed;
    assert.deepEqual(
      [frame.routeType, frame.payloadType, frame.payloadVersion, frame.hashSize, frame.hops],
      [made.routeType, made.payloadType, made.payloadVersion, made.hashSize, made.hops],
    );
    assert.deepEqual(frame.payload, made.payload);
    const scoped = made.routeType === 0 || made.routeType === 3;
    assert.equal(frame.transportCodes !== null, scoped);
    const payload = readPayload(frame, { keys, signatureValid: undefined });
    assert.doesNotThrow(() => JSON.parse(goJson(payload)));
  }));
});

Deno.test("parseHead() reads of hex what parsePacket() reads of its bytes, and refuses what it refuses", () => {
  const mixed = fc.tuple(parts, fc.nat()).map(([made, bits]) =>
    [...encodeHex(encodePacket(made))].map((c, i) => bits >> i % 31 & 1 ? c.toUpperCase() : c).join(
      "",
    )
  );
  // Cut anywhere, spoilt anywhere, or no packet at all.
  const text = fc.oneof(
    mixed,
    fc.tuple(mixed, fc.nat(300)).map(([hex, length]) => hex.slice(0, length)),
    fc.tuple(mixed, fc.nat(80), fc.string({ minLength: 1, maxLength: 2 })).map(([hex, at, odd]) =>
      hex.slice(0, at) + odd + hex.slice(at + odd.length)
    ),
    bytes(260).map(encodeHexUpper),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(text, (hex) => {
      const whole = decodeHex(hex);
      const parsed = whole === undefined ? undefined : parsePacket(whole);
      const head = parseHead(hex);
      if (parsed?.ok !== true) {
        const payload = head === undefined ? undefined : decodeHex(head.payloadHex);
        assert.ok(payload === undefined || payload.length > MAX_PAYLOAD_BYTES);
        return;
      }
      const { frame } = parsed;
      assert.deepEqual(head, {
        routeType: frame.routeType,
        payloadType: frame.payloadType,
        payloadName: frame.payloadName,
        payloadVersion: frame.payloadVersion,
        transportCode: frame.transportCodes?.code1 ?? null,
        hops: frame.hops,
        payloadHex: hex.slice(hex.length - 2 * frame.payload.length),
      });
    }),
    { numRuns: 2000 },
  );
});

Deno.test("contentHash() is the same whatever way a packet came, unless it is a TRACE", () => {
  fc.assert(fc.property(parts, parts, (one, other) => {
    const same = { ...other, payload: one.payload, payloadType: one.payloadType };
    const equal = contentHash(encodePacket(one)) === contentHash(encodePacket(same));
    const trace = one.payloadType === 9;
    const samePath = one.hashSize === same.hashSize && one.hops.length === same.hops.length;
    assert.equal(equal, !trace || samePath);
  }));
});

Deno.test("groupPayload() opens again what sealGroupMessage() sealed", () => {
  const [channel] = keys.candidates(0x11);
  // NUL would end the text, and more than two controls would make it binary.
  const text = fc.string({ unit: "grapheme", maxLength: 40 })
    .filter((value) => /^[^\p{Cc}\ufffd]*$/u.test(value) && value.isWellFormed());
  fc.assert(fc.property(fc.nat(0xffffffff), text, (timestamp, said) => {
    const payload = sealGroupMessage(channel!, encodeGroupText(timestamp, `Al: ${said}`));
    const parsed = parsePacket(encodePacket({ routeType: 1, payloadType: 5, payload }));
    assert.ok(parsed.ok);
    const read = readPayload(parsed.frame, { keys, signatureValid: undefined });
    assert.equal(read.type, "CHAN");
    assert.equal(read["channel"], "Public");
    assert.equal(read["sender"], "Al");
    assert.equal(read["text"], said === "" ? undefined : `Al: ${said}`);
    assert.equal(read["sender_timestamp"], timestamp === 0 ? undefined : timestamp);
    assert.equal(decryptBlocks(channel!.key, payload.slice(3)).length, payload.length - 3);
  }));
});

Deno.test("parseAdvert() never throws; it and verifyAdvert() take what encodeAdvert() made", async () => {
  fc.assert(fc.property(bytes(184), (payload) => {
    const advert = parseAdvert(payload);
    if (advert !== undefined) assert.ok(utf8Length(advert.name) <= 32);
  }));
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  assert.ok("privateKey" in pair);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const sign = async (signed: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, signed));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(0xffffffff),
      fc.integer({ min: 0, max: 15 }),
      fc.nat(63),
      async (timestamp, type, flipped) => {
        const position = { lat: 37.5, lon: -122.25 };
        const payload = await encodeAdvert(
          { publicKey, timestamp, type, position, name: "Ñandú" },
          sign,
        );
        const advert = parseAdvert(payload)!;
        assert.deepEqual(
          [advert.publicKey, advert.timestamp, advert.flags?.type, advert.lat, advert.lon],
          [encodeHex(publicKey), timestamp, type, 37.5, -122.25],
        );
        assert.equal(advert.name, "Ñandú");
        assert.equal(await verifyAdvert(payload), true);
        payload[36 + flipped]! ^= 1;
        assert.equal(await verifyAdvert(payload), false);
      },
    ),
    { numRuns: 25 },
  );
});

Deno.test("decodeHex() reads what encodeHex() and encodeHexUpper() wrote, and refuses the rest", () => {
  fc.assert(fc.property(bytes(64), (data) => {
    assert.deepEqual(decodeHex(encodeHex(data)), data);
    assert.deepEqual(decodeHex(encodeHexUpper(data)), data);
  }));
  fc.assert(fc.property(fc.string(), (text) => {
    assert.equal(decodeHex(text) !== undefined, /^(?:[0-9a-fA-F]{2})*$/.test(text));
  }));
});

Deno.test("goJson() writes what JSON.parse() reads as the same value", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
    const kept = rewritable(value);
    assert.ok(kept !== undefined);
    assert.deepEqual(
      JSON.parse(JSON.stringify(JSON.parse(goJson(kept)))),
      JSON.parse(JSON.stringify(kept)),
    );
  }));
});

Deno.test("lenientUtf8() and cutUtf8() give well-formed text of any bytes", () => {
  fc.assert(fc.property(bytes(60), fc.nat(60), (data, max) => {
    const text = lenientUtf8(data);
    assert.ok(text.isWellFormed());
    const cut = cutUtf8(text, max);
    assert.ok(cut.isWellFormed() && text.startsWith(cut) && utf8Length(cut) <= max);
    assert.equal(utf8Length(text), new TextEncoder().encode(text).length);
  }));
});

Deno.test("parseNumber(), parseInteger() and resolveReceiveTime() never give what is not finite", () => {
  fc.assert(fc.property(fc.anything(), (value) => {
    const number = parseNumber(value);
    assert.ok(number === null || Number.isFinite(number));
    const integer = parseInteger(value);
    assert.ok(integer === null || Number.isSafeInteger(integer));
    assert.equal(Number.isSafeInteger(resolveReceiveTime(value, 1_760_000_000_123).at), true);
  }));
  const measured = fc.double({ noNaN: true, min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
  fc.assert(fc.property(measured, (value) => {
    assert.equal(parseNumber(`${value} dB`), Number(`${value}`));
  }));
  fc.assert(fc.property(fc.date({ noInvalidDate: true }), (date) => {
    const { at } = resolveReceiveTime(date.toISOString(), 1_760_000_000_123);
    assert.ok(at <= 1_760_000_000 && at >= 1_760_000_000 - 30 * 86_400 - 1);
  }));
});

Deno.test("createMeshcoreDecoder() answers every message once, whatever it holds", async () => {
  const decoder = createMeshcoreDecoder({ keys, clientRxCoverage: true });
  const topic = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom(
      "meshcore/SJC/AB/packets",
      "meshcore/SJC/AB/raw",
      "meshcore/SJC/AB/status",
      "meshcore/client/abcd/packets",
      "meshcore/message/channel/1",
      "meshcore/message/direct/x",
    ),
  );
  const keyed = fc.dictionary(
    fc.constantFrom(
      "raw",
      "data",
      "text",
      "gps",
      "stats",
      "__proto__",
      "timestamp",
      "SNR",
      "origin",
    ),
    fc.oneof(fc.jsonValue(), bytes(120).map(encodeHex)),
  );
  const payload = fc.oneof(
    bytes(200),
    fc.jsonValue().map((value) => utf8Bytes(JSON.stringify(value))),
    keyed.map((value) => utf8Bytes(JSON.stringify(value))),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ topic, payload, retained: fc.boolean() }), { maxLength: 8 }),
      async (given) => {
        const decoded = await decoder.decode(given.map((one) => message(one)));
        assert.equal(decoded.length, given.length);
        for (const one of decoded) {
          assert.notEqual(one.kind === "drop" ? one.reason : "", "internal_error");
          if (one.kind === "record") assert.deepEqual(structuredClone(one.record), one.record);
        }
      },
    ),
    { numRuns: 300 },
  );
});
