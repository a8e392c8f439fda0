/**
 * Payloads of the simulated nodes, as protobuf bytes. Field numbers are those of the published
 * Meshtastic protobufs. Each function empties the writer that it is given, and returns a copy.
 *
 * @module
 */
import { latitudeI, longitudeI, type SimNode } from "./nodes.ts";
import { type Random, WeightedPick } from "../../traffic/random.ts";
import type { WireWriter } from "./wire_writer.ts";

/** `User`. */
export function user(w: WireWriter, node: SimNode): Uint8Array<ArrayBuffer> {
  return w.reset()
    .text(1, node.hex)
    .text(2, node.longName)
    .text(3, node.shortName)
    .bytes(4, node.mac)
    .uint(5, node.hardware)
    .uint(6, node.licensed ? 1 : 0)
    .uint(7, node.role)
    // A licensed operator may not encrypt, so there is no key to tell.
    .bytes(8, node.licensed ? new Uint8Array() : node.publicKey)
    .finish();
}

/** `Position`; coordinates are cut to the precision that the node tells. */
export function position(
  w: WireWriter,
  node: SimNode,
  nowMs: number,
  random: Random,
): Uint8Array<ArrayBuffer> {
  const seconds = Math.floor(nowMs / 1000);
  const precise = node.speedKmh > 0 || random.chance(0.3);
  const bits = precise ? 32 : 13;
  node.positionsSent++;
  const writer = w.reset()
    .fixed(1, cut(latitudeI(node), bits), true)
    .fixed(2, cut(longitudeI(node), bits), true)
    .int(3, node.altitude + random.between(-4, 4), true)
    .fixed(4, seconds)
    .uint(5, node.speedKmh > 0 ? 2 : 1);
  if (node.speedKmh > 0) {
    const degrees = ((90 - node.heading * 180 / Math.PI) % 360 + 360) % 360;
    writer
      .fixed(7, seconds)
      .uint(11, random.between(90, 340))
      .uint(15, Math.round(node.speedKmh / 3.6), true)
      .uint(16, Math.round(degrees * 1e5), true)
      .uint(19, random.between(4, 21))
      .uint(22, node.positionsSent);
  }
  return writer.uint(23, bits).finish();
}

type TelemetryWriter = (w: WireWriter, node: SimNode, nowMs: number, random: Random) => void;

const TELEMETRY = new WeightedPick<TelemetryWriter>([
  [70, deviceMetrics],
  [16, environmentMetrics],
  [7, localStats],
  [3.5, powerMetrics],
  [2, airQualityMetrics],
  [0.8, hostMetrics],
  [0.7, healthMetrics],
]);

/** `Telemetry`, mostly of the device itself. */
export function telemetry(
  w: WireWriter,
  node: SimNode,
  nowMs: number,
  random: Random,
): Uint8Array<ArrayBuffer> {
  const writer = w.reset().fixed(1, Math.floor(nowMs / 1000));
  TELEMETRY.next(random)(writer, node, nowMs, random);
  return writer.finish();
}

function uptime(node: SimNode, nowMs: number): number {
  return Math.floor((nowMs - node.bootedAtMs) / 1000);
}

function deviceMetrics(w: WireWriter, node: SimNode, nowMs: number, random: Random): void {
  if (node.battery <= 100) {
    node.battery = Math.min(100, Math.max(5, node.battery + random.bell() * 0.8));
  }
  w.message(2, (m) =>
    m
      .uint(1, Math.round(node.battery), true)
      .float(2, node.battery > 100 ? 4.2 : 3.3 + node.battery / 115, true)
      .float(3, random.range(1, 27), true)
      .float(4, random.range(0.01, 4), true)
      .uint(5, uptime(node, nowMs), true));
}

function environmentMetrics(w: WireWriter, _: SimNode, nowMs: number, random: Random): void {
  const day = Math.sin(nowMs / 86_400_000 * 2 * Math.PI - 2);
  w.message(3, (m) => {
    m.float(1, 14 + 6 * day + random.bell(), true)
      .float(2, 65 - 15 * day + random.bell() * 3, true)
      .float(3, 1013 + random.bell() * 5, true);
    if (random.chance(0.3)) {
      m.uint(13, random.between(0, 359), true)
        .float(14, random.range(0, 14), true)
        .float(16, random.range(4, 22), true)
        .float(19, random.range(0, 3), true);
    }
  });
}

function localStats(w: WireWriter, node: SimNode, nowMs: number, random: Random): void {
  const received = random.between(100, 90_000);
  w.message(6, (m) =>
    m
      .uint(1, uptime(node, nowMs))
      .float(2, random.range(1, 27))
      .float(3, random.range(0.01, 4))
      .uint(4, random.between(20, 9_000))
      .uint(5, received)
      .uint(6, Math.floor(received * 0.03))
      .uint(7, random.between(3, 60))
      .uint(8, random.between(60, 100))
      .uint(9, Math.floor(received * 0.4))
      .int(15, random.between(-119, -85)));
}

function powerMetrics(w: WireWriter, _: SimNode, _nowMs: number, random: Random): void {
  w.message(5, (m) =>
    m
      .float(1, random.range(3.4, 5.3), true)
      .float(2, random.range(-80, 420), true)
      .float(3, random.range(11.5, 14), true)
      .float(4, random.range(-300, 900), true));
}

