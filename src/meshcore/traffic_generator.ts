/**
 * Lifelike MeshCore traffic for the demo, for tests and for benchmarks: a mesh of made-up nodes,
 * heard by several observers in three regions that publish to a broker. The same seed gives the same
 * messages, byte for byte.
 *
 * @module
 */
import type { GeneratedMessage } from "../network_descriptor.ts";
import { Activities, publishStatus } from "./traffic/activities.ts";
import { SimMesh } from "./traffic/sim_mesh.ts";

export { trafficConfig } from "./traffic/activities.ts";

/** What is simulated. */
export interface MeshcoreTrafficOptions {
  /** Any number; it decides everything that follows. */
  readonly seed: number;
  /** Nodes of the mesh, observers included, more than observers. Default 60. */
  readonly nodes?: number;
  /** Nodes that publish what they hear, at least 1. Default 8. */
  readonly observers?: number;
  /** When the simulation begins, Unix milliseconds. */
  readonly startMs: number;
  /** Packets that the nodes send of themselves, a second, on average. Default 2. */
  readonly packetsPerSecond?: number;
  /** Milliseconds between two status messages of an observer. Default 300,000. */
  readonly statusEveryMs?: number;
  /** False: adverts have random bytes for a signature, which is faster. Default true. */
  readonly signAdverts?: boolean;
}

/** Share of the first packets with which a node that was not heard of yet advertises itself. */
const INTRODUCTIONS = 0.3;

/**
 * Endless traffic, in the order of `atMs`. It has no clock: who wants it in real time waits for
 * each message's `atMs`.
 *
 * @throws {RangeError} when the numbers of nodes, observers or packets make no mesh.
 */
export function* createMeshcoreTraffic(
  options: MeshcoreTrafficOptions,
): Generator<GeneratedMessage, never, undefined> {
  const { seed, nodes = 60, observers = 8, startMs, packetsPerSecond = 2 } = options;
  const { statusEveryMs = 300_000 } = options;
  if (!(observers >= 1 && nodes > observers && Number.isSafeInteger(nodes + observers))) {
    throw new RangeError("traffic needs at least 1 observer and more nodes than observers");
  }
  if (!(packetsPerSecond > 0 && Number.isFinite(packetsPerSecond) && statusEveryMs >= 1)) {
    throw new RangeError("packetsPerSecond and statusEveryMs must be numbers above 0");
  }

  const mesh = new SimMesh(seed, nodes, observers, startMs);
  const activities = new Activities(options.signAdverts ?? true);
  const unheard = [...mesh.nodes].reverse();
  const tell = (observer: typeof mesh.observers[number], atMs: number) => {
    publishStatus(mesh, observer, Math.floor(atMs));
    mesh.later(atMs, statusEveryMs, (thenMs) => tell(observer, thenMs));
  };
  // Each computer was started at a time of its own.
  for (const observer of mesh.observers) {
    mesh.later(
      startMs,
      mesh.random.range(0, Math.min(5_000, statusEveryMs)),
      (atMs) => tell(observer, atMs),
    );
  }
  let nowMs = startMs;
  for (;;) {
    nowMs += mesh.random.waiting() * 1000 / packetsPerSecond;
    for (let message; (message = mesh.next(nowMs)) !== undefined;) yield message;
    const stranger = mesh.random.chance(INTRODUCTIONS) ? unheard.pop() : undefined;
    if (stranger === undefined) activities.act(mesh, Math.floor(nowMs));
    else activities.advertise(mesh, stranger, Math.floor(nowMs));
  }
}
