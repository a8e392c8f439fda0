/**
 * The simulated mesh: a packet floods from repeater to repeater, its path grows, and several
 * observers hear it at different points of its way and publish that.
 *
 * @module
 */
import type { GeneratedMessage } from "../../network_descriptor.ts";
import { EventQueue } from "../../traffic/event_queue.ts";
import { Random } from "../../traffic/random.ts";
import { encodePacket, type PacketParts } from "../encode.ts";
import { contentHash } from "../hash.ts";
import { encodeHexUpper } from "../hex.ts";
import { distanceKm, makeNodes, makeObservers, type SimNode, type SimObserver } from "./nodes.ts";

/** A packet that a node sends. */
export interface Draft {
  /** Number of the payload's type in the packet's header. */
  readonly payloadType: number;
  /** Payload, complete with what is encrypted in it. */
  readonly payload: Uint8Array;
  /** Default 1, flood. Direct packets (2) are heard by those near their sender only. */
  readonly routeType?: number;
  /** Codes of the scope, for route types 0 and 3 alone. */
  readonly transportCodes?: readonly [number, number];
  /** What stands in the path of a direct packet. Default nothing. */
  readonly hops?: readonly string[];
}

type Event =
  | { readonly kind: "publish"; readonly message: GeneratedMessage }
  | { readonly kind: "act"; readonly act: (nowMs: number) => void };

/** How far a radio reaches, in kilometres. */
const RANGE_KM = 11;
const MAX_HOPS = 7;

const UTF8 = new TextEncoder();

/** State of the simulation. */
export class SimMesh {
  /** The simulation's only source of chance: one seed, one course of events. */
  readonly random: Random;
  /** All nodes; repeaters first. */
  readonly nodes: readonly SimNode[];
  /** Those of the nodes that publish what they hear. */
  readonly observers: readonly SimObserver[];
  readonly #repeaters: readonly SimNode[];
  readonly #queue = new EventQueue<Event>();

  /** The same arguments make the same mesh. `startMs`: Unix milliseconds of the beginning. */
  constructor(seed: number, nodes: number, observers: number, startMs: number) {
    this.random = new Random(seed);
    const repeaters = Math.max(observers, Math.ceil(nodes / 3));
    this.nodes = makeNodes(this.random, nodes, repeaters);
    this.observers = makeObservers(this.random, this.nodes, observers, startMs);
    this.#repeaters = this.nodes.slice(0, repeaters);
  }

  /** Lets `act` happen `afterMs` milliseconds after `nowMs`. */
  later(nowMs: number, afterMs: number, act: (nowMs: number) => void): void {
    this.#queue.push(nowMs + afterMs, { kind: "act", act });
  }

  /** Puts a JSON message on its way to the broker. */
  publish(topic: string, json: unknown, atMs: number, retain = false): void {
    // A copy has a buffer of its own, which Deno 2.4 would not promise of an encoder's result.
    const payload = new Uint8Array(UTF8.encode(JSON.stringify(json)));
    this.#queue.push(atMs, { kind: "publish", message: { topic, payload, atMs, retain } });
  }

  /** The next message that is published before `untilMs`; undefined when there is none. */
  next(untilMs: number): GeneratedMessage | undefined {
    while (this.#queue.nextAtMs < untilMs) {
      const { event, atMs } = this.#queue.pop()!;
      if (event.kind === "publish") return event.message;
      event.act(atMs);
    }
    return undefined;
  }

  /** Another node than `node`. */
  other(node: SimNode): SimNode {
    for (;;) {
      const other = this.random.pick(this.nodes);
      if (other !== node || this.nodes.length === 1) return other;
    }
  }

  /** Repeaters that lie about on the way from `from`, nearest first. */
  chain(from: SimNode, length: number): SimNode[] {
    const { random } = this;
    const reached = this.#repeaters
      .filter((one) => one !== from)
      .map((node) => ({ node, at: distanceKm(from, node) + random.range(0, RANGE_KM) }));
    return reached.sort((a, b) => a.at - b.at).slice(0, length).map((one) => one.node);
  }

  /** Sends a packet; every observer in reach publishes what it hears. */
  send(from: SimNode, draft: Draft, nowMs: number): void {
    const { random } = this;
    const flood = (draft.routeType ?? 1) < 2;
    const hashSize = random.chance(0.88) ? 1 : random.chance(0.8) ? 2 : 3;
    const path = flood
      ? this.chain(from, MAX_HOPS).map((one) => one.id.slice(0, 2 * hashSize))
      : draft.hops ?? [];
    const parts = { routeType: 1, hashSize: flood ? hashSize : 1, ...draft };
    const copies = new Map<number, Copy>();
    for (const observer of this.observers) {
      if (observer.node === from) continue;
      const distance = distanceKm(from, observer.node);
      let hops = Math.floor(distance / RANGE_KM);
      if (hops > (flood ? path.length : 0)) continue;
      if (!random.chance(0.9 ** (1 + hops))) continue;
      let atMs = nowMs;
      do {
        atMs += 40 + random.range(0, 200) + hops * random.range(250, 900);
        const travelled = flood ? hops : path.length;
        let copy = copies.get(travelled);
        if (copy === undefined) {
          copies.set(travelled, copy = makeCopy({ ...parts, hops: path.slice(0, travelled) }));
        }
        const near = distance - hops * RANGE_KM;
        this.#hear(observer, copy, near, Math.floor(atMs));
        // A repeater further on sends it once more, with its own hash in the path.
      } while (flood && ++hops <= path.length && random.chance(0.12));
    }
  }

  #hear(observer: SimObserver, copy: Copy, distance: number, atMs: number): void {
    const { random } = this;
    const { node, iata } = observer;
    observer.heard++;
    const rssi = Math.round(Math.max(-128, Math.min(-20, -55 - 6 * distance + random.bell() * 6)));
    const snr = Math.round(Math.max(-12, Math.min(13, (rssi + 118) / 4 + random.bell())) * 4) / 4;
    const iso = new Date(atMs).toISOString();
    this.publish(`meshcore/${iata}/${node.id}/packets`, {
      origin: node.name,
      origin_id: node.id,
      timestamp: observer.naiveClock ? `${iso.slice(0, 23)}000` : iso,
      type: "PACKET",
      direction: "rx",
      time: iso.slice(11, 19),
      date: `${iso.slice(8, 10)}/${iso.slice(5, 7)}/${iso.slice(0, 4)}`,
      len: copy.length,
      packet_type: copy.packetType,
      route: copy.route,
      payload_len: copy.payloadLength,
      raw: copy.raw,
      SNR: String(snr),
      RSSI: String(rssi),
      score: String(random.between(100, 1000)),
      duration: copy.duration,
      hash: copy.hash,
    }, atMs);
  }
}

/** A packet as it is on the air at one point of its way, in the words of an observer. */
interface Copy {
  readonly raw: string;
  readonly hash: string;
  readonly length: string;
  readonly packetType: string;
  readonly route: string;
  readonly payloadLength: string;
  readonly duration: string;
}

function makeCopy(parts: PacketParts): Copy {
  const bytes = encodePacket(parts);
  return {
    raw: encodeHexUpper(bytes),
    hash: (contentHash(bytes) ?? "").toUpperCase(),
    length: String(bytes.length),
    packetType: String(parts.payloadType),
    route: parts.routeType < 2 ? "F" : "D",
    payloadLength: String(parts.payload.length),
    // About what spreading factor 8 at 62.5 kHz takes.
    duration: String(Math.round(60 + bytes.length * 5.6)),
  };
}
