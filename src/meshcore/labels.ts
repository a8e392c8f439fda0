/**
 * The closed sets that metrics and logs use for what the decoder and the store's jobs do.
 *
 * @module
 */
import { COMMON_JOBS } from "../storage/announce.ts";
import { DROP_REASONS, type DropReason } from "./message.ts";
import { payloadName } from "./packet.ts";

/** Types of a record: what the packet carries, or which other message it was. */
export const RECORD_TYPES: readonly string[] = [
  ...new Set(Array.from({ length: 16 }, (_, type) => payloadName(type))),
  "UNDECODABLE",
  "STATUS",
  "CHANNEL_MESSAGE",
  "DIRECT_MESSAGE",
  "CLIENT_RECEPTION",
];

/** How decryption went: nothing to open, opened by the key of its channel hash, no key opens it. */
export const DECRYPT_RESULTS = ["none", "hash", "no_key"] as const;

/** Drops that an operator has asked for, or that every broker brings. */
export const ORDINARY_DROPS: readonly DropReason[] = [
  "ignored_topic",
  "blacklisted",
  "region_not_allowed",
  "region_filtered",
  "foreign_advert",
  "no_packet",
  "client_not_direct",
  "client_no_position",
];

/** Names of the background jobs that a store may have. */
export const JOBS: readonly string[] = [
  ...COMMON_JOBS,
  "index marks",
  "neighbours",
  "prune requests",
  "multibyte snapshot",
  ...["nodes", "metrics", "observers", "packets", "client receptions", "neighbours"]
    .map((what) => `retention ${what}`),
  ...["dropped_packets", "capture_refused_packets"].map((table) => `retention ${table}`),
  "old observations",
  ...[
    "from_pubkey",
    "channel_hash",
    "channel_case",
    "empty_packets",
    "advert_count",
    "last_packet_at",
    "last_seen",
    "path_json",
    "measures",
    "metric_measures",
    "default_scope",
  ].map((what) => `backfill ${what}`),
];

/** For the network's descriptor. */
export const meshcoreLabels = {
  types: RECORD_TYPES,
  dropReasons: DROP_REASONS,
  decryptResults: DECRYPT_RESULTS,
  noKeyResults: ["no_key"],
  ordinaryDrops: ORDINARY_DROPS,
  jobs: JOBS,
} as const;
