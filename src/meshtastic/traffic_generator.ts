/**
 * Lifelike Meshtastic traffic for the demo, for tests and for benchmarks: a mesh of made-up nodes,
 * heard by several gateways that publish to a broker. The same seed gives the same messages, byte
 * for byte.
 *
 * @module
 */
import { act, introduce } from "./traffic/activities.ts";
import { publishStat } from "./traffic/other_topics.ts";
import { SimMesh } from "./traffic/sim_mesh.ts";
import type { TrafficMessage } from "./traffic/truth.ts";

export { trafficChannelKeys } from "./traffic/channels.ts";
export type { PacketTruth, Readable, TrafficMessage, TrafficTruth } from "./traffic/truth.ts";

/** What is simulated. */
export interface TrafficOptions {
  /** Any number; it decides everything that follows. */
  seed: number;
  /** Nodes of the mesh, gateways included, at least one more than gateways. Default 60. */
  nodes?: number;
  /** Nodes that publish what they hear, at least 1. Default 5. */
  gateways?: number;
  /** When the simulation begins, Unix milliseconds. */
  startMs: number;
  /** Packets that the nodes send of themselves, a second, on average. Default 4. */
  packetsPerSecond?: number;
}

/** Share of the first packets with which a node that was not heard of yet introduces itself. */
const INTRODUCTIONS = 0.3;

/**
 * Endless traffic, in the order of `atMs`. It has no clock: who wants it in real time waits for
 * each message's `atMs`.
 *
 * @example
 * ```ts
 * for (const { topic, payload, atMs } of createMeshtasticTraffic({ seed: 1, startMs })) {
 *   await delay(clock, atMs - clock.now(), signal);
 *   client.publish(topic, payload);
 * }
 * ```
 *
 * @throws {RangeError} when the numbers of nodes, gateways or packets make no mesh.
 */
export function* createMeshtasticTraffic(
  options: TrafficOptions,
): Generator<TrafficMessage, never, undefined> {
  const { seed, nodes = 60, gateways = 5, startMs, packetsPerSecond = 4 } = options;
  if (!(gateways >= 1 && nodes > gateways && Number.isSafeInteger(nodes + gateways))) {
    throw new RangeError("traffic needs at least 1 gateway and more nodes than gateways");
  }
  if (!(packetsPerSecond > 0 && Number.isFinite(packetsPerSecond))) {
    throw new RangeError("packetsPerSecond must be a number above 0");
  }

  const mesh = new SimMesh(seed, nodes, gateways, startMs);
  const unheard = [...mesh.nodes].reverse();
  let nowMs = startMs;
  for (const gateway of mesh.gateways) publishStat(mesh, gateway, nowMs);
  for (;;) {
    nowMs += mesh.random.waiting() * 1000 / packetsPerSecond;
    for (let message; (message = mesh.next(nowMs)) !== undefined;) yield message;
    const stranger = mesh.random.chance(INTRODUCTIONS) ? unheard.pop() : undefined;
    if (stranger === undefined) act(mesh, nowMs);
    else introduce(mesh, stranger, nowMs);
  }
}
