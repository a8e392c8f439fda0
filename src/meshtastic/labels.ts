/**
 * The closed sets that metrics and logs use for what the decoder and the store's jobs do.
 *
 * @module
 */
import { COMMON_JOBS } from "../storage/announce.ts";
import { PORT_NAMES, type PortName } from "./port_names.ts";

/** Why a message makes no row. */
export const DROP_REASONS = [
  /** The payload is larger than `max_envelope_bytes`. */
  "oversized",
  /** `/2/json/`: not an envelope; the same packet comes as one when the gateway sends it. */
  "json_topic",
  /** `/2/stat/`: presence of a gateway. */
  "stat_topic",
  /** Not a topic of Meshtastic's protocol 2. */
  "unwanted_topic",
  /** `/2/map/` without a readable packet. */
  "map_unreadable",
] as const;

/** One of {@linkcode DROP_REASONS}. */
export type DropReason = (typeof DROP_REASONS)[number];

/** How decryption went. */
export const DECRYPT_RESULTS = [
  /** Nothing was encrypted, or there was no packet. */
  "none",
  /** Read by a key that the channel hash names. */
  "hash",
  /** Read by trying every key. */
  "trial",
  /** No key reads it. */
  "no_key",
  /** A direct message between two nodes; no channel key can read it. */
  "pki",
] as const;

/** One of {@linkcode DECRYPT_RESULTS}. */
export type DecryptResult = (typeof DECRYPT_RESULTS)[number];

/** What a row's type may be as a label: numbers without a name share one, so that the set is closed. */
export const RECORD_TYPES: readonly RecordType[] = [
  ...Object.values(PORT_NAMES),
  "UNNAMED",
  "UNREADABLE",
];

/** One of {@linkcode RECORD_TYPES}. */
export type RecordType = PortName | "UNNAMED" | "UNREADABLE";

/** Names of the background jobs that a store may have. */
export const JOBS = [...COMMON_JOBS, "meshpipe_rewrite", "retention"] as const;

/** Beginnings of `parsing_error` for packets that could not be read to their payload. */
export const PARSING_ERRORS = {
  badEnvelope: "envelope: not a ServiceEnvelope",
  noPacket: "envelope: holds no packet",
  noPayload: "packet: neither decoded nor encrypted",
  noKey: "decrypt: no key reads it",
  pki: "decrypt: PKI direct message",
  internal: "internal: ",
} as const;
