import assert from "node:assert/strict";
import fc from "fast-check";
import { readPayload } from "../../src/meshtastic/payload.ts";
import type { MeshPacket } from "../../src/meshtastic/messages.ts";
import { loadProtobuf } from "../../src/meshtastic/protobuf.ts";
import { encode, HEADER } from "./build.ts";

const proto = loadProtobuf();
const utf8 = (text: string) => new TextEncoder().encode(text);

/** Reads a payload inside a packet of these header and `Data` fields. */
function read(
  portnum: number,
  payload: Uint8Array,
  packet: Record<string, unknown> = {},
  data: Record<string, unknown> = {},
) {
  const bytes = encode("MeshPacket", {
    ...HEADER,
    ...packet,
    decoded: { portnum, payload, ...data },
  });
  const type = proto.root.lookupType("meshtastic.MeshPacket");
  const mesh = type.decode(bytes) as unknown as MeshPacket;
  return readPayload(proto, mesh.decoded!, { packet: mesh, seenAt: 12.5, channelId: "LongFast" });
}

Deno.test("readPayload() replaces broken UTF-8 in texts", () => {
  const { details } = read(1, Uint8Array.of(0x63, 0xff));
  assert.equal(details?.kind === "text" && details.text, "c\ufffd");
  assert.equal(details?.kind === "text" && details.bitfield, null);
});

Deno.test("readPayload() reads the texts of alerts and detection sensors, and marks compressed ones", () => {
  const texts = [1, 10, 11, 7].map((port) => {
    const { details } = read(port, utf8("Motion"), {}, { want_response: true, reply_id: 5 });
    assert.ok(details?.kind === "text");
    assert.deepEqual([details.wantResponse, details.replyId], [true, 5]);
    return [details.text, details.compressed];
  });
  const plain = ["Motion", false];
  assert.deepEqual(texts, [plain, plain, plain, ["Motion", true]]);
});

Deno.test("readPayload() reads a position, with null where the radio did not say", () => {
  const position = { latitude_i: 515_000_000, PDOP: 150, ground_speed: 0, time: 7 };
  assert.deepEqual(read(3, encode("Position", position)).details, {
    kind: "position",
    latitude: 51.5,
    longitude: null,
    altitude: null,
    time: 7,
    timestamp: 0,
    precisionBits: null,
    gpsAccuracy: null,
    pdop: 150,
    hdop: null,
    vdop: null,
    satsInView: null,
    fixQuality: null,
    fixType: null,
    groundSpeed: 0,
    groundTrack: null,
    nextUpdate: null,
    seqNumber: null,
  });
});

Deno.test("readPayload() refuses places that the earth has not, and keeps its edges", () => {
  const at = (latitude_i: number, longitude_i: number) => {
    const { details } = read(3, encode("Position", { latitude_i, longitude_i }));
    return details?.kind === "position" ? [details.latitude, details.longitude] : undefined;
  };
  assert.deepEqual(at(900_000_000, -1_800_000_000), [90, -180]);
  assert.deepEqual(at(0x7fffffff, -0x80000000), [null, null]);
  assert.deepEqual(at(0, 0), [0, 0]);
});

Deno.test("readPayload() reads a User, the number of the sender being what counts", () => {
  const user = {
    id: "!11223344",
    long_name: "Somebody",
    short_name: "SB",
    macaddr: Uint8Array.of(1, 2, 3, 0xaa, 0xbb, 0xcc),
    hw_model: 43,
    role: 2,
    is_licensed: true,
  };
  assert.deepEqual(read(4, encode("User", user), { channel: 1 }).node, {
    nodeId: HEADER.from,
    seenAt: 12.5,
    origin: "nodeinfo",
    longName: "Somebody",
    shortName: "SB",
    hwModel: "HELTEC_V3",
    hwModelNumber: 43,
    role: "ROUTER",
    roleNumber: 2,
    isLicensed: true,
    viaMqtt: false,
    userId: "!11223344",
    macAddress: "01:02:03:aa:bb:cc",
    primaryChannel: "LongFast",
    snr: -7.25,
    channel: 1,
    hopsAway: 3,
  });
  assert.equal(read(4, encode("User", { ...user, id: "!deadbeef" })).node?.userId, undefined);
});

Deno.test("readPayload() never loses a User to a name cut in the middle of a character", () => {
  const name = utf8("Caf\u00e9");
  // Field 2, cut within its last character, then field 3.
  const bytes = Uint8Array.of(0x12, 4, ...name.subarray(0, 4), 0x1a, 1, 0x43);
  const { node } = read(4, bytes);
  assert.deepEqual([node?.longName, node?.shortName], ["Caf", "C"]);
});

Deno.test("readPayload() lets an empty User say nothing of names", () => {
  const { node } = read(4, new Uint8Array(0));
  assert.deepEqual([node?.hwModel, node?.role, node?.isLicensed], ["Unknown", "CLIENT", false]);
  assert.ok(!("longName" in node!) && !("shortName" in node!) && !("userId" in node!));
});

