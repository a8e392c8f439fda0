/**
 * Against a decoder by other hands, npm @michaelhart/meshcore-decoder (MIT), on every recorded
 * packet. Where the two differ, the entry in DIFFERENCES says who is right and why.
 *
 * @module
 */
import { calcTransportCodeForRegion, MeshCoreDecoder } from "@michaelhart/meshcore-decoder";
import assert from "node:assert/strict";
import { advertRole, parseAdvert } from "../../src/meshcore/advert.ts";
import { createChannelKeyRing } from "../../src/meshcore/channels.ts";
import { encodePacket } from "../../src/meshcore/encode.ts";
import { decodeHex, encodeHexUpper } from "../../src/meshcore/hex.ts";
import { type PacketFrame, parsePacket } from "../../src/meshcore/packet.ts";
import { readPayload, traceRoute } from "../../src/meshcore/payload.ts";
import type { Payload } from "../../src/meshcore/payload_fields.ts";
import { createRegionScopes, scopeOf } from "../../src/meshcore/regions.ts";
import { fixtureLines } from "./fixtures.ts";

/** What differs, how often in the fixture, and who is right. */
const DIFFERENCES = {
  // We, as CoreScope: the firmware keeps 32 bytes of a name (2), ends it at a NUL, behind which a
  // sensor puts its telemetry (1), and prints no control characters; that a tab and a line feed
  // stay (2) is CoreScope's doing. A name of nothing but controls is none (1).
  "ADVERT name": 6,
  // We: the field is unsigned; they read FFFFFFFF as -1.
  "ADVERT timestamp": 1,
  // We: types 0 and 5-15 are not companions (firmware AdvertDataHelpers.h).
  "ADVERT role": 3,
  // We, as CoreScope: an advert may end with its signature; it says no name and no place.
  "ADVERT: we alone read it": 1,
  // We: hash size 4 is reserved, also without hops (firmware Packet::isValidPathLen).
  "they alone take it: bad_path_encoding": 1,
  // We: MAX_PACKET_PAYLOAD is 184.
  "they alone take it: payload_too_long": 1,
  // We: the payload of a PATH is encrypted; they read its cipher text as the path.
  "PATH: we alone read it": 52,
  // We: bytes of a trace's route that make no whole hop are not read, the rest is.
  "TRACE: we alone read it": 1,
  // Both: they refuse control types that they do not know; we keep the bytes, named UNKNOWN.
  "CONTROL: we alone read it": 10,
};

const PUBLIC_KEY = "8b3387e9c5cdea6ac9e5edbaa115cd72";
const keys = createChannelKeyRing();
const keyStore = MeshCoreDecoder.createKeyStore({ channelSecrets: [PUBLIC_KEY] });

// deno-lint-ignore no-explicit-any
type Theirs = any;

Deno.test("parsePacket() and readPayload() agree with an independent decoder", () => {
  const differences: Record<string, number> = {};
  const differs = (name: string) => differences[name] = (differences[name] ?? 0) + 1;
  let agreed = 0;
  for (const line of fixtureLines("decode.jsonl")) {
    const bytes = decodeHex(line.hex);
    if (bytes === undefined) continue;
    const parsed = parsePacket(bytes);
    const theirs: Theirs = MeshCoreDecoder.decode(line.hex, { keyStore });
    if (parsed.ok !== theirs.isValid) {
      differs(`${parsed.ok ? "we" : "they"} alone take it: ${parsed.ok ? "" : parsed.fault}`);
      continue;
    }
    if (!parsed.ok) {
      agreed++;
      continue;
    }
    const difference = compareFrames(parsed.frame, theirs) ?? comparePayloads(parsed.frame, theirs);
    if (difference === undefined) agreed++;
    else differs(difference);
  }
  assert.deepEqual(differences, DIFFERENCES);
  assert.equal(agreed, 1691);
});

/** The first thing in which the frames differ; undefined when they agree. */
function compareFrames(frame: PacketFrame, theirs: Theirs): string | undefined {
  if (frame.routeType !== theirs.routeType) return "route type";
  if (frame.payloadType !== theirs.payloadType) return "payload type";
  if (frame.payloadVersion !== theirs.payloadVersion) return "payload version";
  if (encodeHexUpper(frame.payload) !== theirs.payload.raw) return "payload";
  const codes = frame.transportCodes === null
    ? undefined
    : [0, 2].map((at) => frame.bytes[1 + at]! | (frame.bytes[2 + at]! << 8));
  if (String(codes) !== String(theirs.transportCodes)) return "transport codes";
  if (frame.payloadName === "TRACE") return undefined;
  if (String(frame.hops) !== String(theirs.path ?? [])) return "hops";
  return frame.hashSize === theirs.pathHashSize ? undefined : "hash size";
}

