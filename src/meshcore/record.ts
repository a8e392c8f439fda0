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
  /** Well-formed text; where the observer's id and region come from. */
  topic: string;
  /** Unix milliseconds. */
  receivedAt: number;
  /** Quality of service that the broker delivered it with. meshcoretomqtt publishes with 0. */
  qos: 0 | 1;
  /** The broker had it in store: it says nothing of now. */
  retained: boolean;
}

/** An observer as a message names it. Null: it says nothing of that, keep what is known. */
export interface ObserverSighting {
  /** As sent: CoreScope tells upper and lower case apart. */
  id: string;
  /** Never empty: CoreScope wipes the known name when a packet brings none (its db.go:826). */
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
  /**
   * 0 transport flood, 1 flood, 2 direct, 3 transport direct. Of the first copy: others may differ.
   */
  routeType: number;
  /** 0–15; {@linkcode PacketRecord.payloadName} names it. */
  payloadType: number;
  /** 0–3; CoreScope reads every version as if it were 0. */
  payloadVersion: number;
  /**
   * The payload in CoreScope's keys and their order, written as Go writes JSON: readers search it.
   */
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
  /** Which way it went, as sent: bridges say `rx` or `tx`. */
  direction: string | null;
  /** dB. */
  snr: number | null;
  /** dBm. */
  rssi: number | null;
  /** The firmware's figure for how well it was heard, 0–1000, as sent; nobody checks its range. */
  score: number | null;
  /**
   * Upper-case hex of each hop, as JSON; `[]` without any. Of a TRACE without a route, as CoreScope
   * has it, the bytes of its header, which are SNR values.
   */
  pathJson: string;
  /** The packet as this observer heard it: another's copy has another path. */
  rawHex: string;
}

/** What a validated advert says of its node. Null: it says nothing of that, keep what is known. */
export interface NodeUpdate {
  /** Lower-case hex. */
  publicKey: string;
  /** Null also for an empty one: CoreScope wipes the known name with it (its db.go:805). */
  name: string | null;
  /** `none`, `companion`, `repeater`, `room`, `sensor`, or `type-5` to `type-15`. */
  role: string;
  /** Degrees, −90–90; both or neither. */
  lat: number | null;
  /** Degrees, −180–180. (0, 0) is what some nodes without GPS send. */
  lon: number | null;
  /** Outside the operator's area. */
  foreign: boolean;
  /** Millivolts, 1–10000; only sensors say it. */
  batteryMv: number | null;
  /** Degrees Celsius, −50–100; only sensors say it. */
  temperatureC: number | null;
  /** Region whose code the advert carries; null: leave what is known. */
  defaultScope: string | null;
  /** Unix seconds by the node's own clock: an older advert may be heard again. */
  advertTimestamp: number;
}

