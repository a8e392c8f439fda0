import assert from "node:assert/strict";
import fc from "fast-check";
import type { Message } from "../../src/capture/message.ts";
import type { Decoded } from "../../src/capture/network.ts";
import { channelHash } from "../../src/meshtastic/channel_hash.ts";
import { createMeshtasticDecoder } from "../../src/meshtastic/decoder.ts";
import {
  DECRYPT_RESULTS,
  DROP_REASONS,
  PARSING_ERRORS,
  RECORD_TYPES,
} from "../../src/meshtastic/labels.ts";
import type { MeshtasticRecord } from "../../src/meshtastic/record.ts";
import { expandPsk, parsePsk, PskError } from "../../src/meshtastic/psk.ts";
import { encode, encrypt, envelope, HEADER, message } from "./build.ts";

const decoder = createMeshtasticDecoder();
const utf8 = (text: string) => new TextEncoder().encode(text);

async function one(item: Message): Promise<Decoded<MeshtasticRecord>> {
  return (await decoder.decode([item]))[0]!;
}

async function recordOf(item: Message): Promise<MeshtasticRecord> {
  const outcome = await one(item);
  assert.equal(outcome.kind, "record");
  return (outcome as { record: MeshtasticRecord }).record;
}

/** The record of a plain packet with this port and payload. */
function plain(
  portnum: number,
  payload: Uint8Array,
  packet: Record<string, unknown> = {},
  data: Record<string, unknown> = {},
): Promise<MeshtasticRecord> {
  return recordOf(message(envelope({ decoded: { portnum, payload, ...data }, ...packet })));
}

Deno.test("decode() fills every column of a plain packet", async () => {
  const payload = envelope({
    decoded: { portnum: 1, payload: utf8("hi"), reply_id: 9, emoji: 1, bitfield: 3 },
    channel: 2,
    priority: 70,
    want_ack: true,
    via_mqtt: true,
    next_hop: 4,
    relay_node: 5,
    tx_after: 6,
    delayed: 1,
    pki_encrypted: true,
    transport_mechanism: 5,
  });
  const item = message(payload, "msh/EU_868/2/c/Field/!0a0b0c0d", { qos: 1, retained: true });
  assert.deepEqual(await one(item), {
    kind: "record",
    labels: { type: "TEXT_MESSAGE_APP", decrypt: "none", readable: true },
    record: {
      packet: {
        timestamp: 1_760_000_000.25,
        topic: "msh/EU_868/2/c/Field/!0a0b0c0d",
        fromNodeId: HEADER.from,
        toNodeId: HEADER.to,
        portnum: 1,
        portnumName: "TEXT_MESSAGE_APP",
        gatewayId: "!0a0b0c0d",
        channelId: "LongFast",
        channelName: "Field",
        meshPacketId: HEADER.id,
        rssi: -101,
        snr: -7.25,
        hopLimit: 2,
        hopStart: 5,
        payloadLength: 2,
        rawPayload: utf8("hi"),
        processedSuccessfully: true,
        viaMqtt: true,
        wantAck: true,
        priority: 70,
        delayed: 1,
        channelIndex: 2,
        rxTime: 1_760_000_000,
        pkiEncrypted: true,
        nextHop: 4,
        relayNode: 5,
        txAfter: 6,
        messageType: "c",
        rawServiceEnvelope: payload,
        parsingError: null,
        transport: 5,
        qos: 1,
        retained: true,
        captureSource: "test",
        captureKey: null,
      },
      gatewayNodeId: 0x0a0b0c0d,
      details: {
        kind: "text",
        text: "hi",
        wantResponse: false,
        dest: 0,
        source: 0,
        requestId: 0,
        replyId: 9,
        emoji: 1,
        bitfield: 3,
        compressed: false,
      },
    },
  });
});