/** The first thing in which the payloads differ; undefined when they agree. */
function comparePayloads(frame: PacketFrame, packet: Theirs): string | undefined {
  const ours = readPayload(frame, { keys, signatureValid: undefined });
  const theirs: Theirs = packet.payload.decoded;
  if (theirs === null) return undefined;
  const error = ours["error"] !== undefined;
  if (error !== !theirs.isValid) {
    return `${frame.payloadName}: ${error ? "they" : "we"} alone read it`;
  }
  if (error) return undefined;
  const upper = (value: unknown) => String(value ?? "").toUpperCase();
  const pairs: [string, unknown, unknown][] = [];
  switch (frame.payloadName) {
    case "REQ":
    case "RESPONSE":
    case "TXT_MSG":
      pairs.push(
        ["destination", upper(ours["destHash"]), theirs.destinationHash],
        ["source", upper(ours["srcHash"]), theirs.sourceHash],
        ["MAC", upper(ours["mac"]), theirs.cipherMac],
        ["cipher text", upper(ours["encryptedData"]), theirs.ciphertext],
      );
      break;
    case "ANON_REQ":
      pairs.push(
        ["destination", upper(ours["destHash"]), theirs.destinationHash],
        ["key", upper(ours["ephemeralPubKey"]), theirs.senderPublicKey],
        ["MAC", upper(ours["mac"]), theirs.cipherMac],
        ["cipher text", upper(ours["encryptedData"]), theirs.ciphertext],
      );
      break;
    case "ACK":
      pairs.push(["checksum", encodeHexUpper(frame.payload.subarray(0, 4)), theirs.checksum]);
      break;
    case "ADVERT": {
      const advert = parseAdvert(frame.payload)!;
      const data = theirs.appData;
      pairs.push(
        ["key", upper(advert.publicKey), theirs.publicKey],
        ["timestamp", advert.timestamp, theirs.timestamp],
        ["signature", upper(advert.signature), theirs.signature],
        ["flags", advert.flags?.raw, data.flags],
        ["role", advertRole(advert.flags), roleName(data.deviceRole)],
        ["latitude", advert.lat, data.location?.latitude],
        ["longitude", advert.lon, data.location?.longitude],
        ["name", advert.name, data.name ?? ""],
      );
      break;
    }
    case "GRP_TXT":
      pairs.push(
        ["channel hash", ours["channelHashHex"], theirs.channelHash],
        ["MAC", encodeHexUpper(frame.payload.subarray(1, 3)), theirs.cipherMac],
        ["cipher text", encodeHexUpper(frame.payload.subarray(3)), theirs.ciphertext],
        ["opened", ours.type === "CHAN", theirs.decrypted !== undefined],
        ["sent at", ours["sender_timestamp"], theirs.decrypted?.timestamp],
        ["sender", ours["sender"], theirs.decrypted?.sender],
        ["text", textAfterSender(ours), theirs.decrypted?.message],
      );
      break;
    case "TRACE":
      pairs.push(
        ["tag", ours["tag"] ?? 0, parseInt(theirs.traceTag, 16)],
        ["authentication code", ours["authCode"] ?? 0, theirs.authCode >>> 0],
        ["flags", ours["traceFlags"], theirs.flags],
        ["route", String(traceRoute(frame)?.hops ?? []), String(theirs.pathHashes)],
      );
      break;
  }
  for (const [name, own, other] of pairs) {
    if (own !== other) return `${frame.payloadName} ${name}`;
  }
  return undefined;
}

function roleName(role: number): string {
  return ["none", "companion", "repeater", "room", "sensor"][role] ?? `type-${role}`;
}

function textAfterSender(payload: Payload): string | undefined {
  if (payload.type !== "CHAN") return undefined;
  const text = String(payload["text"] ?? "");
  const sender = payload["sender"];
  return typeof sender === "string" ? text.slice(sender.length + 2) : text;
}

Deno.test("scopeOf() finds the region whose code an independent decoder computes", () => {
  const scopes = createRegionScopes(["sjc", "#Europe", " bay "]);
  for (const [index, name] of ["#sjc", "#Europe", "#bay"].entries()) {
    for (let payloadType = 0; payloadType < 16; payloadType++) {
      const payload = Uint8Array.from({ length: 1 + 5 * payloadType }, (_, i) => 31 * i + index);
      const code = calcTransportCodeForRegion(name, payloadType, payload);
      const parsed = parsePacket(
        encodePacket({ routeType: 0, payloadType, transportCodes: [code, 7], payload }),
      );
      assert.ok(parsed.ok);
      assert.equal(scopeOf(scopes, parsed.frame), name);
    }
  }
});
