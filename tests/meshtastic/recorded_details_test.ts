/** What the decoder reads out of the payloads of the recorded traffic. @module */
import assert from "node:assert/strict";
import { createMeshtasticDecoder } from "../../src/meshtastic/decoder.ts";
import type { MeshtasticRecord, NodeUpdate } from "../../src/meshtastic/record.ts";
import { decodeBase64 } from "./base64.ts";
import { namedChannels, readMessages, readTruth, type Truth } from "./traffic.ts";

type Fields = Record<string, unknown>;
/** Compares one record with its right answer; false where the answer holds the raw bytes alone. */
type Comparison = (record: MeshtasticRecord, fields: Fields, truth: Truth) => void;

const float = (value: number) => Math.fround(value);

function named(node: NodeUpdate | undefined, fields: Fields, truth: Truth): void {
  assert.equal(node?.nodeId, truth.from);
  assert.equal(node?.longName, fields["long_name"]);
  assert.equal(node?.shortName, fields["short_name"]);
  assert.equal(node?.hwModel, fields["hw_model"] ?? "Unknown");
  assert.equal(node?.role, fields["role"] ?? "CLIENT");
}

const COMPARISONS: Record<string, Comparison> = {
  TEXT_MESSAGE_APP({ details }, fields, truth) {
    assert.ok(details?.kind === "text");
    assert.equal(details.text, fields["text"] ?? fields["text_lossy"] ?? "");
    assert.equal(details.replyId, truth["reply_id"]);
    assert.equal(details.requestId, truth["request_id"]);
    assert.equal(details.emoji, truth["emoji"]);
    assert.equal(details.wantResponse, truth["want_response"]);
  },
  TEXT_MESSAGE_COMPRESSED_APP({ details }) {
    assert.ok(details?.kind === "text" && details.compressed);
  },
  DETECTION_SENSOR_APP({ details }, fields) {
    assert.ok(details?.kind === "text");
    assert.equal(details.text, fields["text"]);
  },
  ALERT_APP({ details }, fields) {
    assert.ok(details?.kind === "text");
    assert.equal(details.text, fields["text"]);
  },
  POSITION_APP({ details }, fields) {
    assert.ok(details?.kind === "position");
    const degrees = (key: string, limit: number) => {
      const value = fields[key] as number | undefined;
      return value === undefined || Math.abs(value) > limit * 1e7 ? null : value / 1e7;
    };
    assert.equal(details.latitude, degrees("latitude_i", 90));
    assert.equal(details.longitude, degrees("longitude_i", 180));
    assert.equal(details.altitude, fields["altitude"] ?? null);
    assert.equal(details.time, fields["time"] ?? 0);
    assert.equal(details.timestamp, fields["timestamp"] ?? 0);
    assert.equal(details.pdop, fields["PDOP"] || null);
    assert.equal(details.groundSpeed, fields["ground_speed"] ?? null);
    assert.equal(details.groundTrack, fields["ground_track"] ?? null);
    assert.equal(details.satsInView, fields["sats_in_view"] || null);
    assert.equal(details.precisionBits, fields["precision_bits"] || null);
    assert.equal(details.fixQuality, fields["fix_quality"] || null);
    assert.equal(details.fixType, fields["fix_type"] || null);
    assert.equal(details.seqNumber, fields["seq_number"] || null);
  },
  NODEINFO_APP({ node }, fields, truth) {
    named(node, fields, truth);
    assert.equal(node?.origin, "nodeinfo");
    assert.equal(node?.isLicensed, fields["is_licensed"] ?? false);
    assert.equal(node?.primaryChannel, truth.channel_id);
    const mac = fields["macaddr"] as string | undefined;
    const bytes = mac === undefined ? undefined : [...decodeBase64(mac)];
    assert.equal(
      node?.macAddress,
      bytes?.map((byte) => byte.toString(16).padStart(2, "0")).join(":"),
    );
  },
  MAP_REPORT_APP({ node }, fields, truth) {
    named(node, fields, truth);
    assert.equal(node?.origin, "map_report");
    assert.equal(node?.region, fields["region"]);
    assert.equal(node?.firmwareVersion, fields["firmware_version"]);
    assert.equal(node?.modemPreset, fields["modem_preset"] ?? "LONG_FAST");
    assert.equal(node?.primaryChannel, undefined);
  },
  TELEMETRY_APP({ details }, fields) {
    assert.ok(details?.kind === "telemetry");
    const variant = Object.keys(fields).find((key) => key !== "time");
    assert.equal(details.variant, variant ?? null);
  },
  TRACEROUTE_APP({ details }, fields, truth) {
    assert.ok(details?.kind === "traceroute");
    const reply = truth["request_id"] !== 0;
    assert.equal(details.requestId, reply ? truth["request_id"] : truth.id);
    assert.equal(details.originNodeId, reply ? truth.to : truth.from);
    assert.equal(details.destinationNodeId, reply ? truth.from : truth.to);
    const snrs = (key: string) =>
      ((fields[key] ?? []) as number[]).map((snr) => snr === -128 ? null : snr / 4);
    const towards = details.hops.filter((hop) => hop.direction === "towards");
    const back = details.hops.filter((hop) => hop.direction === "back");
    const route = (fields["route"] ?? []) as number[];
    const routeBack = (fields["route_back"] ?? []) as number[];
    assert.deepEqual(towards.slice(0, route.length).map((hop) => hop.nodeId), route);
    assert.deepEqual(back.slice(0, routeBack.length).map((hop) => hop.nodeId), routeBack);
    const known = snrs("snr_towards");
    assert.deepEqual(towards.map((hop) => hop.snr).slice(0, known.length), known);
    const knownBack = snrs("snr_back");
    assert.deepEqual(back.map((hop) => hop.snr).slice(0, knownBack.length), knownBack);
    assert.ok(details.hops.length > 0);
  },
  NEIGHBORINFO_APP({ details }, fields, truth) {
    assert.ok(details?.kind === "neighbors");
    assert.equal(details.originNodeId, fields["node_id"] ?? truth.from);
    assert.equal(details.broadcastIntervalSecs, fields["node_broadcast_interval_secs"] ?? 0);
    const neighbors = (fields["neighbors"] ?? []) as { node_id: number; snr?: number }[];
    assert.deepEqual(
      details.neighbors.map((neighbor) => [neighbor.nodeId, neighbor.snr]),
      neighbors.map((neighbor) => [neighbor.node_id, float(neighbor.snr ?? 0)]),
    );
  },
  PAXCOUNTER_APP({ details }, fields) {
    assert.ok(details?.kind === "paxcounter");
    assert.deepEqual([details.wifi, details.ble, details.uptimeSeconds], [
      fields["wifi"],
      fields["ble"],
      fields["uptime"],
    ]);
  },
  RANGE_TEST_APP({ details }, fields) {
    assert.deepEqual(details, { kind: "range_test", text: fields["text"] });
  },
  STORE_FORWARD_APP({ details }, fields) {
    assert.ok(details?.kind === "store_forward");
    assert.equal(details.requestResponse, fields["rr"]);
    const variant = Object.keys(fields).find((key) => key !== "rr");
    assert.equal(details.variant, variant ?? null);
    const stats = fields["stats"] as Fields | undefined;
    assert.equal(details.messagesTotal, stats === undefined ? null : stats["messages_total"] ?? 0);
    const history = fields["history"] as Fields | undefined;
    assert.equal(details.historyWindow, history === undefined ? null : history["window"] ?? 0);
    const text = fields["text"] as string | undefined;
    assert.deepEqual(details.textPayload, text === undefined ? null : decodeBase64(text));
  },
};

