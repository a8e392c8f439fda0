/**
 * What the decoder hands to the store: all that one message changes in the database, as plain data
 * that can be cloned. Times of receipt are Unix milliseconds; which of them go into which column is
 * the store's affair.
 *
 * @module
 */
import type { AdvertFault } from "./advert.ts";
import type { PacketFault, PayloadName } from "./packet.ts";

/** What every record has. */
export interface RecordBase {
  /** The configured source that brought it. */
  source: string;
  topic: string;
  /** Unix milliseconds. */
  receivedAt: number;
  qos: 0 | 1;
  /** The broker had it in store: it says nothing of now. */
  retained: boolean;
}

/** An observer as a message names it. Null: it says nothing of that, keep what is known. */
export interface ObserverSighting {
  /** As sent: CoreScope tells upper and lower case apart. */
  id: string;
  name: string | null;
  /** Trimmed, upper case. */
  iata: string | null;
}

/** Columns of `transmissions`, less its id and times. */
export interface Transmission {
  /** 16 hex digits, lower case; unique. */
  hash: string;
  /** Without spaces, otherwise as sent; `""` for a companion's message. */
  rawHex: string;
  routeType: number;
  payloadType: number;
  payloadVersion: number;
  decodedJson: string;
  /** Name of the channel, or `enc_` and the hash byte; null for all but GRP_TXT. */
  channelHash: string | null;
  /** Name of the region, `""` for an unknown one, null without a scope. */
  scopeName: string | null;
  /** Public key of an advert's node, lower-case hex. */
  fromPubkey: string | null;
}

/** Columns of `observations`, less ids and times. Null: the message does not say. */
export interface Observation {
  direction: string | null;
  /** dB. */
  snr: number | null;
  /** dBm. */
  rssi: number | null;
  score: number | null;
  /** Upper-case hex of each hop, as JSON; `[]` without any. */
  pathJson: string;
  rawHex: string;
}

/** What a validated advert says of its node. Null: it says nothing of that, keep what is known. */
export interface NodeUpdate {
  /** Lower-case hex. */
  publicKey: string;
  /** Null also for an empty one: CoreScope wipes the known name with it (its db.go:805). */
  name: string | null;
  role: string;
  /** Degrees; both or neither. */
  lat: number | null;
  lon: number | null;
  /** Outside the operator's area. */
  foreign: boolean;
  batteryMv: number | null;
  temperatureC: number | null;
  /** Region whose code the advert carries; null: leave what is known. */
  defaultScope: string | null;
  /** Unix seconds by the node's own clock: an older advert may be heard again. */
  advertTimestamp: number;
}

/** A packet that an observer heard. */
export interface PacketRecord extends RecordBase {
  kind: "packet";
  payloadName: PayloadName;
  transmission: Transmission;
  observation: Observation;
  /** Hops of `pathJson`. */
  hops: readonly string[];
  /** Null when the topic names none. */
  observer: ObserverSighting | null;
  /** Region of this reception: the message's, else the topic's, else the source's; may be `""`. */
  region: string;
  /** Unix seconds: what the observer says, as far as that can be. */
  heardAt: number;
  /** The observer's clock has no zone and is off by that many seconds; null when all is well. */
  clockSkewSeconds: number | null;
  /** Set for an advert that was accepted. */
  node: NodeUpdate | null;
}

/** Why a packet was not kept. */
export type RefusedReason = "invalid_signature" | "corrupt_advert" | "undecodable";

/** A packet that was refused: a row of `dropped_packets`. CoreScope only logs the last two kinds. */
export interface RefusedRecord extends RecordBase {
  kind: "refused";
  reason: RefusedReason;
  /** What exactly; from a closed set too. */
  fault: "invalid_signature" | AdvertFault | PacketFault;
  /** As CoreScope or a person would read it, such as `invalid signature`. */
  text: string;
  /** Null when the packet ends before its payload. */
  hash: string | null;
  /** At most {@linkcode MAX_REFUSED_HEX} characters. */
  rawHex: string;
  observer: ObserverSighting | null;
  nodePubkey: string | null;
  nodeName: string | null;
}

/** Characters of raw hex that a refused packet is kept with: twice the largest packet there is. */
export const MAX_REFUSED_HEX = 1024;

/** Figures of an observer's status: a row of `observer_metrics`. Null: it says nothing of that. */
export interface MetricsSample {
  /** dBm. */
  noiseFloor: number | null;
  txAirSecs: number | null;
  rxAirSecs: number | null;
  recvErrors: number | null;
  batteryMv: number | null;
  packetsSent: number | null;
  packetsRecv: number | null;
}

/** What an observer says of itself. */
export interface StatusRecord extends RecordBase {
  kind: "status";
  observer: ObserverSighting;
  /**
   * False for a retained status and for "offline", which a broker sends when an observer dies: the
   * observer must not count as heard of now (CoreScope's main.go:609 makes it so).
   */
  alive: boolean;
  /** `status` as sent. */
  status: string | null;
  model: string | null;
  firmware: string | null;
  clientVersion: string | null;
  radio: string | null;
  batteryMv: number | null;
  uptimeSecs: number | null;
  noiseFloor: number | null;
  /** Whether it relays; null: it does not say. */
  canRelay: boolean | null;
  /** Null when the status holds no figure or fact at all; then no row is written. */
  metrics: MetricsSample | null;
}

/** A message that a companion's bridge read off its own radio: no packet, no observer of its own. */
export interface CompanionRecord extends RecordBase {
  kind: "companion";
  messageKind: "channel" | "direct";
  transmission: Transmission;
  observation: Observation;
  observer: ObserverSighting;
}

/** A place where somebody's companion heard a node directly: a row of `client_receptions`. */
export interface ClientReceptionRecord extends RecordBase {
  kind: "client_reception";
  /** Lower-case hex. */
  rxPubkey: string;
  /** Lower-case hex: a whole key, or the hash that stood last in the path. */
  heardKey: string;
  /** Bytes. */
  heardKeyLength: number;
  rssi: number | null;
  snr: number | null;
  lat: number;
  lon: number;
  positionAccuracyM: number | null;
  /** Unix seconds: part of the row's unique key. */
  heardAt: number;
  heardBy: "rxlog" | "advert";
  /** Null when nobody looked or it is no advert. CoreScope does not look (its decoder is told not to). */
  signatureValid: boolean | null;
  /** The companion's name, for `client_observers`; null: it says none. */
  clientName: string | null;
}

/** All that one message changes in the database. */
export type MeshcoreRecord =
  | PacketRecord
  | RefusedRecord
  | StatusRecord
  | CompanionRecord
  | ClientReceptionRecord;
