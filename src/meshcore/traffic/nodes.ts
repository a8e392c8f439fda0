/**
 * The nodes of the simulated mesh: who they are and where. Names and places are made up; the area is
 * a patch of open ocean, so no point of it is anybody's home, and its regions are no airports.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { Random } from "../../traffic/random.ts";
import { encodeHexUpper } from "../hex.ts";

/** A simulated radio. */
export interface SimNode {
  /** Ed25519 key that signs its adverts. */
  readonly privateKey: KeyObject;
  /** The 32 bytes that the mesh knows it by. */
  readonly publicKey: Uint8Array;
  /** Upper-case hex of the public key, as observers name themselves. */
  readonly id: string;
  /** 1 companion, 2 repeater, 3 room, 4 sensor. */
  readonly type: number;
  /** As it advertises itself; two nodes may have the same. */
  readonly name: string;
  /** Kilometres east and north of the area's centre. */
  readonly eastKm: number;
  /** Kilometres north of the area's centre. */
  readonly northKm: number;
  /** Degrees. */
  readonly position: { readonly lat: number; readonly lon: number };
}

/** A radio whose computer publishes what it hears. */
export interface SimObserver {
  /** The radio that hears. */
  readonly node: SimNode;
  /** Its region, the second level of its topics. */
  readonly iata: string;
  /** Hardware, as its status tells it. */
  readonly model: string;
  /** Version of its firmware, as its status tells it. */
  readonly firmware: string;
  /** Name and version of the program that publishes. */
  readonly client: string;
  /** Unix milliseconds of its start, from which its uptime counts. */
  readonly bootedAtMs: number;
  /** True: its program writes local time without a zone. */
  readonly naiveClock: boolean;
  /** Packets heard so far, as its status tells them. */
  heard: number;
}

const REGIONS = ["XQA", "XQB", "XQC"] as const;
const CENTRE = { lat: -38.2, lon: -128.4 };
const KM_PER_DEGREE = 111.2;
const RADIUS_KM = 28;

const FIRST = [
  "Amber",
  "Birch",
  "Cliff",
  "Dune",
  "Elm",
  "Fern",
  "Gorse",
  "Heath",
  "Iris",
  "Juniper",
];
const LAST = ["Ridge", "Point", "Mast", "Hollow", "Tower", "Quay", "Hill", "Barn", "Roof", "Lodge"];

/** What stands before the 32 secret bytes of an Ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** Makes `count` nodes: repeaters first, of which the first are observers. */
export function makeNodes(random: Random, count: number, repeaters: number): SimNode[] {
  return Array.from({ length: count }, (_, i) => {
    const type = i < repeaters ? 2 : random.chance(0.82) ? 1 : random.chance(0.5) ? 3 : 4;
    const key = Buffer.concat([PKCS8_HEAD, random.bytes(32)]);
    const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
    // A companion's first byte may be anything; 00 and FF are kept free by the firmware.
    const der = createPublicKey(privateKey).export({ format: "der", type: "spki" });
    const publicKey = new Uint8Array(der.subarray(-32));
    const eastKm = random.range(-RADIUS_KM, RADIUS_KM);
    const northKm = random.range(-RADIUS_KM, RADIUS_KM);
    const lat = CENTRE.lat + northKm / KM_PER_DEGREE;
    const lon = CENTRE.lon + eastKm / (KM_PER_DEGREE * Math.cos(CENTRE.lat * Math.PI / 180));
    return {
      privateKey,
      publicKey,
      id: encodeHexUpper(publicKey),
      type,
      name: `${random.pick(FIRST)} ${random.pick(LAST)}${type === 2 ? "" : ` ${i}`}`,
      eastKm,
      northKm,
      position: { lat, lon },
    };
  });
}

/** Makes observers of the first `count` nodes. */
export function makeObservers(
  random: Random,
  nodes: readonly SimNode[],
  count: number,
  startMs: number,
): SimObserver[] {
  return nodes.slice(0, count).map((node) => ({
    node,
    // Regions lie side by side from west to east.
    iata: REGIONS[Math.min(2, Math.floor((node.eastKm + RADIUS_KM) / (2 * RADIUS_KM / 3)))]!,
    model: random.pick(["Heltec V3", "Station G2", "RAK 4631", "Xiao S3 WIO"]),
    firmware: `1.${random.between(10, 16)}.${random.between(0, 3)}`,
    client: `meshcoretomqtt/1.0.${random.between(3, 8)}`,
    bootedAtMs: startMs - random.range(0, 20 * 86_400_000),
    naiveClock: random.chance(0.2),
    heard: random.between(1_000, 90_000),
  }));
}

/** Kilometres between two nodes. */
export function distanceKm(a: SimNode, b: SimNode): number {
  return Math.hypot(a.eastKm - b.eastKm, a.northKm - b.northKm);
}
