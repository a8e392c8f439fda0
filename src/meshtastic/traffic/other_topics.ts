/**
 * What gateways publish beside encrypted packets: map reports, JSON, their presence, and now and
 * then something broken.
 *
 * @module
 */
import { opener } from "./chatter.ts";
import { latitudeI, longitudeI, type SimGateway } from "./nodes.ts";
import { mapReport } from "./payloads.ts";
import { BROADCAST, type SimMesh } from "./sim_mesh.ts";
import { Port, portName } from "./truth.ts";
import { utf8 } from "./utf8.ts";

/** An unencrypted MapReport of a gateway, on `/map/`. */
export function publishMapReport(mesh: SimMesh, nowMs: number): void {
  const { random } = mesh;
  const { node, root } = random.pick(mesh.gateways);
  const atMs = Math.floor(nowMs);
  const id = random.between(1, 0xffff_fffe);
  const data = mapReport(mesh.writer, node, random.between(2, mesh.nodes.length + 2));
  const channelId = mesh.channels.longFast.name;
  const payload = mesh.writer.reset()
    .message(1, (w) =>
      w
        .fixed(1, node.id)
        .fixed(2, BROADCAST)
        .message(4, (d) => d.uint(1, Port.MAP_REPORT_APP).bytes(2, data))
        .fixed(6, id)
        .fixed(7, Math.floor(atMs / 1000), true))
    .text(2, channelId)
    .text(3, node.hex)
    .finish();
  mesh.publish({
    topic: `${root}/2/map/`,
    payload,
    qos: 0,
    retain: false,
    atMs,
    truth: {
      kind: "map_report",
      readable: "plain",
      gatewayId: node.hex,
      packet: {
        channelId,
        from: node.id,
        to: BROADCAST,
        id,
        portnum: Port.MAP_REPORT_APP,
        portnumName: portName(Port.MAP_REPORT_APP),
        data,
      },
    },
  });
}

/** A packet as JSON, of a gateway that has this switched on. */
export function publishJson(mesh: SimMesh, nowMs: number): void {
  const { random } = mesh;
  // The first gateway always has it on.
  const drawn = random.pick(mesh.gateways);
  const { node, root } = drawn.publishesJson ? drawn : mesh.gateways[0]!;
  const from = mesh.other(node);
  const atMs = Math.floor(nowMs);
  const text = random.chance(0.5);
  const json = JSON.stringify({
    channel: 0,
    from: from.id,
    hop_start: 3,
    hops_away: random.between(0, 3),
    id: random.uint32(),
    payload: text
      ? { text: opener(random) }
      : { latitude_i: latitudeI(from), longitude_i: longitudeI(from), altitude: from.altitude },
    rssi: random.between(-120, -40),
    sender: node.hex,
    snr: random.between(-60, 44) / 4,
    timestamp: Math.floor(atMs / 1000),
    to: BROADCAST,
    type: text ? "text" : "position",
  });
  mesh.publish({
    topic: `${root}/2/json/LongFast/${node.hex}`,
    payload: utf8(json),
    qos: 0,
    retain: false,
    atMs,
    truth: { kind: "json", readable: "no_packet", gatewayId: node.hex },
  });
}

/** A gateway's presence, kept by the broker. Now and then it goes, and comes back. */
export function publishStat(mesh: SimMesh, gateway: SimGateway, nowMs: number): void {
  const say = (status: "online" | "offline", atMs: number) =>
    mesh.publish({
      topic: `${gateway.root}/2/stat/${gateway.node.hex}`,
      payload: utf8(status),
      qos: 0,
      retain: true,
      atMs: Math.floor(atMs),
      truth: { kind: "stat", readable: "no_packet", gatewayId: gateway.node.hex },
    });
  if (mesh.random.chance(0.3)) {
    say("offline", nowMs);
    mesh.later(nowMs, mesh.random.range(2_000, 30_000), (thenMs) => say("online", thenMs));
  } else {
    say("online", nowMs);
  }
}

/** Something on a packet topic that holds no packet. */
export function publishMalformed(mesh: SimMesh, nowMs: number): void {
  const { random } = mesh;
  const { node, root } = random.pick(mesh.gateways);
  mesh.publish({
    topic: `${root}/2/e/LongFast/${node.hex}`,
    payload: malformed(mesh),
    qos: 0,
    retain: false,
    atMs: Math.floor(nowMs),
    truth: { kind: "malformed", readable: "broken", gatewayId: node.hex },
  });
}

function malformed(mesh: SimMesh): Uint8Array<ArrayBuffer> {
  const { random } = mesh;
  const kind = random.between(0, 3);
  if (kind === 0) return new Uint8Array();
  if (kind === 1) {
    // Wire type 7 does not exist, so no parser takes this for a message.
    const noise = random.bytes(random.between(1, 120));
    noise[0] = 0xff;
    return noise;
  }
  const whole = mesh.writer.reset()
    .message(1, (w) =>
      w
        .fixed(1, random.pick(mesh.nodes).id)
        .fixed(2, BROADCAST)
        .bytes(5, random.bytes(random.between(8, 60)))
        .fixed(6, random.uint32()))
    .finish();
  // Cut off within the packet, whose length still says more.
  if (kind === 2) return whole.slice(0, random.between(3, whole.length - 1));
  // An envelope without a packet.
  return mesh.writer.reset().text(2, "LongFast").text(3, random.pick(mesh.gateways).node.hex)
    .finish();
}
