import assert from "node:assert/strict";
import { createDecipheriv } from "node:crypto";
import protobuf from "protobufjs";
import { encodeBurst } from "../../src/meshtastic/encode_burst.ts";
import {
  createMeshtasticTraffic,
  trafficChannelKeys,
  type TrafficMessage,
  type TrafficOptions,
} from "../../src/meshtastic/traffic_generator.ts";

const START_MS = 1_760_000_000_000;

/** What these tests read of the published protobufs. */
const TYPES = protobuf.parse(
  `
  syntax = "proto3";
  message ServiceEnvelope { MeshPacket packet = 1; string channel_id = 2; string gateway_id = 3; }
  message MeshPacket {
    fixed32 from = 1; fixed32 to = 2; uint32 channel = 3;
    oneof payload_variant { Data decoded = 4; bytes encrypted = 5; }
    fixed32 id = 6; optional fixed32 rx_time = 7; float rx_snr = 8; uint32 hop_limit = 9;
    bool want_ack = 10; int32 priority = 11; optional int32 rx_rssi = 12; bool via_mqtt = 14;
    uint32 hop_start = 15; bool pki_encrypted = 17; uint32 relay_node = 19;
    int32 transport_mechanism = 21;
  }
  message Data {
    uint32 portnum = 1; bytes payload = 2; bool want_response = 3; fixed32 request_id = 6;
    fixed32 reply_id = 7; fixed32 emoji = 8; optional uint32 bitfield = 9;
  }
  message User {
    string id = 1; string long_name = 2; string short_name = 3; bytes macaddr = 4;
    uint32 hw_model = 5; bool is_licensed = 6; uint32 role = 7; bytes public_key = 8;
  }
  message Position {
    optional sfixed32 latitude_i = 1; optional sfixed32 longitude_i = 2; optional int32 altitude = 3;
    fixed32 time = 4; uint32 precision_bits = 23;
  }
  message RouteDiscovery {
    repeated fixed32 route = 1; repeated int32 snr_towards = 2;
    repeated fixed32 route_back = 3; repeated int32 snr_back = 4;
  }
  message Neighbor { uint32 node_id = 1; float snr = 2; }
  message NeighborInfo { uint32 node_id = 1; repeated Neighbor neighbors = 4; }
  message DeviceMetrics { optional uint32 battery_level = 1; optional float voltage = 2; }
  message EnvironmentMetrics { optional float temperature = 1; }
  message AirQualityMetrics { optional uint32 pm10_standard = 1; }
  message PowerMetrics { optional float ch1_voltage = 1; }
  message LocalStats { uint32 uptime_seconds = 1; int32 noise_floor = 15; }
  message HealthMetrics { optional uint32 heart_bpm = 1; }
  message HostMetrics { uint32 uptime_seconds = 1; uint64 freemem_bytes = 2; uint64 diskfree1_bytes = 3; }
  message Telemetry {
    fixed32 time = 1;
    oneof variant {
      DeviceMetrics device_metrics = 2; EnvironmentMetrics environment_metrics = 3;
      AirQualityMetrics air_quality_metrics = 4; PowerMetrics power_metrics = 5;
      LocalStats local_stats = 6; HealthMetrics health_metrics = 7; HostMetrics host_metrics = 8;
    }
  }
  message Routing { oneof variant { uint32 error_reason = 3; } }
  message MapReport {
    string long_name = 1; uint32 region = 6; sfixed32 latitude_i = 9; sfixed32 longitude_i = 10;
    bool has_opted_report_location = 14;
  }
  message Waypoint { uint32 id = 1; optional sfixed32 latitude_i = 2; string name = 6; fixed32 icon = 8; }
  message StoreAndForward {
    message Statistics { uint32 messages_max = 3; }
    message Heartbeat { uint32 period = 1; }
    uint32 rr = 1;
    oneof variant { Statistics stats = 2; Heartbeat heartbeat = 4; bytes text = 5; }
  }
  message Paxcount { uint32 wifi = 1; uint32 ble = 2; uint32 uptime = 3; }
`,
  { keepCase: true },
).root;

// deno-lint-ignore no-explicit-any
type Fields = any;

function read(type: string, bytes: Uint8Array): Fields {
  return TYPES.lookupType(type).toObject(TYPES.lookupType(type).decode(bytes), {
    longs: Number,
    defaults: true,
    oneofs: true,
  });
}

