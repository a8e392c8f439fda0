/** What a measurement must know of each network beside its descriptor. @module */
import { silentLog } from "../src/capture/log.ts";
import type { Message, NetworkName } from "../src/capture/message.ts";
import type { Network } from "../src/capture/network.ts";
import { meshcore } from "../src/meshcore/descriptor.ts";
import { meshcoreTools } from "../src/meshcore/tools.ts";
import type { MeshcoreRecord } from "../src/meshcore/record.ts";
import { createMeshcoreTraffic } from "../src/meshcore/traffic_generator.ts";
import { meshtastic } from "../src/meshtastic/descriptor.ts";
import { meshtasticTools } from "../src/meshtastic/tools.ts";
import { createMeshtasticTraffic } from "../src/meshtastic/traffic_generator.ts";
import type { NetworkDescriptor } from "../src/network_descriptor.ts";
import type { BenchMessage } from "./traffic_file.ts";

/** Which of Malla's indexes there are; MeshCore has but one set. */
export type Indexes = "full" | "minimal";

/** See the module. */
export interface BenchNetwork {
  /** Its name. */
  readonly name: NetworkName;
  /** Topic filter of its traffic. */
  readonly filter: string;
  /** Table that every message of {@linkcode rowMessages} adds one row to; its key is `id`. */
  readonly counted: string;
  /** Tables that hold nearly all that is written; of two, the second refers to the first. */
  readonly tables: readonly string[];
  /** Column of the counted table with the time of receipt, Unix seconds. */
  readonly timeColumn: string;
  /** Everything else that is known of it. */
  readonly descriptor: NetworkDescriptor;
  /** Its configuration as an operator writes it. */
  section(database: string, indexes: Indexes): Record<string, unknown>;
}

/** A mesh of this size: more nodes than a page of an index holds, fewer than a city has. */
const NODES = 200;
const GATEWAYS = 8;

/** Messages that are decoded together while traffic is made. */
const CHUNK = 500;

/** The networks that are measured. */
export const benchNetworks: Readonly<Record<NetworkName, BenchNetwork>> = {
  meshtastic: {
    name: "meshtastic",
    filter: "msh/#",
    counted: "packet_history",
    tables: ["packet_history"],
    timeColumn: "timestamp",
    descriptor: meshtastic as NetworkDescriptor,
    section: (database, indexes) => ({ ...meshtasticTools.demoConfig, database, indexes }),
  },
  meshcore: {
    name: "meshcore",
    filter: "meshcore/#",
    counted: "observations",
    tables: ["transmissions", "observations"],
    timeColumn: "timestamp",
    descriptor: meshcore as NetworkDescriptor,
    section: (database) => ({ ...meshcoreTools.demoConfig, database }),
  },
};

/** The network of a name that came from a command line. */
export function benchNetwork(name: string | undefined): BenchNetwork {
  const network = benchNetworks[name as NetworkName];
  if (network === undefined) throw new Error(`no such network: ${name}`);
  return network;
}

/** A decoder as the service would have it. */
export function benchDecoder(network: BenchNetwork): Network<unknown> {
  const config = network.descriptor.section.schema.parse(network.section("unused.db", "full"));
  return network.descriptor.createDecoder(config, {
    sources: [{ name: "bench" }],
    readFile: (path) => Deno.readTextFileSync(path),
    log: silentLog,
  });
}

/**
 * Endless traffic in which every message adds a row: without JSON topics and presence messages, and
 * without what one observer hears twice over one path, which is one observation.
 */
export async function* rowMessages(
  network: BenchNetwork,
  seed: number,
  startMs: number,
): AsyncGenerator<BenchMessage> {
  const traffic = network.name === "meshtastic"
    ? createMeshtasticTraffic({
      seed,
      nodes: NODES,
      gateways: GATEWAYS,
      startMs,
      packetsPerSecond: 20,
    })
    : createMeshcoreTraffic({
      seed,
      nodes: NODES,
      observers: GATEWAYS,
      startMs,
      packetsPerSecond: 20,
    });
  const decoder = benchDecoder(network);
  const known = new Set<string>();
  for (;;) {
    const chunk: Message[] = [];
    while (chunk.length < CHUNK) {
      const { value: { topic, payload } } = traffic.next();
      chunk.push(asMessage({ topic, payload }, startMs));
    }
    const decoded = await decoder.decode(chunk);
    for (const [i, one] of decoded.entries()) {
      if (one.kind === "drop" || !addsRow(network, one.record, known)) continue;
      yield { topic: chunk[i]!.topic, payload: chunk[i]!.payload };
    }
  }
}

/** A message as a source hands it on. */
export function asMessage({ topic, payload }: BenchMessage, receivedAt: number): Message {
  return {
    source: "bench",
    topic,
    // A copy of its own, as a source makes it.
    payload: new Uint8Array(payload),
    receivedAt,
    qos: 1,
    retained: false,
    redelivered: false,
  };
}

function addsRow(network: BenchNetwork, record: unknown, known: Set<string>): boolean {
  if (network.name === "meshtastic") return true;
  const packet = record as MeshcoreRecord;
  if (packet.kind !== "packet" || packet.observer === null) return false;
  const { observer, transmission, observation } = packet;
  const key = `${transmission.hash} ${observer.id} ${observation.pathJson}`;
  if (known.has(key)) return false;
  known.add(key);
  return true;
}
