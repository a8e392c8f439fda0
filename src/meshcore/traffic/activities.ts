/**
 * What the simulated nodes do of themselves, and what follows from it: a message is acknowledged, a
 * request is answered, a trace comes along its way.
 *
 * @module
 */
import { sign } from "node:crypto";
import { WeightedPick } from "../../traffic/random.ts";
import { type ChannelKey, createChannelKeyRing, hashtagKey } from "../channels.ts";
import { advertToSign, encodeGroupText, sealGroupMessage, signedAdvert } from "../encode.ts";
import { macKey, sha256 } from "../hash.ts";
import { encodeHexUpper } from "../hex.ts";
import { createRegionScopes, transportCode } from "../regions.ts";
import type { SimNode, SimObserver } from "./nodes.ts";
import type { SimMesh } from "./sim_mesh.ts";

/** What the demo is configured with, to read what can be read. */
export const trafficConfig = {
  hash_channels: ["#demo"],
  hash_regions: ["#demo"],
} as const;

const TYPE = {
  REQ: 0,
  RESPONSE: 1,
  TXT_MSG: 2,
  ACK: 3,
  ADVERT: 4,
  GRP_TXT: 5,
  ANON_REQ: 7,
  PATH: 8,
  TRACE: 9,
  MULTIPART: 10,
  CONTROL: 11,
} as const;

type Activity = (mesh: SimMesh, node: SimNode, nowMs: number) => void;

/** What the nodes have in common, made once for a simulation. */
export class Activities {
  readonly #public = channelNamed("Public");
  readonly #hashtag = channelNamed("#demo");
  /** Nobody but its members has this key. */
  readonly #private: ChannelKey;
  readonly #scope = createRegionScopes(trafficConfig.hash_regions)[0]!;
  readonly #choices: WeightedPick<Activity>;
  readonly #signAdverts: boolean;

