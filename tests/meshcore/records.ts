/** Records to store, made of what a test cares about. @module */
import type { CommitContext } from "../../src/capture/network.ts";
import type {
  ClientReceptionRecord,
  CompanionRecord,
  NodeUpdate,
  Observation,
  ObserverSighting,
  PacketRecord,
  RecordBase,
  RefusedRecord,
  StatusRecord,
  Transmission,
} from "../../src/meshcore/record.ts";

/** Unix milliseconds at which the tests' messages are received: 2025-10-09T08:53:20Z. */
export const NOW = 1_760_000_000_000;

/** A commit that carries nothing else. */
export const emptyContext: CommitContext = {
  ledger: [],
  retained: [],
  heardUntil: [],
  quarantine: [],
};

/** A key of 64 digits that begins with `prefix`. */
export function key(prefix: string): string {
  return prefix.toLowerCase().padEnd(64, "0");
}

const base: RecordBase = {
  source: "home",
  topic: "meshcore/SJC/OBS/packets",
  receivedAt: NOW,
  qos: 1,
  retained: false,
};

/** An observer as a message names it. */
export function sighting(id = "OBS", rest: Partial<ObserverSighting> = {}): ObserverSighting {
  return { id, name: "Roof", iata: "SJC", ...rest };
}

/** What a packet's record is made of. */
export interface PacketParts extends Partial<Omit<PacketRecord, "transmission" | "observation">> {
  readonly hash?: string;
  readonly sent?: Partial<Transmission>;
  readonly seen?: Partial<Observation>;
}

/** A packet, by default without path and of no special type. */
export function packet(parts: PacketParts = {}): PacketRecord {
  const { hash = "00000000000000aa", sent, seen, ...rest } = parts;
  const hops = rest.hops ?? [];
  return {
    ...base,
    kind: "packet",
    payloadName: "ACK",
    transmission: {
      hash,
      rawHex: `0D00${hash}`,
      routeType: 1,
      payloadType: 3,
      payloadVersion: 0,
      decodedJson: '{"type":"ACK"}',
      channelHash: null,
      scopeName: null,
      fromPubkey: null,
      ...sent,
    },
    observation: {
      direction: "rx",
      snr: 5.5,
      rssi: -90,
      score: 100,
      pathJson: JSON.stringify(hops),
      rawHex: `0D00${hash}`,
      ...seen,
    },
    hops,
    observer: sighting(),
    region: "SJC",
    heardAt: NOW / 1000,
    clockSkewSeconds: null,
    node: null,
    ...rest,
  };
}

/** What an advert says. */
export function nodeUpdate(rest: Partial<NodeUpdate> = {}): NodeUpdate {
  return {
    publicKey: key("aa"),
    name: "Hill",
    role: "repeater",
    lat: 37.5,
    lon: -122.1,
    foreign: false,
    batteryMv: null,
    temperatureC: null,
    defaultScope: null,
    advertTimestamp: NOW / 1000,
    ...rest,
  };
}

/** An advert. */
export function advert(node: Partial<NodeUpdate> = {}, parts: PacketParts = {}): PacketRecord {
  const update = nodeUpdate(node);
  return packet({
    payloadName: "ADVERT",
    node: update,
    ...parts,
    sent: { payloadType: 4, fromPubkey: update.publicKey, ...parts.sent },
  });
}

/** A status that says nothing but who it is of. */
export function status(rest: Partial<StatusRecord> = {}): StatusRecord {
  return {
    ...base,
    kind: "status",
    observer: sighting(),
    alive: true,
    status: "online",
    model: null,
    firmware: null,
    clientVersion: null,
    radio: null,
    batteryMv: null,
    uptimeSecs: null,
    noiseFloor: null,
    canRelay: null,
    metrics: null,
    ...rest,
  };
}

/** A message of a companion's bridge. */
export function companion(hash: string, rest: Partial<CompanionRecord> = {}): CompanionRecord {
  const { transmission, observation } = packet({
    hash,
    sent: { rawHex: "" },
    seen: { rawHex: "" },
  });
  return {
    ...base,
    kind: "companion",
    messageKind: "channel",
    transmission,
    observation,
    observer: sighting("companion"),
    ...rest,
  };
}

/** A packet that was refused. */
export function refused(rest: Partial<RefusedRecord> = {}): RefusedRecord {
  return {
    ...base,
    kind: "refused",
    reason: "invalid_signature",
    fault: "invalid_signature",
    text: "invalid signature",
    hash: "00000000000000ff",
    rawHex: "1100",
    observer: sighting(),
    nodePubkey: key("bb"),
    nodeName: "Forged",
    ...rest,
  };
}

/** What a roaming companion heard. */
export function reception(rest: Partial<ClientReceptionRecord> = {}): ClientReceptionRecord {
  return {
    ...base,
    kind: "client_reception",
    rxPubkey: key("cc"),
    heardKey: key("aa"),
    heardKeyLength: 32,
    rssi: -91,
    snr: 6.5,
    lat: 37.4,
    lon: -122.1,
    positionAccuracyM: 8.5,
    heardAt: NOW / 1000,
    heardBy: "advert",
    signatureValid: true,
    clientName: "Walker",
    ...rest,
  };
}
