/** Topics, filters, status, companions, clients: what the decoder makes of a message. @module */
import assert from "node:assert/strict";
import type { Message } from "../../src/capture/message.ts";
import { createMeshcoreDecoder, type MeshcoreDecoderOptions } from "../../src/meshcore/decoder.ts";
import { encodeAdvert, encodePacket } from "../../src/meshcore/encode.ts";
import { encodeHex } from "../../src/meshcore/hex.ts";
import { DROP_REASONS } from "../../src/meshcore/message.ts";
import type { MeshcoreRecord } from "../../src/meshcore/record.ts";
import { createRegionScopes, transportCode } from "../../src/meshcore/regions.ts";
import { message } from "../helpers/deliveries.ts";
import { utf8Bytes } from "./fixtures.ts";

const ACK = "0d00dcad8a23";
const TOPIC = "meshcore/SJC/OBS1/packets";

async function decode(
  topic: string,
  json: unknown,
  options: MeshcoreDecoderOptions = {},
  over: Partial<Message> = {},
) {
  const text = typeof json === "string" ? json : JSON.stringify(json);
  const payload = utf8Bytes(text);
  const [decoded] = await createMeshcoreDecoder(options).decode([
    message({ topic, payload, ...over }),
  ]);
  return decoded!;
}

/** The reason of a drop, or the kind of the record. */
async function outcome(topic: string, json: unknown, options: MeshcoreDecoderOptions = {}) {
  const decoded = await decode(topic, json, options);
  if (decoded.kind === "record") return decoded.record.kind;
  assert.ok((DROP_REASONS as readonly string[]).includes(decoded.reason));
  return decoded.reason;
}

type RecordOf<K> = Extract<MeshcoreRecord, { kind: K }>;

async function recordOf<K extends MeshcoreRecord["kind"]>(
  kind: K,
  ...given: Parameters<typeof decode>
): Promise<RecordOf<K>> {
  const decoded = await decode(...given);
  assert.ok(decoded.kind === "record", JSON.stringify(decoded));
  assert.equal(decoded.record.kind, kind);
  return decoded.record as RecordOf<K>;
}

Deno.test("decode() finds packets under any topic, and the observer where there is one", async () => {
  const raw = { raw: ACK, origin: "Hill" };
  const packet = await recordOf("packet", TOPIC, raw);
  assert.deepEqual(packet.observer, { id: "OBS1", name: "Hill", iata: "SJC" });
  assert.equal(packet.transmission.decodedJson, '{"type":"ACK","extraHash":"238aaddc","ackLen":4}');
  assert.equal((await recordOf("packet", "mesh/x/OBS/anything/else", raw)).observer?.id, "OBS");
  assert.equal((await recordOf("packet", "meshcore/x", raw)).observer, null);
  assert.equal((await recordOf("packet", "meshcore", raw)).region, "");
  // A quirk that is kept, so that the tables are CoreScope's: G18.
  assert.equal((await recordOf("packet", "meshcore/SJC/packets", raw)).observer?.id, "packets");
});

Deno.test("decode() reads the data field of the raw topic, and of no other", async () => {
  assert.equal(await outcome("meshcore/SJC/OBS1/raw", { data: ACK, type: "RAW" }), "packet");
  assert.equal(await outcome("meshcore/SJC/OBS1/packets", { data: ACK }), "no_packet");
  const both = await recordOf("packet", "meshcore/SJC/OBS1/raw", { raw: ACK, data: "15" });
  assert.equal(both.transmission.rawHex, ACK);
});

Deno.test("decode() takes the region from the message, the topic, the source, in that order", async () => {
  const options = { sources: { s: { region: "cfg" } } };
  const region = async (topic: string, json: object) =>
    (await recordOf("packet", topic, { raw: ACK, ...json }, options)).region;
  assert.equal(await region(TOPIC, { region: "own" }), "own");
  assert.equal(await region(TOPIC, { region: "" }), "SJC");
  assert.equal(await region("meshcore", {}), "cfg");
  const packet = await recordOf("packet", TOPIC, { raw: ACK, region: " own " });
  assert.equal(packet.observer?.iata, "OWN");
});

Deno.test("decode() heeds the spelling that comes first, even when it says nothing", async () => {
  const heard = async (json: object) =>
    (await recordOf("packet", TOPIC, { raw: ACK, ...json })).observation;
  const both = await heard({ SNR: "x", snr: 5, rssi: "-80 dBm", Score: 7, Direction: "rx" });
  assert.deepEqual(
    [both.snr, both.rssi, both.score, both.direction],
    [null, -80, 7, "rx"],
  );
  assert.equal((await heard({ SNR: null, snr: 5 })).snr, null);
  assert.equal((await heard({ SNR: "Infinity" })).snr, null);
  assert.equal((await heard({ direction: 5, Direction: "tx" })).direction, "tx");
});

