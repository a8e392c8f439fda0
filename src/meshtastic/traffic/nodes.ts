/**
 * The nodes of the simulated mesh: who they are, where they are and how they move. Names and
 * places are made up; the area is a patch of open ocean, so no point of it is anybody's home.
 *
 * @module
 */
import type { Random } from "../../traffic/random.ts";

/** A simulated radio. Positions in kilometres east and north of the area's centre. */
export interface SimNode {
  /** Node number. */
  readonly id: number;
  /** `!%08x`. */
  readonly hex: string;
  /** As NODEINFO gives it. */
  readonly longName: string;
  /** As NODEINFO gives it. */
  readonly shortName: string;
  /** Number in `HardwareModel`. */
  readonly hardware: number;
  /** Number in `Config.DeviceConfig.Role`. */
  readonly role: number;
  /** True for a licensed radio amateur. */
  readonly licensed: boolean;
  /** 6 bytes. */
  readonly mac: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Version of the firmware. */
  readonly firmware: string;
  /** It stands indoors. */
  readonly indoor: boolean;
  /** 0 for a node that stays where it is. */
  readonly speedKmh: number;
  /** Unix milliseconds. */
  readonly bootedAtMs: number;
  /** Kilometres east of the centre. */
  eastKm: number;
  /** Kilometres north of the centre. */
  northKm: number;
  /** Metres above the sea. */
  readonly altitude: number;
  /** Direction of movement, radians anticlockwise from east. */
  heading: number;
  /** When the position was last brought forward. */
  movedAtMs: number;
  /** Charge in percent; above 100: powered from outside. */
  battery: number;
  /** So many positions were sent; their sequence number. */
  positionsSent: number;
}

/** A simulated node that publishes to the broker what it hears. */
export interface SimGateway {
  /** The node that publishes. */
  readonly node: SimNode;
  /** Topic up to before the protocol version. */
  readonly root: string;
  /** It publishes JSON beside the packets (`json_enabled`). */
  readonly publishesJson: boolean;
}

const CENTRE_LATITUDE = 40.5;
const CENTRE_LONGITUDE = -39.5;
const AREA_KM = 22;
const KM_PER_DEGREE = 111.2;

const FIRST = [
  "Amber",
  "Barley",
  "Copper",
  "Driftwood",
  "Ember",
  "Fern",
  "Gannet",
  "Heather",
  "Ivory",
  "Juniper",
  "Kelp",
  "Lantern",
  "Mossy",
  "Nimbus",
  "Osprey",
  "Pebble",
  "Quartz",
  "Rowan",
  "Saffron",
  "Thistle",
  "Umber",
  "Velvet",
  "Willow",
  "Zephyr",
];
const SECOND = [
  "Lookout",
  "Harbour",
  "Mill",
  "Ridge",
  "Relay",
  "Cabin",
  "Shed",
  "Bike",
  "Van",
  "Kite",
  "Tower",
  "Attic",
  "Garden",
  "Skiff",
  "Pocket",
  "Quay",
  "Fjord ⛵",
  "Café",
];
/** TBEAM, RAK4631, HELTEC_V3, T_DECK, TRACKER_T1000_E, STATION_G2, T_ECHO, HELTEC_MESH_NODE_T114 */
const HARDWARE = [4, 9, 43, 43, 43, 50, 71, 31, 7, 69];
const FIRMWARE = ["2.5.20.4c97351", "2.6.4.b89355f", "2.6.11.60ec05e", "2.7.3.cf574c7"];

/** Roles by their number in the protobufs. */
const CLIENT = 0;
const CLIENT_MUTE = 1;
const ROUTER = 2;
const TRACKER = 5;
const SENSOR = 6;