Deno.test("decode() writes 0 and an empty blob where a packet's fields are absent", async () => {
  const bytes = encode("ServiceEnvelope", { packet: { decoded: {} } });
  const { packet, details } = await recordOf(message(bytes));
  assert.deepEqual(
    [packet.rssi, packet.snr, packet.rxTime, packet.hopStart, packet.portnum, packet.gatewayId],
    [0, 0, 0, 0, 0, ""],
  );
  assert.ok(packet.rawPayload instanceof Uint8Array);
  assert.equal(packet.processedSuccessfully, true);
  assert.equal(details, undefined);
});

Deno.test("decode() copies payloads out of the message's buffer", async () => {
  const item = message(envelope({ decoded: { portnum: 256, payload: utf8("own") } }));
  const { packet } = await recordOf(item);
  item.payload.fill(0);
  assert.deepEqual(packet.rawPayload, utf8("own"));
  assert.equal(packet.rawPayload?.buffer.byteLength, 3);
});

Deno.test("decode() leaves the envelope away when storeRaw is off", async () => {
  const quiet = createMeshtasticDecoder({ storeRaw: false });
  const [outcome] = await quiet.decode([message(envelope({ decoded: { portnum: 1 } }))]);
  assert.ok(outcome?.kind === "record");
  assert.equal(outcome.record.packet.rawServiceEnvelope, null);
});

Deno.test("decode() drops by topic and by size, each with its reason", async () => {
  const bytes = envelope({ decoded: { portnum: 1 } });
  const small = createMeshtasticDecoder({ maxEnvelopeBytes: bytes.length });
  const outcomes = await small.decode([
    message(bytes, "msh/EU_868/2/json/LongFast/!1"),
    message(bytes, "msh/EU_868/2/stat/!1"),
    message(bytes, "other/topic"),
    message(new Uint8Array(bytes.length + 1)),
    message(Uint8Array.of(0xff), "msh/EU_868/2/map/"),
    message(bytes),
  ]);
  assert.deepEqual(outcomes.map((outcome) => outcome.kind === "drop" ? outcome.reason : "row"), [
    "json_topic",
    "stat_topic",
    "unwanted_topic",
    "oversized",
    "map_unreadable",
    "row",
  ]);
});

Deno.test("decode() gives gateways their written form, and a number where they are nodes", async () => {
  const cases: [string, string, number | undefined][] = [
    ["!0A0B0C0D", "!0a0b0c0d", 0x0a0b0c0d],
    ["!1", "!00000001", 1],
    ["!fedcba9876", "!fedcba9876", undefined],
    ["!zzzz", "!zzzz", undefined],
    ["abc12345", "abc12345", undefined],
    ["!ffffffff", "!ffffffff", undefined],
    ["", "", undefined],
  ];
  for (const [written, gatewayId, nodeId] of cases) {
    const bytes = envelope({ decoded: { portnum: 1 } }, "LongFast", written);
    const record = await recordOf(message(bytes));
    assert.equal(record.packet.gatewayId, gatewayId);
    assert.equal(record.gatewayNodeId, nodeId);
  }
});

Deno.test("decode() states what it cannot decrypt, and never guesses", async () => {
  const encrypted = utf8("not a packet of any key");
  const unknown = await one(message(envelope({ encrypted, channel: 80 }, "Secret")));
  assert.ok(unknown.kind === "record");
  assert.deepEqual(unknown.labels, { type: "UNKNOWN_APP", decrypt: "no_key", readable: false });
  const { packet } = unknown.record;
  assert.deepEqual(
    [packet.portnum, packet.portnumName, packet.payloadLength, packet.rawPayload?.length],
    [0, "UNKNOWN_APP", 0, 0],
  );
  assert.deepEqual([packet.processedSuccessfully, packet.fromNodeId], [false, HEADER.from]);
  assert.equal(packet.parsingError, PARSING_ERRORS.noKey);
  const pki = await one(message(envelope({ encrypted, channel: 0 }, "PKI")));
  assert.ok(pki.kind === "record");
  assert.equal(pki.labels.decrypt, "pki");
  assert.equal(pki.record.packet.parsingError, PARSING_ERRORS.pki);
  const flagged = await one(message(envelope({ encrypted, pki_encrypted: true }, "LongFast")));
  assert.ok(flagged.kind === "record");
  assert.equal(flagged.labels.decrypt, "pki");
});