Deno.test("decode() hashes the bytes, not the text (G10)", async () => {
  const plain = await recordOf("packet", TOPIC, { raw: "0D024984B8AF36FC" });
  const spaced = await recordOf("packet", TOPIC, { raw: "0D 02 49 84\r\nB8 AF 36 FC" });
  assert.deepEqual(spaced.transmission, plain.transmission);
  assert.deepEqual(spaced.observation, plain.observation);
  assert.equal(spaced.observation.pathJson, '["49","84"]');
});

Deno.test("decode() keeps an empty name from wiping the known one (G8)", async () => {
  for (const origin of ["", 5, null, undefined]) {
    assert.equal((await recordOf("packet", TOPIC, { raw: ACK, origin })).observer?.name, null);
    const status = await recordOf("status", "meshcore/SJC/O/status", { origin });
    assert.equal(status.observer.name, null);
  }
});

Deno.test("decode() drops with a reason of the closed set", async () => {
  assert.equal(await outcome(TOPIC, "null"), "not_an_object");
  assert.equal(await outcome(TOPIC, "{"), "not_json");
  assert.equal(await outcome("meshcore/status", {}), "ignored_topic");
  assert.equal(await outcome("meshcore/events/connection", { raw: ACK }), "ignored_topic");
  assert.equal(await outcome("meshcore/SJC/OBS1/debug", { msg: "x" }), "no_packet");
  assert.equal(await outcome("meshcore/self_info", { name: "x" }), "no_packet");
  assert.equal(await outcome(TOPIC, { raw: "" }), "no_packet");
  assert.equal(await outcome(TOPIC, { raw: 5 }), "no_packet");
  assert.equal(await outcome("meshcore/SJC//status", {}), "no_observer");
  assert.equal(await outcome("meshcore/message/channel/1", { text: "" }), "no_text");
});

Deno.test("decode() heeds blacklist and whitelist for all, the source's filter for packets", async () => {
  const options: MeshcoreDecoderOptions = {
    observerBlacklist: [" obs1 ", ""],
    observerIataWhitelist: ["sfo", "SJC"],
    sources: { s: { iataFilter: ["SJC"] } },
  };
  assert.equal(await outcome(TOPIC, { raw: ACK }, options), "blacklisted");
  assert.equal(await outcome("meshcore/SJC/Obs1/status", {}, options), "blacklisted");
  assert.equal(await outcome("meshcore/LAX/O/status", {}, options), "region_not_allowed");
  assert.equal(await outcome("meshcore/SFO/O/status", {}, options), "status");
  assert.equal(await outcome("meshcore/SFO/O/packets", { raw: ACK }, options), "region_filtered");
  // CoreScope heeds the case here, though nowhere else (G18).
  assert.equal(await outcome("meshcore/sjc/O/packets", { raw: ACK }, options), "packet");
});

Deno.test("decode() keeps what it cannot read as refused, with the reason (G20)", async () => {
  const refused = await recordOf("refused", TOPIC, { raw: "153F01" });
  assert.deepEqual(
    [refused.reason, refused.fault, refused.hash, refused.observer?.id],
    ["undecodable", "path_exceeds_packet", null, "OBS1"],
  );
  assert.equal((await recordOf("refused", TOPIC, { raw: "zz" })).fault, "bad_hex");
  const long = await recordOf("refused", TOPIC, { raw: "0d".repeat(5000) });
  assert.equal(long.rawHex.length, 1024);
});

Deno.test("decode() reads a status with its figures, nested first", async () => {
  const status = await recordOf("status", "meshcore/sjc/O/status/more", {
    status: "online",
    firmware: "old",
    firmware_version: "new",
    clientVersion: "two",
    client_version: "one",
    model: "",
    repeat: "OFF",
    battery_mv: 1,
    noise_floor: "-115.5 dBm",
    stats: { battery_mv: "3602.5", uptime_secs: 1e300, packets_sent: null },
    packets_sent: 9,
  });
  assert.deepEqual(status.observer, { id: "O", name: null, iata: "SJC" });
  assert.deepEqual(
    [status.model, status.firmware, status.clientVersion, status.canRelay, status.uptimeSecs],
    [null, "new", "two", false, null],
  );
  assert.deepEqual(status.metrics, {
    noiseFloor: -115.5,
    txAirSecs: null,
    rxAirSecs: null,
    recvErrors: null,
    batteryMv: 3603,
    packetsSent: null,
    packetsRecv: null,
  });
  assert.equal(status.alive, true);
  const empty = await recordOf("status", "meshcore/sjc/O/status", { status: "online" });
  assert.equal(empty.metrics, null);
});