function airQualityMetrics(w: WireWriter, _: SimNode, _nowMs: number, random: Random): void {
  w.message(4, (m) =>
    m
      .uint(1, random.between(0, 12), true)
      .uint(2, random.between(2, 25), true)
      .uint(3, random.between(4, 40), true)
      .uint(13, random.between(410, 1600), true));
}

function hostMetrics(w: WireWriter, node: SimNode, nowMs: number, random: Random): void {
  w.message(8, (m) =>
    m
      .uint(1, uptime(node, nowMs))
      .uint64(2, random.between(80, 900) * 1_048_576)
      .uint64(3, random.between(2_000, 60_000) * 1_048_576)
      .uint(6, random.between(1, 180))
      .uint(7, random.between(1, 160))
      .uint(8, random.between(1, 120)));
}

function healthMetrics(w: WireWriter, _: SimNode, _nowMs: number, random: Random): void {
  w.message(7, (m) =>
    m
      .uint(1, random.between(55, 130), true)
      .uint(2, random.between(93, 100), true)
      .float(3, random.range(36, 37.6), true));
}

/** `RouteDiscovery`. SNR in quarter decibels. */
export function routeDiscovery(
  w: WireWriter,
  route: readonly number[],
  snrTowards: readonly number[],
  routeBack: readonly number[],
  snrBack: readonly number[],
): Uint8Array<ArrayBuffer> {
  return w.reset()
    .packedFixed(1, route)
    .packedInt(2, snrTowards)
    .packedFixed(3, routeBack)
    .packedInt(4, snrBack)
    .finish();
}

/** `NeighborInfo`. */
export function neighborInfo(
  w: WireWriter,
  node: SimNode,
  neighbours: readonly { id: number; snr: number }[],
): Uint8Array<ArrayBuffer> {
  const writer = w.reset().uint(1, node.id).uint(2, node.id).uint(3, 14_400);
  for (const { id, snr } of neighbours) {
    writer.message(4, (m) => m.uint(1, id).float(2, snr));
  }
  return writer.finish();
}

/** `Routing` with an error reason; 0 is an acknowledgement. */
export function routing(w: WireWriter, errorReason: number): Uint8Array<ArrayBuffer> {
  return w.reset().uint(3, errorReason, true).finish();
}

/** `MapReport`. */
export function mapReport(
  w: WireWriter,
  node: SimNode,
  onlineNodes: number,
): Uint8Array<ArrayBuffer> {
  return w.reset()
    .text(1, node.longName)
    .text(2, node.shortName)
    .uint(3, node.role)
    .uint(4, node.hardware)
    .text(5, node.firmware)
    .uint(6, 3)
    .uint(8, 1)
    .fixed(9, cut(latitudeI(node), 14))
    .fixed(10, cut(longitudeI(node), 14))
    .int(11, node.altitude)
    .uint(12, 14)
    .uint(13, onlineNodes)
    .uint(14, 1)
    .finish();
}

/** `Waypoint` near the node, for eight hours. */
export function waypoint(
  w: WireWriter,
  node: SimNode,
  nowMs: number,
  random: Random,
): Uint8Array<ArrayBuffer> {
  return w.reset()
    .uint(1, random.uint32())
    .fixed(2, latitudeI(node) + random.between(-30_000, 30_000), true)
    .fixed(3, longitudeI(node) + random.between(-30_000, 30_000), true)
    .uint(4, Math.floor(nowMs / 1000) + 28_800)
    .text(6, random.pick(["Boat shed", "Spring", "Camp", "Viewpoint", "Ferry"]))
    .text(7, random.chance(0.5) ? "Meet here" : "")
    .fixed(8, 0x1f4cd)
    .finish();
}

/** `StoreAndForward`: a heartbeat, statistics, or a text from the store. */
export function storeForward(w: WireWriter, random: Random, text: string): Uint8Array<ArrayBuffer> {
  const writer = w.reset();
  if (random.chance(0.7)) {
    return writer.uint(1, 2).message(4, (m) => m.uint(1, 900).uint(2, 0)).finish();
  }
  if (random.chance(0.5)) {
    return writer.uint(1, 7).message(2, (m) =>
      m
        .uint(1, random.between(10, 900))
        .uint(2, random.between(10, 500))
        .uint(3, 3_000)
        .uint(4, random.between(100, 900_000))
        .uint(5, random.between(1, 50))
        .uint(7, 1)
        .uint(8, 25)
        .uint(9, 240)).finish();
  }
  return writer.uint(1, 9).bytes(5, new TextEncoder().encode(text)).finish();
}

/** `Paxcount`. */
export function paxcount(
  w: WireWriter,
  node: SimNode,
  nowMs: number,
  random: Random,
): Uint8Array<ArrayBuffer> {
  return w.reset()
    .uint(1, random.between(0, 40))
    .uint(2, random.between(0, 80))
    .uint(3, uptime(node, nowMs))
    .finish();
}

/** Keeps the first `bits` of a coordinate and points to the middle of what is left open. */
function cut(coordinate: number, bits: number): number {
  if (bits >= 32) return coordinate;
  return ((coordinate & (0xffff_ffff << (32 - bits))) + (1 << (31 - bits))) | 0;
}
