/** The decoder against 2,000 recorded messages. @module */
import assert from "node:assert/strict";
import type { Decoded } from "../../src/capture/network.ts";
import { createMeshtasticDecoder } from "../../src/meshtastic/decoder.ts";
import { DROP_REASONS, PARSING_ERRORS } from "../../src/meshtastic/labels.ts";
import type { MeshtasticRecord, PacketRow } from "../../src/meshtastic/record.ts";
import { decodeBase64 } from "./base64.ts";
import { namedChannels, readMessages, readTruth, shortChannels, type Truth } from "./traffic.ts";

const messages = readMessages();
const truth = readTruth();

function rowOf(outcome: Decoded<MeshtasticRecord>): PacketRow {
  assert.equal(outcome.kind, "record");
  return (outcome as { record: MeshtasticRecord }).record.packet;
}

function count(values: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

/** True where the right answer has a payload that channel keys (or none) can read. */
function isReadable(expected: Truth): boolean {
  return expected.portnum !== undefined && expected.portnum !== null;
}

Deno.test("decode() reads every readable message of the recorded traffic, and only those", async () => {
  const outcomes = await createMeshtasticDecoder({ channels: namedChannels() }).decode(messages);
  assert.equal(outcomes.length, 2000);
  let readable = 0;
  let unreadable = 0;
  for (const [i, expected] of truth.entries()) {
    const outcome = outcomes[i]!;
    if (outcome.kind === "drop") {
      assert.ok((DROP_REASONS as readonly string[]).includes(outcome.reason));
      assert.ok(
        ["json", "stat"].includes(expected.msg_type ?? "") || expected.kind === "oversized",
      );
      continue;
    }
    const row = rowOf(outcome);
    const where = `line ${i} (${expected.kind})`;
    if (!isReadable(expected)) {
      unreadable++;
      assert.equal(row.processedSuccessfully, false, where);
      assert.equal(row.payloadLength, 0, where);
      assert.equal(row.rawPayload?.length, 0, where);
      assert.ok(row.parsingError, where);
      assert.equal(row.captureKey, null, where);
      continue;
    }
    readable++;
    const payload = decodeBase64(expected.payload_b64!);
    assert.equal(row.portnum, expected.portnum, where);
    assert.equal(row.portnumName, expected.portnum_name, where);
    assert.deepEqual(row.rawPayload, payload, where);
    assert.equal(row.payloadLength, payload.length, where);
    assert.equal(row.processedSuccessfully, true, where);
  }
  assert.deepEqual({ readable, unreadable }, { readable: 1805, unreadable: 155 });
  assert.deepEqual(count(outcomes.flatMap((o) => (o.kind === "drop" ? [o.reason] : []))), {
    json_topic: 27,
    oversized: 1,
    stat_topic: 12,
  });
});

Deno.test("decode() says why each unreadable message is unreadable", async () => {
  const outcomes = await createMeshtasticDecoder({ channels: namedChannels() }).decode(messages);
  const rows = outcomes.flatMap((o) => (o.kind === "record" ? [o.record.packet] : []));
  const errors = rows.filter((row) => !row.processedSuccessfully).map((row) => row.parsingError!);
  assert.deepEqual(count(errors), {
    [PARSING_ERRORS.badEnvelope]: 11,
    [PARSING_ERRORS.noPacket]: 2,
    [PARSING_ERRORS.noPayload]: 1,
    [PARSING_ERRORS.noKey]: 93,
    [PARSING_ERRORS.pki]: 48,
  });
  const inner = rows.filter((row) => row.processedSuccessfully && row.parsingError !== null);
  assert.deepEqual(inner.map((row) => row.parsingError), [
    "payload: not a Position",
    "payload: not a User",
    "payload: not a Telemetry",
    "payload: not a RouteDiscovery",
  ]);
});

Deno.test("decode() reads the header of every packet of the recorded traffic", async () => {
  const outcomes = await createMeshtasticDecoder({ channels: namedChannels() }).decode(messages);
  let compared = 0;
  for (const [i, expected] of truth.entries()) {
    const outcome = outcomes[i]!;
    if (outcome.kind === "drop" || expected["rssi"] === undefined) continue;
    const row = rowOf(outcome);
    assert.deepEqual({
      from: row.fromNodeId,
      to: row.toNodeId,
      id: row.meshPacketId,
      channel: row.channelIndex,
      rssi: row.rssi,
      snr: row.snr,
      hop_limit: row.hopLimit,
      hop_start: row.hopStart,
      rx_time: row.rxTime,
      via_mqtt: row.viaMqtt,
      want_ack: row.wantAck,
      priority: row.priority,
      next_hop: row.nextHop,
      relay_node: row.relayNode,
      msg_type: row.messageType,
      channel_id: row.channelId,
    }, {
      from: expected.from,
      to: expected.to,
      id: expected.id,
      channel: expected.channel,
      rssi: expected["rssi"],
      snr: expected["snr"],
      hop_limit: expected["hop_limit"],
      hop_start: expected["hop_start"],
      rx_time: expected["rx_time"],
      via_mqtt: expected["via_mqtt"],
      want_ack: expected["want_ack"],
      priority: expected["priority"],
      next_hop: expected["next_hop"],
      relay_node: expected["relay_node"],
      msg_type: expected.msg_type,
      channel_id: expected.channel_id,
    }, `line ${i} (${expected.kind})`);
    compared++;
  }
  assert.equal(compared, 1945);
});

Deno.test("decode() names the key that read a packet, always by hash", async () => {
  const names = new Set(namedChannels().map((channel) => channel.name));
  const outcomes = await createMeshtasticDecoder({ channels: namedChannels() }).decode(messages);
  for (const [i, expected] of truth.entries()) {
    const outcome = outcomes[i]!;
    if (outcome.kind === "drop" || !expected.decrypted) continue;
    // A channel that is not configured, but uses the key of those that are.
    const name = names.has(expected.channel_id) ? expected.channel_id : "LongFast";
    assert.equal(rowOf(outcome).captureKey, `hash:${name}`, `line ${i}`);
    assert.deepEqual(outcome.labels.decrypt, "hash");
  }
});

Deno.test("decode() reads the default key's traffic with no configuration", async () => {
  const outcomes = await createMeshtasticDecoder().decode(messages);
  for (const [i, expected] of truth.entries()) {
    const outcome = outcomes[i]!;
    if (outcome.kind === "drop" || !expected.encrypted) continue;
    const row = rowOf(outcome);
    const ours = expected.key === "default(AQ==)";
    assert.equal(row.processedSuccessfully, ours, `line ${i}`);
    assert.equal(row.captureKey, ours ? "hash:default" : null, `line ${i}`);
    if (ours) assert.deepEqual(row.rawPayload, decodeBase64(expected.payload_b64!));
  }
});

Deno.test("decode() reads every PSK index from the short PSKs alone", async () => {
  const decoder = createMeshtasticDecoder({ channels: shortChannels(), defaultPsk: "" });
  const outcomes = await decoder.decode(messages);
  const read = new Set<string>();
  for (const [i, expected] of truth.entries()) {
    const outcome = outcomes[i]!;
    if (outcome.kind === "drop" || !expected.encrypted) continue;
    const row = rowOf(outcome);
    const key = expected.key ?? "";
    const ours = key === "default(AQ==)" || key.startsWith("psk");
    assert.equal(row.processedSuccessfully, ours, `line ${i}`);
    if (ours) read.add(row.captureKey!);
  }
  const others = Array.from({ length: 9 }, (_, i) => `hash:psk${i + 2}`);
  assert.deepEqual([...read].sort(), ["hash:default", ...others].sort());
});

Deno.test("decode() reads the default key's traffic with Malla's comma list of keys", async () => {
  const defaultPsk = "1PG7OiApB1nwvP+rz05pAQ==, 1PG7OiApB1nwvP+rz05pBQ==";
  const outcomes = await createMeshtasticDecoder({ defaultPsk }).decode(messages);
  const keys = outcomes.map((o) => (o.kind === "record" ? o.record.packet.captureKey : null));
  const expected = truth.filter((line) => line.key === "psk5").length;
  assert.equal(keys.filter((key) => key === "hash:psk5").length, expected);
});