Deno.test("decode() does not take a retained or offline status for a sign of life (G7)", async () => {
  const topic = "meshcore/SJC/O/status";
  const alive = async (status: unknown, retained: boolean) =>
    (await recordOf("status", topic, { status }, {}, { retained })).alive;
  assert.equal(await alive("online", false), true);
  assert.equal(await alive(undefined, false), true);
  assert.equal(await alive("online", true), false);
  assert.equal(await alive("Offline", false), false);
});

Deno.test("decode() knows a companion's message again by when it was sent (G19)", async () => {
  const topic = "meshcore/message/channel/3";
  const hash = async (json: object, receivedAt: number) =>
    (await recordOf("companion", topic, json, {}, { receivedAt })).transmission.hash;
  const sent = { text: "Al: hi", sender_timestamp: 1_760_000_000 };
  assert.equal(await hash(sent, 1000), await hash(sent, 99_000));
  assert.notEqual(await hash(sent, 1000), await hash({ ...sent, sender_timestamp: 1 }, 1000));
  assert.notEqual(await hash({ text: "Al: hi" }, 1000), await hash({ text: "Al: hi" }, 9000));
});

Deno.test("decode() tells the same word of two people apart", async () => {
  const hash = async (id: string, json: object) =>
    (await recordOf("companion", `meshcore/message/direct/${id}`, json, {}, { receivedAt: 1000 }))
      .transmission.hash;
  for (const json of [{ text: "ok" }, { text: "ok", sender_timestamp: 1_760_000_000 }]) {
    assert.notEqual(await hash("ab", json), await hash("cd", json));
    assert.equal(await hash("ab", json), await hash("ab", json));
  }
});

Deno.test("decode() writes a companion's message with sorted keys", async () => {
  const channel = await recordOf("companion", "meshcore/message/channel/3", {
    text: "Al: <hi>",
    channel_idx: 7,
    sender_timestamp: { b: 1, a: "x" },
  });
  assert.equal(
    channel.transmission.decodedJson,
    '{"channel":"ch7","sender":"Al","sender_timestamp":{"a":"x","b":1},' +
      '"text":"Al: \\u003chi\\u003e","type":"CHAN"}',
  );
  assert.equal(channel.transmission.channelHash, "ch7");
  const direct = await recordOf("companion", "meshcore/message/direct/ab", { text: "hey" });
  assert.equal(direct.transmission.decodedJson, '{"sender":"","text":"hey","type":"DM"}');
  assert.equal(direct.transmission.payloadType, 2);
});

const CLIENT = "meshcore/client/ABCD/packets";
const COVERAGE = { clientRxCoverage: true };
const gps = { lat: "37.5", lon: -122, acc_m: 8 };

Deno.test("decode() reads client receptions when coverage is on, and packets when it is off", async () => {
  const raw = "0d41ab9fdcad8a23";
  const json = { raw, gps, direction: "RX", RSSI: "-90.9", SNR: 6.5, origin: "Walker" };
  const reception = await recordOf("client_reception", CLIENT, json, COVERAGE);
  assert.deepEqual(
    [reception.rxPubkey, reception.heardKey, reception.heardKeyLength, reception.heardBy],
    ["abcd", "ab9f", 2, "rxlog"],
  );
  assert.deepEqual(
    [reception.lat, reception.lon, reception.positionAccuracyM, reception.rssi],
    [37.5, -122, 8, -90],
  );
  assert.equal(reception.clientName, "Walker");
  assert.equal(await outcome(CLIENT, json), "packet");
  const reason = (over: object, topic = CLIENT) => outcome(topic, { ...json, ...over }, COVERAGE);
  assert.equal(await reason({}, "meshcore/client/!x/packets"), "client_bad_key");
  assert.equal(await reason({ raw: "" }), "client_no_packet");
  assert.equal(await reason({ gps: { lat: 95, lon: 0 } }), "client_no_position");
  assert.equal(await reason({ gps: [1, 2] }), "client_no_position");
  assert.equal(await reason({ raw: "15" }), "client_undecodable");
  assert.equal(await reason({ direction: "tx" }), "client_not_direct");
  assert.equal(await reason({ raw: "0e41ab9fdcad8a23" }), "client_not_direct");
  assert.equal(await reason({ raw: "0d01abdcad8a23" }), "client_not_direct");
  const blacklist = { ...COVERAGE, observerBlacklist: ["abcd"] };
  assert.equal(await outcome(CLIENT, json, blacklist), "blacklisted");
});