Deno.test("decode() reads an encrypted packet and names its key", async () => {
  const key = expandPsk(Uint8Array.of(1));
  const data = encode("Data", { portnum: 1, payload: utf8("hi"), bitfield: 1 });
  const encrypted = await encrypt(key, HEADER.id, HEADER.from, data);
  const channel = channelHash("LongFast", key);
  const { packet, details } = await recordOf(message(envelope({ encrypted, channel })));
  assert.deepEqual([packet.portnum, packet.captureKey], [1, "hash:default"]);
  assert.deepEqual(packet.rawPayload, utf8("hi"));
  assert.equal(packet.channelIndex, 8);
  assert.equal(details?.kind === "text" && details.bitfield, 1);
});

Deno.test("decode() lets the topic name the channel where the envelope does not", async () => {
  const key = expandPsk(Uint8Array.of(1));
  // A lone port number is too little for a trial of every key.
  const encrypted = await encrypt(key, HEADER.id, HEADER.from, encode("Data", { portnum: 3 }));
  const unnamed = envelope({ encrypted, channel: channelHash("Wien Süd", key) }, "");
  const { packet } = await recordOf(message(unnamed, "msh/EU_868/2/e/Wien Süd/!0a0b0c0d"));
  assert.deepEqual([packet.portnum, packet.captureKey], [3, "hash:default"]);
  assert.deepEqual([packet.channelId, packet.channelName], ["", "Wien Süd"]);
  const elsewhere = await recordOf(message(unnamed, "msh/EU_868/2/e/Other/!0a0b0c0d"));
  assert.equal(elsewhere.packet.parsingError, PARSING_ERRORS.noKey);
  const nowhere = await recordOf(message(unnamed, "msh/EU_868/2/e/!0a0b0c0d"));
  assert.equal(nowhere.packet.parsingError, PARSING_ERRORS.noKey);
});

/** 16 bytes that give a channel of this name the hash 0, as a PSK. */
function pskOfHashZero(name: string): string {
  const key = Uint8Array.from({ length: 16 }, (_, i) => i * 7 + 1);
  key[15]! ^= channelHash(name, key);
  return btoa(String.fromCharCode(...key));
}

Deno.test("decode() reads what a gateway took for a direct message, where a channel has hash 0", async () => {
  const psk = pskOfHashZero("Hut");
  const key = parsePsk(psk);
  const data = encode("Data", { portnum: 1, payload: utf8("hi") });
  const encrypted = await encrypt(key, HEADER.id, HEADER.from, data);
  const labelled = message(envelope({ encrypted, to: 7, pki_encrypted: true }, "PKI"));
  const flagged = message(envelope({ encrypted, to: 7, pki_encrypted: true }, "LongFast"));
  const knows = createMeshtasticDecoder({ channels: [{ name: "Hut", psk }] });
  for (const outcome of await knows.decode([labelled, flagged])) {
    assert.ok(outcome.kind === "record");
    assert.equal(outcome.labels.decrypt, "hash");
    const { packet, details } = outcome.record;
    assert.equal(packet.captureKey, "hash:Hut");
    assert.equal(details?.kind === "text" && details.text, "hi");
  }
  // Without the name nothing leads to the key, and no key is tried.
  for (const channels of [[], [{ psk }], [{ name: "Barn", psk }]]) {
    const [outcome] = await createMeshtasticDecoder({ channels }).decode([labelled]);
    assert.ok(outcome?.kind === "record");
    assert.equal(outcome.record.packet.parsingError, PARSING_ERRORS.pki);
  }
});