function take(count: number, options: Partial<TrafficOptions> = {}): TrafficMessage[] {
  const traffic = createMeshtasticTraffic({ seed: 1, startMs: START_MS, ...options });
  return Array.from({ length: count }, () => traffic.next().value);
}

const hex = (id: number) => `!${id.toString(16).padStart(8, "0")}`;

/** The key that a short PSK of one byte stands for. */
function expand(psk: string): Uint8Array {
  const key = Uint8Array.from(atob("1PG7OiApB1nwvP+rz05pAQ=="), (c) => c.charCodeAt(0));
  key[15]! += atob(psk).charCodeAt(0) - 1;
  return key;
}

function xor(...parts: Uint8Array[]): number {
  return parts.flatMap((part) => [...part]).reduce((sum, byte) => sum ^ byte, 0);
}

Deno.test("createMeshtasticTraffic() gives the same bytes for the same seed, others for another", () => {
  assert.deepEqual(take(3000), take(3000));
  assert.notDeepEqual(take(50), take(50, { seed: 2 }));
  assert.notDeepEqual(take(50), take(50, { seed: 1 + 2 ** 32 }));
});

Deno.test("createMeshtasticTraffic() keeps the order of time and the rate that was asked for", () => {
  const messages = take(20_000, { packetsPerSecond: 10 });
  for (let i = 1; i < messages.length; i++) {
    assert.ok(messages[i]!.atMs >= messages[i - 1]!.atMs);
  }
  assert.ok(messages.every((m) => Number.isInteger(m.atMs) && m.atMs >= START_MS));
  const sent = new Set(messages.map((m) => m.truth.packet?.id)).size;
  const seconds = (messages.at(-1)!.atMs - START_MS) / 1000;
  // Answers come on top of what nodes send of themselves; a few packets nobody hears.
  assert.ok(sent / seconds > 8 && sent / seconds < 14, `${sent / seconds} packets a second`);
});

Deno.test("createMeshtasticTraffic() publishes envelopes that say what the truth says", () => {
  const keys = new Map(trafficChannelKeys.map(({ name, psk }) => [name, expand(psk)]));
  let decrypted = 0;
  for (const { topic, payload, atMs, truth } of take(20_000)) {
    const { packet } = truth;
    if (packet === undefined) continue;
    const envelope = read("ServiceEnvelope", payload);
    const mesh = envelope.packet;
    assert.equal(envelope.gateway_id, truth.gatewayId);
    assert.equal(envelope.channel_id, packet.channelId);
    assert.deepEqual([mesh.from, mesh.to, mesh.id], [packet.from, packet.to, packet.id]);
    assert.equal(mesh.rx_time, Math.floor(atMs / 1000));
    assert.ok(packet.from >= 0x1000_0000);
    if (truth.kind === "map_report") {
      assert.match(topic, /^msh\/EU_868(\/Tern_Bay)?\/2\/map\/$/);
    } else {
      assert.ok(topic.endsWith(`/2/e/${packet.channelId}/${truth.gatewayId}`));
      assert.ok(mesh.hop_limit <= mesh.hop_start && mesh.hop_start <= 7);
    }
    let data = mesh.decoded;
    if (truth.readable === "plain") assert.equal(mesh.payload_variant, "decoded");
    else assert.equal(mesh.payload_variant, "encrypted");
    const key = keys.get(packet.channelId);
    if (truth.readable === "default_key" || truth.readable === "indexed_key") {
      assert.equal(truth.readable === "default_key", packet.channelId === "LongFast");
      assert.equal(mesh.channel, xor(new TextEncoder().encode(packet.channelId), key!));
      const nonce = new Uint8Array(16);
      new DataView(nonce.buffer).setUint32(0, packet.id, true);
      new DataView(nonce.buffer).setUint32(8, packet.from, true);
      const decipher = createDecipheriv("aes-128-ctr", key!, nonce);
      data = read("Data", decipher.update(mesh.encrypted));
      decipher.final();
      decrypted++;
    } else if (truth.readable === "unknown_key") {
      assert.equal(packet.channelId, "Quarry");
      const name = new TextEncoder().encode("Quarry");
      assert.ok([...keys.values()].every((known) => xor(name, known) !== mesh.channel));
    } else if (truth.readable === "pki") {
      assert.deepEqual([packet.channelId, mesh.channel, mesh.pki_encrypted], ["PKI", 0, true]);
      assert.notEqual(packet.to, 0xffff_ffff);
    }
    if (data) {
      assert.equal(data.portnum, packet.portnum);
      assert.deepEqual(new Uint8Array(data.payload), packet.data);
    }
  }
  assert.ok(decrypted > 15_000);
});