  /** `signAdverts` false: adverts have random bytes for a signature, which is faster. */
  constructor(signAdverts: boolean) {
    this.#signAdverts = signAdverts;
    const key = hashtagKey("a channel that is not configured");
    this.#private = {
      name: "private",
      origin: "channel_keys",
      key,
      hashByte: sha256(key)[0]!,
      mac: macKey(key),
    };
    const say = (channel: ChannelKey): Activity => (mesh, node, nowMs) =>
      this.#say(mesh, node, nowMs, channel);
    this.#choices = new WeightedPick<Activity>([
      [12, (mesh, node, nowMs) => this.advertise(mesh, node, nowMs)],
      [18, say(this.#public)],
      [10, say(this.#hashtag)],
      [5, say(this.#private)],
      [14, (mesh, node, nowMs) => this.#writeTo(mesh, node, nowMs)],
      [12, (mesh, node, nowMs) => this.#request(mesh, node, nowMs)],
      [8, (mesh, node, nowMs) => this.#tellPath(mesh, node, nowMs)],
      [5, (mesh, node, nowMs) => this.#trace(mesh, node, nowMs)],
      [3, (mesh, node, nowMs) => this.#logIn(mesh, node, nowMs)],
      [2, (mesh, node, nowMs) => this.#discover(mesh, node, nowMs)],
      [1, (mesh, _, nowMs) => publishOddity(mesh, nowMs)],
    ]);
  }

  /** Lets some node do something. */
  act(mesh: SimMesh, nowMs: number): void {
    this.#choices.next(mesh.random)(mesh, mesh.random.pick(mesh.nodes), nowMs);
  }

  /** ADVERT: says who and where it is. */
  advertise(mesh: SimMesh, node: SimNode, nowMs: number): void {
    const signed = advertToSign({
      publicKey: node.publicKey,
      timestamp: Math.floor(nowMs / 1000),
      type: node.type,
      name: node.name,
      // Some keep their place to themselves.
      ...(node.id.charCodeAt(1) % 7 === 0 ? {} : { position: node.position }),
    });
    const signature = this.#signAdverts
      ? new Uint8Array(sign(null, signed, node.privateKey))
      : mesh.random.bytes(64);
    this.#flood(mesh, node, TYPE.ADVERT, signedAdvert(signed, signature), nowMs);
  }

  #say(mesh: SimMesh, node: SimNode, nowMs: number, channel: ChannelKey): void {
    const text = `${node.name}: ${chatter(mesh)}`;
    const plain = encodeGroupText(Math.floor(nowMs / 1000), text);
    this.#flood(mesh, node, TYPE.GRP_TXT, sealGroupMessage(channel, plain), nowMs);
  }

  #writeTo(mesh: SimMesh, node: SimNode, nowMs: number): void {
    const to = mesh.other(node);
    this.#flood(mesh, node, TYPE.TXT_MSG, sealed(mesh, to, node, 2 * 16), nowMs);
    if (mesh.random.chance(0.2)) return;
    const crc = mesh.random.bytes(4);
    mesh.later(nowMs, mesh.random.range(900, 6_000), (thenMs) => {
      if (mesh.random.chance(0.85)) return this.#direct(mesh, to, TYPE.ACK, crc, thenMs);
      // Several at once: what is left to come, and an ACK inside.
      const several = Uint8Array.from([0x10 | TYPE.ACK, ...crc]);
      this.#direct(mesh, to, TYPE.MULTIPART, several, thenMs);
    });
  }

  #request(mesh: SimMesh, node: SimNode, nowMs: number): void {
    const to = mesh.other(node);
    this.#flood(mesh, node, TYPE.REQ, sealed(mesh, to, node, 16), nowMs);
    mesh.later(nowMs, mesh.random.range(800, 5_000), (thenMs) => {
      this.#flood(mesh, to, TYPE.RESPONSE, sealed(mesh, node, to, 3 * 16), thenMs);
    });
  }

  #tellPath(mesh: SimMesh, node: SimNode, nowMs: number): void {
    this.#flood(mesh, node, TYPE.PATH, sealed(mesh, mesh.other(node), node, 16), nowMs);
  }

  /** A trace visits the hops of its payload; what they measured grows in its header. */
  #trace(mesh: SimMesh, node: SimNode, nowMs: number): void {
    const { random } = mesh;
    const route = mesh.chain(node, random.between(1, 4));
    const payload = Uint8Array.from([
      ...random.bytes(8),
      0,
      ...route.map((one) => one.publicKey[0]!),
    ]);
    const measured: string[] = [];
    let atMs = nowMs;
    for (const from of [node, ...route]) {
      const hops = [...measured];
      mesh.later(
        atMs,
        0,
        (thenMs) =>
          mesh.send(from, { payloadType: TYPE.TRACE, payload, routeType: 2, hops }, thenMs),
      );
      measured.push(encodeHexUpper(Uint8Array.of(random.between(-40, 48) & 0xff)));
      atMs += random.range(400, 1200);
    }
  }

  #logIn(mesh: SimMesh, node: SimNode, nowMs: number): void {
    const { random } = mesh;
    const to = random.pick(mesh.nodes);
    const payload = Uint8Array.from([
      to.publicKey[0]!,
      ...node.publicKey,
      ...random.bytes(2 + 16),
    ]);
    this.#flood(mesh, node, TYPE.ANON_REQ, payload, nowMs);
  }

  #discover(mesh: SimMesh, node: SimNode, nowMs: number): void {
    const tag = mesh.random.bytes(4);
    const request = Uint8Array.from([0x80, 0x04, ...tag]);
    this.#direct(mesh, node, TYPE.CONTROL, request, nowMs);
    const [answers] = mesh.chain(node, 1);
    if (answers === undefined) return;
    mesh.later(nowMs, mesh.random.range(300, 2_000), (thenMs) => {
      const snr = mesh.random.between(-40, 48) & 0xff;
      const reply = Uint8Array.from([0x90 | answers.type, snr, ...tag, ...answers.publicKey]);
      this.#direct(mesh, answers, TYPE.CONTROL, reply, thenMs);
    });
  }

  #flood(mesh: SimMesh, from: SimNode, type: number, payload: Uint8Array, nowMs: number): void {
    const { random } = mesh;
    if (!random.chance(0.12)) return mesh.send(from, { payloadType: type, payload }, nowMs);
    const code = random.chance(0.8)
      ? transportCode(this.#scope.mac, Uint8Array.of(type), payload)
      : random.between(1, 0xfffe);
    const scoped = { routeType: 0, transportCodes: [code, 0] as const };
    mesh.send(from, { payloadType: type, payload, ...scoped }, nowMs);
  }

  #direct(mesh: SimMesh, from: SimNode, type: number, payload: Uint8Array, nowMs: number): void {
    mesh.send(from, { payloadType: type, payload, routeType: 2 }, nowMs);
  }
}

/** What is between two nodes: their first bytes, a MAC, and noise to everybody else. */
function sealed(mesh: SimMesh, to: SimNode, from: SimNode, length: number): Uint8Array {
  return Uint8Array.from([
    to.publicKey[0]!,
    from.publicKey[0]!,
    ...mesh.random.bytes(2 + length),
  ]);
}

function channelNamed(name: string): ChannelKey {
  const ring = createChannelKeyRing({ hashChannels: [...trafficConfig.hash_channels] });
  const key = name === "Public" ? undefined : hashtagKey(name);
  for (let byte = 0; byte < 256; byte++) {
    if (key !== undefined && sha256(key)[0] !== byte) continue;
    const found = ring.candidates(byte).find((one) => one.name === name);
    if (found !== undefined) return found;
  }
  throw new RangeError(`no channel ${name}`);
}

const OPENERS = ["Morning all", "Anybody on the hill?", "Testing the new antenna", "Copy?"];
const REST = [
  "",
  " - 3 hops here",
  " 👋",
  ", wind is up today",
  " from the boat",
  " ✅ loud and clear",
];

function chatter(mesh: SimMesh): string {
  return mesh.random.pick(OPENERS) + mesh.random.pick(REST);
}

/** An observer's status, as its program publishes it: retained. */
export function publishStatus(mesh: SimMesh, observer: SimObserver, nowMs: number): void {
  const { random } = mesh;
  const { node } = observer;
  const uptime = Math.floor((nowMs - observer.bootedAtMs) / 1000);
  mesh.publish(
    `meshcore/${observer.iata}/${node.id}/status`,
    {
      status: "online",
      timestamp: new Date(nowMs).toISOString(),
      origin: node.name,
      origin_id: node.id,
      model: observer.model,
      firmware_version: observer.firmware,
      radio: "910.525024,62.5,7,5",
      client_version: observer.client,
      repeat: "on",
      stats: {
        battery_mv: random.between(3600, 4180),
        uptime_secs: uptime,
        debug_flags: 0,
        queue_len: random.between(0, 2),
        noise_floor: random.between(-120, -104),
        tx_air_secs: Math.floor(uptime * 0.02),
        rx_air_secs: Math.floor(uptime * 0.06),
        recv_errors: Math.floor(observer.heard / 90),
        packets_sent: Math.floor(observer.heard / 3),
        packets_recv: observer.heard,
      },
    },
    nowMs,
    true,
  );
}

/** What brokers carry beside packets: a companion's messages, debug output, broken packets. */
function publishOddity(mesh: SimMesh, nowMs: number): void {
  const { random } = mesh;
  const { node, iata } = random.pick(mesh.observers);
  const topic = `meshcore/${iata}/${node.id}`;
  switch (random.between(0, 3)) {
    case 0:
      return mesh.publish("meshcore/message/channel/0", {
        text: `${node.name}: ${chatter(mesh)}`,
        sender_timestamp: Math.floor(nowMs / 1000),
        SNR: 4.5,
        RSSI: -80,
      }, nowMs);
    case 1:
      return mesh.publish(`${topic}/debug`, { origin: node.name, msg: "heap 81234" }, nowMs);
    case 2:
      return mesh.publish(`${topic}/packets`, { origin: node.name, raw: "11" }, nowMs);
    default:
      return mesh.publish("meshcore/self_info", { name: node.name, pubkey: node.id }, nowMs);
  }
}