Deno.test("decode() takes no direct message for one of a channel of hash 0 on weak evidence", async () => {
  const psk = pskOfHashZero("Hut");
  const hut = createMeshtasticDecoder({ channels: [{ name: "Hut", psk }] });
  // One field alone, fields that the firmware would write in another order, a port without a name.
  const weak = [[8, 3], [0x12, 2, 0x68, 0x69, 8, 1], [8, 0xac, 2, 0x12, 2, 0x68, 0x69]];
  for (const bytes of weak) {
    const encrypted = await encrypt(parsePsk(psk), HEADER.id, HEADER.from, Uint8Array.from(bytes));
    const outcomes = await hut.decode([
      message(envelope({ encrypted, pki_encrypted: true }, "PKI")),
      message(envelope({ encrypted }, "Hut")),
    ]);
    const results = outcomes.map((one) => one.kind === "record" ? one.labels.decrypt : "");
    assert.deepEqual(results, ["pki", "hash"]);
  }
});

Deno.test("decode() judges a packet by itself, however it came before", async () => {
  const psk = pskOfHashZero("Hut");
  const plaintext = encode("Data", { portnum: 1, payload: utf8("hi") });
  const encrypted = await encrypt(parsePsk(psk), HEADER.id, HEADER.from, plaintext);
  const channels = [{ psk }, { name: "Other", psk: pskOfHashZero("Other") }];
  const batch = [false, true, false].map((pki_encrypted) =>
    message(envelope({ encrypted, pki_encrypted }, "LongFast"))
  );
  const outcomes = await createMeshtasticDecoder({ channels }).decode(batch);
  const results = outcomes.map((one) => one.kind === "record" ? one.labels.decrypt : "");
  assert.deepEqual(results, ["trial", "pki", "trial"]);
});

Deno.test("decode() makes a row of every unreadable message, keeping what is known", async () => {
  for (const bytes of [Uint8Array.of(0x0a), Uint8Array.of(0xff, 0xff)]) {
    const { packet } = await recordOf(message(bytes));
    assert.equal(packet.processedSuccessfully, false);
    assert.deepEqual([packet.payloadLength, packet.rawPayload?.length], [0, 0]);
    assert.deepEqual([packet.fromNodeId, packet.portnum], [null, null]);
    assert.deepEqual([packet.gatewayId, packet.channelId], ["", ""]);
    assert.ok(packet.parsingError);
    assert.equal(packet.rawServiceEnvelope, bytes);
  }
});

Deno.test("decode() makes a row of zeros of an envelope without a packet, as Malla does", async () => {
  const header = encode("ServiceEnvelope", { channel_id: "A", gateway_id: "!0a0b0c0d" });
  for (
    const [bytes, gateway, channel] of [
      [header, "!0a0b0c0d", "A"],
      [new Uint8Array(0), "", ""],
    ] as const
  ) {
    const { packet, gatewayNodeId } = await recordOf(message(bytes));
    assert.deepEqual([packet.gatewayId, packet.channelId], [gateway, channel]);
    assert.equal(gatewayNodeId, gateway === "" ? undefined : 0x0a0b0c0d);
    assert.deepEqual([packet.portnum, packet.portnumName], [0, "UNKNOWN_APP"]);
    assert.deepEqual([packet.fromNodeId, packet.toNodeId, packet.meshPacketId], [0, 0, 0]);
    assert.deepEqual([packet.hopLimit, packet.rssi, packet.rxTime], [0, 0, 0]);
    assert.deepEqual([packet.payloadLength, packet.rawPayload?.length], [0, 0]);
    assert.deepEqual(
      [packet.processedSuccessfully, packet.parsingError],
      [false, PARSING_ERRORS.noPacket],
    );
  }
});