/** An advert of a fresh node, signed. */
async function signedAdvert(position = { lat: 37.5, lon: -122 }) {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  assert.ok("privateKey" in pair);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const payload = await encodeAdvert(
    { publicKey, timestamp: 1_760_000_000, type: 2, position, name: "Hill <1>" },
    async (signed) => new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, signed)),
  );
  return { publicKey: encodeHex(publicKey), payload };
}

const advertHex = (payload: Uint8Array) =>
  encodeHex(encodePacket({ routeType: 1, payloadType: 4, payload }));

Deno.test("decode() makes a node of a signed advert, and refuses a forged one", async () => {
  const { publicKey, payload } = await signedAdvert();
  const packet = await recordOf("packet", TOPIC, { raw: advertHex(payload) });
  assert.deepEqual(packet.node, {
    publicKey,
    name: "Hill <1>",
    role: "repeater",
    lat: 37.5,
    lon: -122,
    foreign: false,
    batteryMv: null,
    temperatureC: null,
    defaultScope: null,
    advertTimestamp: 1_760_000_000,
  });
  assert.equal(packet.transmission.fromPubkey, publicKey);
  assert.match(packet.transmission.decodedJson, /"signatureValid":true.*"Hill \\u003c1\\u003e"/);

  payload[40]! ^= 1;
  const refused = await recordOf("refused", TOPIC, { raw: advertHex(payload) });
  assert.deepEqual(
    [refused.reason, refused.text, refused.nodePubkey, refused.nodeName],
    ["invalid_signature", "invalid signature", publicKey, "Hill <1>"],
  );
  const trusted = await recordOf("packet", TOPIC, { raw: advertHex(payload) }, {
    validateSignatures: false,
  });
  assert.ok(!trusted.transmission.decodedJson.includes("signatureValid"));
  const client = { raw: advertHex(payload), gps, direction: "rx" };
  const reception = await recordOf("client_reception", CLIENT, client, COVERAGE);
  assert.equal(reception.signatureValid, false);
});

Deno.test("decode() makes no believed reception of a bad advert, whoever forwarded it (G24)", async () => {
  const { publicKey, payload } = await signedAdvert();
  const hex = (hops: string[]) =>
    encodeHex(encodePacket({ routeType: 1, payloadType: 4, hashSize: 2, hops, payload }));
  const json = (hops: string[]) => ({ raw: hex(hops), gps, direction: "rx" });
  const heard = async (hops: string[]) => {
    const { heardKey, signatureValid } = await recordOf(
      "client_reception",
      CLIENT,
      json(hops),
      COVERAGE,
    );
    return [heardKey, signatureValid];
  };
  assert.deepEqual(await heard([]), [publicKey, true]);
  assert.deepEqual(await heard(["AB9F"]), ["ab9f", true]);
  payload[40]! ^= 1;
  assert.deepEqual(await heard([]), [publicKey, false]);
  assert.deepEqual(await heard(["AB9F"]), ["ab9f", false]);
  payload.fill(0, 0, 32);
  for (const validateSignatures of [true, false]) {
    const options = { ...COVERAGE, validateSignatures };
    assert.equal(await outcome(CLIENT, json([]), options), "client_corrupt_advert");
    assert.equal(await outcome(CLIENT, json(["AB9F"]), options), "client_corrupt_advert");
  }
});

Deno.test("decode() takes nothing in a TRACE for a node that was heard directly", async () => {
  // Two hops of two bytes that it is to take; the header's bytes are SNR values.
  const payload = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 1, 0xab, 0x9f, 0xc0, 0xde]);
  for (const hops of [[], ["2A1B"]]) {
    const raw = encodeHex(
      encodePacket({ routeType: 1, payloadType: 9, hashSize: 2, hops, payload }),
    );
    assert.equal(
      await outcome(CLIENT, { raw, gps, direction: "rx" }, COVERAGE),
      "client_not_direct",
    );
  }
});

Deno.test("decode() takes the SNR values of a TRACE without a route for no hops", async () => {
  const trace = async (payload: Uint8Array) => {
    const raw = encodeHex(
      encodePacket({ routeType: 1, payloadType: 9, hops: ["28", "F4"], payload }),
    );
    const { hops, observation } = await recordOf("packet", TOPIC, { raw });
    return [hops, observation.pathJson];
  };
  for (const length of [0, 8, 9]) {
    // The column is CoreScope's.
    assert.deepEqual(await trace(new Uint8Array(length)), [[], '["28","F4"]']);
  }
  assert.deepEqual(await trace(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 0, 0xab])), [
    ["AB"],
    '["AB"]',
  ]);
});