Deno.test("createMeshtasticTraffic() fills payloads that the protobufs can read", () => {
  const seen = new Map<string, number>();
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const strict = new TextDecoder("utf-8", { fatal: true });
  for (const { truth, atMs } of take(40_000)) {
    const { packet } = truth;
    if (packet === undefined) continue;
    count(packet.portnumName);
    assert.ok(packet.data.length <= 233, `${packet.portnumName}: ${packet.data.length} bytes`);
    switch (packet.portnumName) {
      case "NODEINFO_APP": {
        const user = read("User", packet.data);
        assert.equal(user.id, hex(packet.from));
        assert.notEqual(user.long_name, "");
        assert.ok(new TextEncoder().encode(user.long_name).length < 40);
        assert.ok(new TextEncoder().encode(user.short_name).length < 5);
        assert.equal(user.macaddr.length, 6);
        break;
      }
      case "POSITION_APP": {
        const position = read("Position", packet.data);
        assert.ok(Math.abs(position.latitude_i / 1e7 - 40.5) < 0.5, `${position.latitude_i}`);
        assert.ok(Math.abs(position.longitude_i / 1e7 + 39.5) < 0.5, `${position.longitude_i}`);
        assert.ok([13, 32].includes(position.precision_bits));
        assert.ok(Math.abs(position.time - atMs / 1000) < 10);
        break;
      }
      case "TELEMETRY_APP": {
        const telemetry = read("Telemetry", packet.data);
        count(telemetry.variant);
        if (telemetry.local_stats) assert.ok(telemetry.local_stats.noise_floor < -80);
        if (telemetry.host_metrics) assert.ok(telemetry.host_metrics.diskfree1_bytes > 2e9);
        if (telemetry.device_metrics) {
          assert.ok(telemetry.device_metrics.battery_level <= 101);
          assert.ok(telemetry.device_metrics.voltage > 3);
        }
        break;
      }
      case "TRACEROUTE_APP": {
        const route = read("RouteDiscovery", packet.data);
        assert.ok(route.snr_towards.every((snr: number) => snr >= -128 && snr < 64));
        assert.ok([0, 1].includes(route.snr_towards.length - route.route.length));
        break;
      }
      case "NEIGHBORINFO_APP": {
        const info = read("NeighborInfo", packet.data);
        assert.equal(info.node_id, packet.from);
        assert.ok(info.neighbors.length > 0);
        break;
      }
      case "ROUTING_APP":
        assert.equal(read("Routing", packet.data).variant, "error_reason");
        break;
      case "MAP_REPORT_APP": {
        const report = read("MapReport", packet.data);
        assert.equal(report.region, 3);
        assert.ok(report.has_opted_report_location);
        break;
      }
      case "WAYPOINT_APP":
        assert.notEqual(read("Waypoint", packet.data).name, "");
        break;
      case "STORE_FORWARD_APP":
        count(read("StoreAndForward", packet.data).variant);
        break;
      case "PAXCOUNTER_APP":
        assert.ok(read("Paxcount", packet.data).uptime >= 0);
        break;
      case "TEXT_MESSAGE_APP":
      case "RANGE_TEST_APP":
      case "DETECTION_SENSOR_APP":
        assert.notEqual(strict.decode(packet.data), "");
        break;
      default:
        assert.ok(["PRIVATE_APP", "UNKNOWN_290"].includes(packet.portnumName));
    }
  }
  const kinds = [
    "device_metrics environment_metrics air_quality_metrics power_metrics local_stats",
    "health_metrics host_metrics stats heartbeat text NODEINFO_APP POSITION_APP TELEMETRY_APP",
    "TRACEROUTE_APP NEIGHBORINFO_APP ROUTING_APP MAP_REPORT_APP WAYPOINT_APP STORE_FORWARD_APP",
    "PAXCOUNTER_APP TEXT_MESSAGE_APP RANGE_TEST_APP DETECTION_SENSOR_APP PRIVATE_APP UNKNOWN_290",
  ].join(" ").split(" ");
  assert.deepEqual([...seen.keys()].sort(), kinds.sort());
  assert.ok(seen.get("TELEMETRY_APP")! > 10_000);
  assert.ok(seen.get("POSITION_APP")! > 6_000);
});