/** A packet that an observer heard. */
export interface PacketRecord extends RecordBase {
  /** Becomes a transmission, an observation of it, and what `node` and `observer` say. */
  kind: "packet";
  /** Kind of the payload: the label of the metrics and of the log. */
  payloadName: PayloadName;
  /** The packet, the same for all who heard it. */
  transmission: Transmission;
  /** This one reception of it, by `observer`. */
  observation: Observation;
  /** Hops of `pathJson`; none for a TRACE without a route, whose `pathJson` holds SNR values. */
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

/**
 * A packet that was refused: a row of `dropped_packets` for a bad signature, otherwise one of our own
 * `capture_refused_packets`, where CoreScope only logs it.
 */
export interface RefusedRecord extends RecordBase {
  /**
   * Leaves no transmission: the packet is shown to whoever looks for the fault, and to nobody else.
   */
  kind: "refused";
  /** The group of the fault: what people count. */
  reason: RefusedReason;
  /** What exactly; from a closed set too. */
  fault: "invalid_signature" | AdvertFault | PacketFault;
  /** As CoreScope or a person would read it, such as `invalid signature`. */
  text: string;
  /** Null when the packet ends before its payload. */
  hash: string | null;
  /** At most {@linkcode MAX_REFUSED_HEX} characters. */
  rawHex: string;
  /** Who heard it; null when the topic names none. */
  observer: ObserverSighting | null;
  /** Of an advert, lower-case hex: claimed, not proven. Null for what is no advert. */
  nodePubkey: string | null;
  /** Of an advert, claimed, not proven. Null when it has no name, and for what is no advert. */
  nodeName: string | null;
}

/** Characters of raw hex that a refused packet is kept with: twice the largest packet there is. */
export const MAX_REFUSED_HEX = 1024;

/** Figures of an observer's status: a row of `observer_metrics`. Null: it says nothing of that. */
export interface MetricsSample {
  /** dBm. */
  noiseFloor: number | null;
  /** Seconds on the air sending, since the start of its radio: it begins again at 0. */
  txAirSecs: number | null;
  /** Seconds on the air receiving, since the start of its radio. */
  rxAirSecs: number | null;
  /** Packets that the radio could not read, since its start. */
  recvErrors: number | null;
  /** Millivolts. */
  batteryMv: number | null;
  /** Packets that the radio sent, its own and forwarded ones, since its start. */
  packetsSent: number | null;
  /** Packets that the radio read, since its start. */
  packetsRecv: number | null;
}

/** What an observer says of itself. */
export interface StatusRecord extends RecordBase {
  /** Changes the observer's own row, and adds one of its figures. */
  kind: "status";
  /** From the topic: a status without an observer's id leaves no record. */
  observer: ObserverSighting;
  /**
   * False for a retained status and for "offline", which a broker sends when an observer dies: the
   * observer must not count as heard of now (CoreScope's main.go:609 makes it so).
   */
  alive: boolean;
  /** `status` as sent. */
  status: string | null;
  /** Name of the hardware, such as `Heltec V3`. */
  model: string | null;
  /** Version of the radio's firmware. `firmware_version` counts more than `firmware`. */
  firmware: string | null;
  /** Program that feeds the broker. `clientVersion` counts more than `client_version`. */
  clientVersion: string | null;
  /** MHz, kHz, spreading factor and coding rate as sent, such as `910.525,62.5,7,5`. */
  radio: string | null;
  /** Millivolts; the same as in `metrics`, for the observer's own row. */
  batteryMv: number | null;
  /** Seconds since the start of its radio. */
  uptimeSecs: number | null;
  /** dBm; the same as in `metrics`, for the observer's own row. */
  noiseFloor: number | null;
  /** Whether it relays; null: it does not say. */
  canRelay: boolean | null;
  /** Null when the status holds no figure or fact at all; then no row is written. */
  metrics: MetricsSample | null;
}

/** A message that a companion's bridge read off its own radio: no packet, no observer of its own. */
export interface CompanionRecord extends RecordBase {
  /** Becomes a transmission and an observation, both without a packet. */
  kind: "companion";
  /** To everybody on a channel (kept as GRP_TXT), or to this companion alone (as TXT_MSG). */
  messageKind: "channel" | "direct";
  /** Without bytes: `rawHex` is `""`, and the hash is made of the text. */
  transmission: Transmission;
  /** Without hops and bytes: the bridge sees neither. */
  observation: Observation;
  /** The same for all companions, `companion`, as CoreScope files them. */
  observer: ObserverSighting;
}

/** A place where somebody's companion heard a node directly: a row of `client_receptions`. */
export interface ClientReceptionRecord extends RecordBase {
  /** Leaves no transmission: it says who can be heard where, not what was said. */
  kind: "client_reception";
  /** Lower-case hex. */
  rxPubkey: string;
  /** Lower-case hex: a whole key, or the hash that stood last in the path. */
  heardKey: string;
  /** Bytes. */
  heardKeyLength: number;
  /** dBm; a fraction is cut off, as CoreScope does. */
  rssi: number | null;
  /** dB. */
  snr: number | null;
  /** Degrees, −90–90: where the companion was, not the node it heard. */
  lat: number;
  /** Degrees, −180–180. */
  lon: number;
  /** Metres; as the companion says. */
  positionAccuracyM: number | null;
  /** Unix seconds: part of the row's unique key. */
  heardAt: number;
  /**
   * How the node is known: as the last hop of a flood (`rxlog`), or by its own advert, not
   * forwarded.
   */
  heardBy: "rxlog" | "advert";
  /**
   * Of an advert, whether it was heard from its node or from who forwarded it: false leaves no row.
   * Null when nobody looked or it is no advert. CoreScope does not look (its decoder is told not to).
   */
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

/** What the store reads of a packet's record; the rest is for the feed and the metrics. */
export type StoredPacket = Omit<
  PacketRecord,
  "source" | "topic" | "qos" | "payloadName" | "region" | "heardAt"
>;

/** What the store reads of a record. */
export type StoredRecord = StoredPacket | Exclude<MeshcoreRecord, PacketRecord>;