Deno.test("decode() gives the timestamp to the microsecond", async () => {
  const bytes = envelope({ decoded: { portnum: 1 } });
  const at = (receivedAt: number) =>
    recordOf(message(bytes, "msh/2/e/A/!1", { receivedAt })).then((one) => one.packet.timestamp);
  assert.equal(await at(1_795_361_621_632.787), 1_795_361_621.632787);
  assert.equal(await at(1_795_361_619_932.742), 1_795_361_619.932742);
});

Deno.test("decode() reads a channel id of invalid UTF-8 leniently", async () => {
  const bytes = envelope({ decoded: { portnum: 1, payload: utf8("A") } }, "xyz");
  bytes.set([0xff, 0xfe, 0xfd], bytes.lastIndexOf(0x78));
  const { packet } = await recordOf(message(bytes));
  assert.equal(packet.channelId, "\ufffd\ufffd\ufffd");
  assert.equal(packet.processedSuccessfully, true);
});

Deno.test("decode() keeps a payload that is not what its port promises, and says so", async () => {
  const broken = Uint8Array.of(0x0a, 0x09);
  for (const portnum of [3, 4, 5, 8, 34, 65, 67, 70, 71, 73]) {
    const { packet, details, node } = await plain(portnum, broken);
    assert.equal(packet.processedSuccessfully, true, String(portnum));
    assert.deepEqual(packet.rawPayload, broken);
    assert.match(packet.parsingError ?? "", /^payload: not a /);
    assert.deepEqual([details, node], [undefined, undefined]);
  }
});

Deno.test("decode() turns a surprise into a row that says so", async () => {
  const item = message(envelope({ decoded: { portnum: 1 } }));
  const broken = { ...item, payload: null as unknown as Message["payload"] };
  const outcomes = await decoder.decode([broken, item]);
  assert.deepEqual(outcomes.map((o) => o.kind === "record" && o.labels.readable), [false, true]);
  assert.ok(outcomes[0]?.kind === "record");
  assert.match(outcomes[0].record.packet.parsingError ?? "", /^internal: TypeError/);
});

Deno.test("decode() answers any bytes on any topic, in order, with labels of the closed sets", async () => {
  const topics = ["msh/2/e/LongFast/!1", "msh/2/map/", "msh/2/c/X/!2", "msh/2/json/x", "x"];
  const any = fc.tuple(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(...topics));
  await fc.assert(fc.asyncProperty(fc.array(any), async (items) => {
    const batch = items.map(([bytes, topic]) => message(new Uint8Array(bytes), topic));
    const outcomes = await decoder.decode(batch);
    assert.equal(outcomes.length, batch.length);
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome.kind === "drop") {
        assert.ok((DROP_REASONS as readonly string[]).includes(outcome.reason));
      } else {
        assert.equal(outcome.record.packet.topic, batch[i]!.topic);
        assert.ok((RECORD_TYPES as readonly string[]).includes(outcome.labels.type));
        assert.ok((DECRYPT_RESULTS as readonly string[]).includes(outcome.labels.decrypt));
        assert.equal(outcome.labels.readable, outcome.record.packet.processedSuccessfully);
      }
    }
  }));
});

Deno.test("decode() answers every cut and every flipped bit of an envelope", async () => {
  const key = expandPsk(Uint8Array.of(1));
  const data = encode("Data", { portnum: 70, payload: encode("RouteDiscovery", { route: [1] }) });
  const encrypted = await encrypt(key, HEADER.id, HEADER.from, data);
  const whole = envelope({ encrypted, channel: 8 });
  const batch: Message[] = [];
  for (let length = 0; length < whole.length; length++) batch.push(message(whole.slice(0, length)));
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = whole.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    batch.push(message(flipped));
  }
  const outcomes = await decoder.decode(batch);
  assert.ok(outcomes.every((outcome) => outcome.kind === "record"));
});

Deno.test("createMeshtasticDecoder() refuses a PSK that is none", () => {
  assert.throws(() => createMeshtasticDecoder({ channels: [{ psk: "?" }] }), PskError);
});