Deno.test("createMeshtasticTraffic() lets several gateways hear one packet, each in its way", () => {
  const heard = new Map<number, { gateway: string; rssi: number; hops: number; bytes: string }[]>();
  for (const { payload, truth } of take(10_000)) {
    if (truth.kind !== "packet") continue;
    const { packet } = read("ServiceEnvelope", payload);
    const list = heard.get(packet.id) ?? [];
    list.push({
      gateway: truth.gatewayId,
      rssi: packet.rx_rssi,
      hops: packet.hop_start - packet.hop_limit,
      bytes: String(packet.encrypted ?? ""),
    });
    heard.set(packet.id, list);
  }
  const several = [...heard.values()].filter((list) => list.length > 1);
  assert.ok(several.length > heard.size / 2);
  assert.ok(several.some((list) => new Set(list.map((h) => h.rssi)).size > 1));
  assert.ok(several.some((list) => new Set(list.map((h) => h.hops)).size > 1));
  for (const list of several) {
    assert.equal(new Set(list.map((h) => h.gateway)).size, list.length);
    assert.equal(new Set(list.map((h) => h.bytes)).size, 1);
  }
});

Deno.test("createMeshtasticTraffic() answers texts, acknowledges and returns traceroutes", () => {
  const plain = take(60_000).filter((m) => m.truth.readable === "plain");
  const data = plain.map((m) => read("ServiceEnvelope", m.payload).packet.decoded);
  const some = (test: (d: Fields) => boolean) => assert.ok(data.some(test), String(test));
  some((d) => d.portnum === 1 && d.reply_id !== 0 && d.emoji === 0);
  some((d) => d.portnum === 1 && d.reply_id !== 0 && d.emoji === 1);
  some((d) => d.portnum === 5 && d.request_id !== 0);
  some((d) => d.portnum === 70 && d.want_response && d.request_id === 0);
  some((d) => d.portnum === 70 && d.request_id !== 0);
});

Deno.test("createMeshtasticTraffic() has messages without a packet, and says so", () => {
  const messages = take(40_000);
  const of = (kind: string) => messages.filter((m) => m.truth.kind === kind);
  for (const { topic, payload } of of("json")) {
    assert.match(topic, /\/2\/json\/LongFast\/!/);
    assert.ok(JSON.parse(new TextDecoder().decode(payload)).from >= 0x1000_0000);
  }
  for (const { topic, payload, retain } of of("stat")) {
    assert.match(topic, /\/2\/stat\/![0-9a-f]{8}$/);
    assert.match(new TextDecoder().decode(payload), /^(online|offline)$/);
    assert.equal(retain, true);
  }
  let broken = 0;
  for (const { payload } of of("malformed")) {
    try {
      assert.equal(read("ServiceEnvelope", payload).packet, null);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      broken++;
    }
  }
  assert.ok(of("json").length > 50 && of("stat").length > 20);
  assert.ok(broken > 5 && broken < of("malformed").length);
  for (const readable of ["plain", "default_key", "indexed_key", "unknown_key", "pki", "broken"]) {
    assert.ok(messages.filter((m) => m.truth.readable === readable).length > 20, readable);
  }
});

Deno.test("createMeshtasticTraffic() introduces every node, and lets some of them move", () => {
  const named = new Set<number>();
  const places = new Map<number, Set<number>>();
  for (const { truth } of take(20_000, { nodes: 100, gateways: 3 })) {
    const { packet } = truth;
    if (packet?.portnum === 4) named.add(packet.from);
    if (packet?.portnum !== 3) continue;
    const seen = places.get(packet.from) ?? new Set();
    places.set(packet.from, seen.add(read("Position", packet.data).latitude_i));
  }
  assert.ok(named.size >= 90, `${named.size}`);
  assert.ok([...places.values()].filter((seen) => seen.size > 5).length > 10);
});

Deno.test("createMeshtasticTraffic() refuses numbers that make no mesh", () => {
  for (
    const wrong of [{ gateways: 0 }, { nodes: 5, gateways: 5 }, { packetsPerSecond: 0 }, {
      nodes: NaN,
    }]
  ) {
    assert.throws(() => take(1, wrong), RangeError);
  }
  assert.equal(take(200, { nodes: 2, gateways: 1 }).length, 200);
});

Deno.test("encodeBurst() gives as many messages as asked for, the same for the same seed", () => {
  assert.deepEqual(encodeBurst(0), []);
  assert.equal(encodeBurst(1234).length, 1234);
  assert.deepEqual(encodeBurst(500, 9), encodeBurst(500, 9));
  assert.notDeepEqual(encodeBurst(500, 9), encodeBurst(500, 10));
});