Deno.test("decode() flags or drops adverts from outside the area", async () => {
  const { payload } = await signedAdvert({ lat: 50, lon: 8 });
  const raw = advertHex(payload);
  const geoFilter = { latMin: 37, latMax: 38, lonMin: -123, lonMax: -121 };
  assert.equal((await recordOf("packet", TOPIC, { raw }, { geoFilter })).node?.foreign, true);
  assert.equal(
    await outcome(TOPIC, { raw }, { geoFilter, foreignAdverts: "drop" }),
    "foreign_advert",
  );
});

Deno.test("decode() refuses adverts that no node can have sent, whatever the signature", async () => {
  const { payload } = await signedAdvert({ lat: 91, lon: 0 });
  assert.equal(
    (await recordOf("refused", TOPIC, { raw: advertHex(payload) })).fault,
    "bad_latitude",
  );
  const { payload: east } = await signedAdvert({ lat: 0, lon: 181 });
  assert.equal((await recordOf("refused", TOPIC, { raw: advertHex(east) })).fault, "bad_longitude");
  payload.fill(0, 0, 32);
  const zero = await recordOf("refused", TOPIC, { raw: advertHex(payload) });
  assert.deepEqual([zero.reason, zero.fault], ["corrupt_advert", "zero_public_key"]);
});

Deno.test("decode() labels what it read for the metrics", async () => {
  const labels = async (topic: string, json: unknown) => {
    const decoded = await decode(topic, json);
    return decoded.kind === "record" ? Object.values(decoded.labels) : [];
  };
  assert.deepEqual(await labels(TOPIC, { raw: ACK }), ["ACK", "none", true]);
  assert.deepEqual(await labels(TOPIC, { raw: "0d00dc" }), ["ACK", "none", false]);
  assert.deepEqual(await labels(TOPIC, { raw: "15002200001122334455" }), [
    "GRP_TXT",
    "no_key",
    true,
  ]);
  assert.deepEqual(await labels(TOPIC, { raw: "15" }), ["UNDECODABLE", "none", false]);
  assert.deepEqual(await labels("a/b/c/status", {}), ["STATUS", "none", true]);
});

Deno.test("decode() finds the scope of every copy by its own transport code", async () => {
  const regions = createRegionScopes(["sjc"]);
  const payload = Uint8Array.of(1, 2, 3, 4);
  const code = transportCode(regions[0]!.mac, Uint8Array.of(3), payload);
  const copies = [[0, code], [0, code ^ 1], [1, 0], [3, code], [0, 0]] as const;
  const messages = copies.map(([routeType, first]) => {
    const bytes = encodePacket({ routeType, payloadType: 3, payload, transportCodes: [first, 0] });
    return message({ topic: TOPIC, payload: utf8Bytes(JSON.stringify({ raw: encodeHex(bytes) })) });
  });
  const decoded = await createMeshcoreDecoder({ regions }).decode(messages);
  const sent = decoded.map((one) =>
    one.kind === "record" && one.record.kind === "packet" ? one.record.transmission : undefined
  );
  assert.deepEqual(sent.map((one) => one?.scopeName), ["#sjc", "", null, "#sjc", null]);
  assert.equal(new Set(sent.map((one) => one?.hash)).size, 1);
});

Deno.test("decode() takes an observer's name and region from each message anew", async () => {
  const said = [
    { origin: "Hill" },
    { origin: "Hill" },
    { origin: "Peak" },
    { origin: "Peak", region: "oak" },
    {},
    { origin: "Hill" },
  ];
  const messages = said.map((json) =>
    message({ topic: TOPIC, payload: utf8Bytes(JSON.stringify({ raw: ACK, ...json })) })
  );
  const decoded = await createMeshcoreDecoder().decode(messages);
  const observers = decoded.map((one) =>
    one.kind === "record" && one.record.kind === "packet" ? one.record.observer : undefined
  );
  assert.deepEqual(observers.map((one) => [one?.id, one?.name, one?.iata]), [
    ["OBS1", "Hill", "SJC"],
    ["OBS1", "Hill", "SJC"],
    ["OBS1", "Peak", "SJC"],
    ["OBS1", "Peak", "OAK"],
    ["OBS1", null, "SJC"],
    ["OBS1", "Hill", "SJC"],
  ]);
});