Deno.test("decode() reads what the recorded payloads say", async () => {
  const outcomes = await createMeshtasticDecoder({ channels: namedChannels() })
    .decode(readMessages());
  const compared: Record<string, number> = {};
  for (const [i, truth] of readTruth().entries()) {
    const outcome = outcomes[i]!;
    if (outcome.kind === "drop" || truth.portnum === undefined || truth.portnum === null) continue;
    const name = truth.portnum_name!;
    const compare = COMPARISONS[name];
    const { record } = outcome;
    if (compare === undefined) {
      assert.deepEqual([record.details, record.node], [undefined, undefined], `line ${i}`);
    } else if (truth.fields!["raw_b64"] === undefined) {
      try {
        compare(record, truth.fields!, truth);
      } catch (error) {
        throw new Error(`line ${i} (${truth.kind}, ${name})`, { cause: error });
      }
      compared[name] = (compared[name] ?? 0) + 1;
    }
  }
  assert.deepEqual(compared, {
    ALERT_APP: 1,
    DETECTION_SENSOR_APP: 6,
    MAP_REPORT_APP: 25,
    NEIGHBORINFO_APP: 53,
    NODEINFO_APP: 312,
    PAXCOUNTER_APP: 13,
    POSITION_APP: 395,
    RANGE_TEST_APP: 11,
    STORE_FORWARD_APP: 28,
    TELEMETRY_APP: 563,
    TEXT_MESSAGE_APP: 143,
    TRACEROUTE_APP: 84,
  });
});

Deno.test("decode() reads the recorded nodes that are odd", async () => {
  const messages = readMessages().slice(94, 98);
  const outcomes = await createMeshtasticDecoder().decode(messages);
  const nodes = outcomes.map((o) => (o.kind === "record" ? o.record.node : undefined));
  assert.deepEqual(nodes.map((node) => [node?.longName, node?.shortName, node?.hwModel]), [
    ["ab", "\ufffd(", "Unknown"],
    ["abc", "x", "UNKNOWN_250"],
    [undefined, undefined, "Unknown"],
    ["Spoof", "SP", "Unknown"],
  ]);
  assert.equal(nodes[3]?.userId, undefined);
});
