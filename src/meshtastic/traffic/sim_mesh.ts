/**
 * The simulated mesh: sends packets, lets the gateways hear them (each in its own way, or not at
 * all) and puts what they publish into a queue.
 *
 * @module
 */
import { encrypt, type SimChannel, simChannels } from "./channels.ts";
import { EventQueue } from "../../traffic/event_queue.ts";
import { distanceKm, makeGateways, makeNodes, type SimGateway, type SimNode } from "./nodes.ts";
import { Random } from "../../traffic/random.ts";
import { type PacketTruth, portName, type Readable, type TrafficMessage } from "./truth.ts";
import { WireWriter } from "./wire_writer.ts";

/** To all nodes. */
export const BROADCAST = 0xffff_ffff;

/** `MeshPacket.Priority`. */
export const Priority = { BACKGROUND: 10, DEFAULT: 64, RELIABLE: 70, RESPONSE: 80, ACK: 120 };

/** What a node wants to send. */
export interface Draft {
  /** Port number of the content. */
  readonly portnum: number;
  /** `Data.payload`. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Default: {@linkcode BROADCAST}. */
  readonly to?: number;
  /** Channel on which it is sent. */
  readonly channel: SimChannel;
  /** Encrypted for `to` alone; `channel` does not matter then. */
  readonly pki?: boolean;
  /** The sender wants an acknowledgement. */
  readonly wantAck?: boolean;
  /** The sender wants an answer. */
  readonly wantResponse?: boolean;
  /** Id of the packet that this one answers. */
  readonly requestId?: number;
  /** Id of the text message that this one replies to. */
  readonly replyId?: number;
  /** 1 for a tapback. */
  readonly emoji?: number;
  /** Default: background. */
  readonly priority?: number;
}

/** A message on its way to the broker, or something that a node is going to do. */
type Event =
  | { readonly kind: "publish"; readonly message: TrafficMessage }
  | { readonly kind: "act"; readonly act: (nowMs: number) => void };

/** How far a radio reaches without help, in kilometres. */
const RANGE_KM = 9;

/** A packet as all gateways hear it. */
interface OnAir {
  readonly from: SimNode;
  readonly draft: Draft;
  readonly id: number;
  readonly hopStart: number;
  readonly viaMqtt: boolean;
  readonly channelId: string;
  readonly channelNumber: number;
  readonly decoded: boolean;
  /** `Data` in clear when `decoded`, else encrypted. */
  readonly content: Uint8Array;
}

/** State of the simulation. */
export class SimMesh {
  /** The one origin of chance, so that a seed repeats everything. */
  readonly random: Random;
  /** All radios. */
  readonly nodes: readonly SimNode[];
  /** Those that publish to the broker. */
  readonly gateways: readonly SimGateway[];
  /** Channels of the mesh, with their keys. */
  readonly channels: ReturnType<typeof simChannels> = simChannels();
  readonly #queue = new EventQueue<Event>();
  /** For whoever makes bytes to send; nothing stays in it. */
  readonly writer: WireWriter = new WireWriter();
  readonly #dataWriter = new WireWriter();

  /** `startMs`: Unix milliseconds at which the simulation begins. */
  constructor(seed: number, nodes: number, gateways: number, startMs: number) {
    this.random = new Random(seed);
    this.nodes = makeNodes(this.random, nodes, gateways, startMs);
    this.gateways = makeGateways(this.nodes, gateways);
  }

  /** Lets `act` happen `afterMs` milliseconds after `nowMs`. */
  later(nowMs: number, afterMs: number, act: (nowMs: number) => void): void {
    this.#queue.push(nowMs + afterMs, { kind: "act", act });
  }

  /** Puts a message on its way to the broker. */
  publish(message: TrafficMessage): void {
    this.#queue.push(message.atMs, { kind: "publish", message });
  }