/** `count` nodes; the first `gateways` of them stand still, in the open. */
export function makeNodes(
  random: Random,
  count: number,
  gateways: number,
  startMs: number,
): SimNode[] {
  const nodes: SimNode[] = [];
  const taken = new Set<number>();
  for (let i = 0; i < count; i++) {
    let id = 0;
    while (id < 0x1000_0000 || id >= 0xffff_ff00 || taken.has(id)) id = random.uint32();
    taken.add(id);
    const fixed = i < gateways;
    const speedKmh = !fixed && random.chance(0.3) ? random.pick([4, 4, 15, 45]) : 0;
    const role = fixed
      ? random.pick([CLIENT, ROUTER])
      : speedKmh > 0
      ? random.pick([CLIENT, CLIENT, TRACKER])
      : random.pick([CLIENT, CLIENT, CLIENT, CLIENT_MUTE, SENSOR]);
    const mac = random.bytes(6);
    new DataView(mac.buffer).setUint32(2, id);
    const spread = fixed ? AREA_KM / 2 : AREA_KM;
    nodes.push({
      id,
      hex: `!${id.toString(16).padStart(8, "0")}`,
      longName: `${random.pick(FIRST)} ${random.pick(SECOND)} ${i + 1}`,
      shortName: random.chance(0.15)
        ? random.pick(["🦊", "⛵", "🌲", "🐸", "☕"])
        : (id & 0xffff).toString(16).padStart(4, "0"),
      hardware: random.pick(HARDWARE),
      role,
      licensed: random.chance(0.08),
      mac,
      publicKey: random.bytes(32),
      firmware: random.pick(FIRMWARE),
      indoor: !fixed && speedKmh === 0 && random.chance(0.4),
      speedKmh,
      bootedAtMs: startMs - Math.floor(random.waiting() * 4 * 86_400_000),
      eastKm: random.range(-spread, spread),
      northKm: random.range(-spread, spread),
      altitude: random.between(2, 480),
      heading: random.range(0, 2 * Math.PI),
      movedAtMs: startMs,
      battery: fixed || random.chance(0.3) ? 101 : random.range(30, 100),
      positionsSent: 0,
    });
  }
  return nodes;
}

/** Gateways of the mesh: the first of `nodes`. One of them uses a deeper topic, as many regions do. */
export function makeGateways(nodes: readonly SimNode[], count: number): SimGateway[] {
  return nodes.slice(0, count).map((node, i) => ({
    node,
    root: i % 3 === 1 ? "msh/EU_868/Tern_Bay" : "msh/EU_868",
    publishesJson: i % 4 === 0,
  }));
}

/** Brings a node's position forward to `nowMs`; at the edge of the area it turns round. */
export function move(node: SimNode, nowMs: number, random: Random): void {
  // However long it was silent, it has not left the area.
  const hours = Math.min(nowMs - node.movedAtMs, 1_800_000) / 3_600_000;
  node.movedAtMs = nowMs;
  if (node.speedKmh === 0 || hours <= 0) return;
  node.heading += random.bell() * 0.5;
  if (Math.hypot(node.eastKm, node.northKm) > AREA_KM) {
    node.heading = Math.atan2(-node.northKm, -node.eastKm) + random.bell() * 0.3;
  }
  node.eastKm += Math.cos(node.heading) * node.speedKmh * hours;
  node.northKm += Math.sin(node.heading) * node.speedKmh * hours;
}

/** Distance of two nodes in kilometres. */
export function distanceKm(a: SimNode, b: SimNode): number {
  return Math.hypot(a.eastKm - b.eastKm, a.northKm - b.northKm);
}

/** Latitude in units of 1e-7 degrees, as the protobufs have it. */
export function latitudeI(node: SimNode): number {
  return Math.round((CENTRE_LATITUDE + node.northKm / KM_PER_DEGREE) * 1e7);
}

/** Longitude in units of 1e-7 degrees. */
export function longitudeI(node: SimNode): number {
  const kmPerDegree = KM_PER_DEGREE * Math.cos(CENTRE_LATITUDE * Math.PI / 180);
  return Math.round((CENTRE_LONGITUDE + node.eastKm / kmPerDegree) * 1e7);
}