Deno.test("readPayload() names what the protobufs do not name by its number", () => {
  const { node } = read(4, encode("User", { hw_model: 250, role: 200 }));
  assert.deepEqual([node?.hwModel, node?.role], ["UNKNOWN_250", "UNKNOWN_200"]);
});

Deno.test("readPayload() makes no node of 0 nor of the broadcast address", () => {
  for (const from of [0, 0xffffffff]) {
    assert.equal(read(4, encode("User", { long_name: "x" }), { from }).node, undefined);
    assert.equal(read(73, encode("MapReport", { long_name: "x" }), { from }).node, undefined);
  }
});

Deno.test("readPayload() reads a MapReport, leaving out what is not set", () => {
  const report = { long_name: "Roof", region: 3, firmware_version: "2.6.11", modem_preset: 4 };
  assert.deepEqual(read(73, encode("MapReport", report)).node, {
    nodeId: HEADER.from,
    seenAt: 12.5,
    origin: "map_report",
    longName: "Roof",
    role: "CLIENT",
    roleNumber: 0,
    region: "EU_868",
    regionNumber: 3,
    firmwareVersion: "2.6.11",
    modemPreset: "MEDIUM_FAST",
    modemPresetNumber: 4,
  });
});

Deno.test("readPayload() names the variant of every kind of telemetry", () => {
  const variants = [
    "device_metrics",
    "environment_metrics",
    "air_quality_metrics",
    "power_metrics",
    "local_stats",
    "health_metrics",
    "host_metrics",
    "traffic_management_stats",
  ];
  for (const variant of variants) {
    const { details } = read(67, encode("Telemetry", { time: 1, [variant]: {} }));
    assert.deepEqual(details, { kind: "telemetry", variant });
  }
  assert.deepEqual(read(67, encode("Telemetry", { time: 1 })).details, {
    kind: "telemetry",
    variant: null,
  });
});

Deno.test("readPayload() reads neighbours, passers-by, range tests and traceroutes", () => {
  const neighbor = { node_id: 5, snr: -2.5, last_rx_time: 9, node_broadcast_interval_secs: 4 };
  const info = { node_id: 3, node_broadcast_interval_secs: 900, neighbors: [neighbor] };
  assert.deepEqual(read(71, encode("NeighborInfo", info)).details, {
    kind: "neighbors",
    originNodeId: 3,
    broadcastIntervalSecs: 900,
    neighbors: [{ nodeId: 5, snr: -2.5, lastRxTime: 9, broadcastIntervalSecs: 4 }],
  });
  assert.deepEqual(read(71, new Uint8Array(0)).details, {
    kind: "neighbors",
    originNodeId: HEADER.from,
    broadcastIntervalSecs: 0,
    neighbors: [],
  });
  assert.deepEqual(read(34, encode("Paxcount", { wifi: 1, ble: 2, uptime: 3 })).details, {
    kind: "paxcounter",
    wifi: 1,
    ble: 2,
    uptimeSeconds: 3,
  });
  assert.deepEqual(read(66, utf8("seq 1")).details, { kind: "range_test", text: "seq 1" });
  const { details } = read(70, new Uint8Array(0), {}, { want_response: true });
  assert.equal(details?.kind === "traceroute" && details.requestId, HEADER.id);
});

Deno.test("readPayload() reads each variant of store and forward", () => {
  const of = (fields: Record<string, unknown>) => {
    const { details } = read(65, encode("StoreAndForward", fields));
    assert.ok(details?.kind === "store_forward");
    return details;
  };
  const stats = of({ rr: 7, stats: { messages_total: 5, up_time: 6, heartbeat: true } });
  assert.deepEqual(
    [stats.requestResponse, stats.variant, stats.messagesTotal, stats.uptimeSeconds],
    ["ROUTER_STATS", "stats", 5, 6],
  );
  assert.deepEqual([stats.heartbeatFlag, stats.messagesMax, stats.historyWindow], [1, 0, null]);
  const history = of({ rr: 6, history: { history_messages: 1, window: 2, last_request: 3 } });
  assert.deepEqual(
    [history.variant, history.historyMessages, history.historyWindow, history.historyLastRequest],
    ["history", 1, 2, 3],
  );
  const heartbeat = of({ rr: 2, heartbeat: { period: 900, secondary: 1 } });
  assert.deepEqual([heartbeat.heartbeatPeriod, heartbeat.heartbeatSecondary], [900, 1]);
  assert.deepEqual(of({ rr: 8, text: utf8("hi") }).textPayload, utf8("hi"));
  assert.deepEqual([of({ rr: 67 }).variant, of({ rr: 99 }).requestResponse], [null, "UNKNOWN_99"]);
});

Deno.test("readPayload() never throws, whatever the port and the bytes", () => {
  const port = fc.oneof(fc.integer({ min: 0, max: 80 }), fc.integer());
  fc.assert(fc.property(port, fc.uint8Array({ maxLength: 60 }), (portnum, payload) => {
    read(portnum, payload);
  }));
});