  /** The next message that is published before `untilMs`; undefined when there is none. */
  next(untilMs: number): TrafficMessage | undefined {
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

  /** Sends a packet. Returns its id. */
  send(from: SimNode, draft: Draft, nowMs: number): number {
    const { random } = this;
    const id = random.between(1, 0xffff_fffe);
    const data = this.#data(draft);
    const decoded = !draft.pki && draft.channel.access !== "unknown_key" && random.chance(0.06);
    const onAir: OnAir = {
      from,
      draft,
      id,
      hopStart: random.pick([3, 3, 3, 3, 4, 5, 7]),
      viaMqtt: random.chance(0.03),
      channelId: draft.pki ? "PKI" : draft.channel.name,
      channelNumber: draft.pki ? 0 : decoded ? draft.channel.index : draft.channel.hash,
      decoded,
      content: decoded ? data : draft.pki
        // Nobody here has the private keys: ciphertext, tag (8 bytes) and nonce (4) look like noise.
        ? random.bytes(data.length + 12)
        : encrypt(draft.channel, id, from.id, data),
    };
    const readable: Readable = decoded ? "plain" : draft.pki ? "pki" : draft.channel.access;
    const packet: PacketTruth = {
      channelId: onAir.channelId,
      from: from.id,
      to: draft.to ?? BROADCAST,
      id,
      portnum: draft.portnum,
      portnumName: portName(draft.portnum),
      data: draft.payload,
    };
    for (const gateway of this.gateways) this.#hear(gateway, onAir, readable, packet, nowMs);
    return id;
  }

  /** Lets a gateway hear a packet, or miss it, and publish it. */
  #hear(
    gateway: SimGateway,
    onAir: OnAir,
    readable: Readable,
    packet: PacketTruth,
    nowMs: number,
  ): void {
    const { random } = this;
    const { node } = gateway;
    const own = node === onAir.from;
    const distance = distanceKm(onAir.from, node);
    const hops = own ? 0 : Math.floor(distance / RANGE_KM);
    if (hops > onAir.hopStart || !(own || random.chance(0.92 ** (1 + 2 * hops)))) return;

    const atMs = Math.floor(nowMs + 20 + random.range(0, 250) + hops * random.range(200, 900));
    const rssi = own ? 0 : Math.round(
      Math.max(-139, Math.min(-18, -52 - 6.5 * (distance - hops * RANGE_KM) + random.bell() * 6)),
    );
    const snr = own ? 0 : Math.round(
      Math.max(-19.5, Math.min(11.5, (rssi + 112) / 3.5 + random.bell() * 2)) * 4,
    ) / 4;
    const relay = hops === 0 ? onAir.from.id & 0xff : this.other(onAir.from).id & 0xff;
    const { draft } = onAir;
    const payload = this.writer.reset()
      .message(1, (w) => {
        w.fixed(1, onAir.from.id).fixed(2, packet.to).uint(3, onAir.channelNumber);
        w.bytes(onAir.decoded ? 4 : 5, onAir.content, true);
        w.fixed(6, onAir.id).fixed(7, Math.floor(atMs / 1000), true).float(8, snr)
          .uint(9, onAir.hopStart - hops)
          .uint(10, draft.wantAck ? 1 : 0)
          .uint(11, draft.priority ?? Priority.BACKGROUND)
          .int(12, rssi, !own)
          .uint(14, onAir.viaMqtt ? 1 : 0)
          .uint(15, onAir.hopStart)
          .uint(17, draft.pki ? 1 : 0)
          .uint(19, own ? 0 : relay)
          .uint(21, own ? 0 : onAir.viaMqtt ? 5 : 1);
      })
      .text(2, onAir.channelId)
      .text(3, node.hex)
      .finish();
    this.publish({
      topic: `${gateway.root}/2/e/${onAir.channelId}/${node.hex}`,
      payload,
      qos: 0,
      retain: false,
      atMs,
      truth: { kind: "packet", readable, gatewayId: node.hex, packet },
    });
  }

  /** `Data` of a draft; it is valid until the next call. */
  #data(draft: Draft): Uint8Array<ArrayBuffer> {
    return this.#dataWriter.reset()
      .uint(1, draft.portnum)
      .bytes(2, draft.payload)
      .uint(3, draft.wantResponse ? 1 : 0)
      .fixed(6, draft.requestId ?? 0)
      .fixed(7, draft.replyId ?? 0)
      .fixed(8, draft.emoji ?? 0)
      // 1: its sender allows it to be published.
      .uint(9, 1, true)
      .view();
  }
}
