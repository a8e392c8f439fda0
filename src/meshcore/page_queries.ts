/** What the status page asks of a MeshCore database. @module */
import {
  type FeedFilter,
  type FeedPacket,
  matchesFilter,
  type PageNode,
} from "../capture/page_view.ts";
import type { PageQueries } from "../storage/page_thread.ts";
import type { Reader } from "../storage/reader.ts";
import { decodedContent, reception } from "./feed_packet.ts";
import { payloadName } from "./packet.ts";

/** Receptions that are looked through for a filter. */
const LOOK_BACK_ROWS = 20_000;

interface NodeSelect {
  readonly public_key: string;
  readonly name: string | null;
  readonly role: string | null;
  readonly lat: number | null;
  readonly lon: number | null;
  readonly last_seen: string | null;
}

interface PacketSelect {
  readonly at: number;
  readonly snr: number | null;
  readonly rssi: number | null;
  readonly path_json: string | null;
  readonly raw_hex: string;
  readonly payload_type: number | null;
  readonly decoded_json: string | null;
  readonly from_pubkey: string | null;
  readonly observer: string | null;
  readonly observer_name: string | null;
}

/** Answers; it remembers nothing. */
export const meshcorePageQueries: PageQueries = {
  nodes(reader: Reader, limit: number): PageNode[] {
    const rows = reader.query<NodeSelect>(
      `SELECT public_key, name, role, lat, lon, last_seen FROM nodes
       ORDER BY last_seen DESC LIMIT ?`,
      limit,
    );
    return rows.map((row) => {
      const lastSeen = Date.parse(row.last_seen ?? "");
      // (0, 0) is what a node without GPS sends.
      const placed = row.lat !== null && row.lon !== null && (row.lat !== 0 || row.lon !== 0);
      return {
        id: row.public_key,
        ...(row.name ? { name: row.name } : {}),
        ...(row.role ? { role: row.role } : {}),
        ...(Number.isNaN(lastSeen) ? {} : { lastSeen }),
        ...(placed ? { position: [row.lat!, row.lon!] as const } : {}),
      };
    });
  },

  countNodes(reader: Reader): number {
    return Number(reader.query("SELECT count(*) AS n FROM nodes")[0]!["n"]);
  },

  recent(reader: Reader, filter: unknown, limit: number): FeedPacket[] {
    const wanted = filter as FeedFilter;
    const found: FeedPacket[] = [];
    const rows = reader.iterate<PacketSelect>(
      `SELECT seen.timestamp AS at, seen.snr, seen.rssi, seen.path_json, sent.raw_hex,
         sent.payload_type, sent.decoded_json, sent.from_pubkey,
         observers.id AS observer, observers.name AS observer_name
       FROM observations AS seen JOIN transmissions AS sent ON sent.id = seen.transmission_id
         LEFT JOIN observers ON observers.rowid = seen.observer_idx
       ORDER BY seen.id DESC LIMIT ?`,
      wanted.type === undefined && wanted.node === undefined ? limit : LOOK_BACK_ROWS,
    );
    for (const row of rows) {
      const packet = packetOf(row);
      if (matchesFilter(packet, wanted)) found.push(packet);
      if (found.length >= limit) break;
    }
    return found;
  },
};

function packetOf(row: PacketSelect): FeedPacket {
  const name = payloadName(row.payload_type ?? 0);
  const companion = row.raw_hex === "";
  return {
    network: "meshcore",
    at: row.at * 1000,
    // Without a packet it came from a companion; the types are the decoder's labels.
    type: !companion ? name : name === "TXT_MSG" ? "DIRECT_MESSAGE" : "CHANNEL_MESSAGE",
    readable: true,
    ...decodedContent(row.decoded_json ?? "", row.from_pubkey),
    ...(row.observer === null ? {} : { heardBy: row.observer }),
    ...(row.observer_name === null ? {} : { heardByName: row.observer_name }),
    ...reception(row),
    hops: hopsOf(row.path_json),
  };
}

/** Hops are the texts of a JSON array. */
function hopsOf(path: string | null): number {
  try {
    const hops: unknown = JSON.parse(path ?? "[]");
    return Array.isArray(hops) ? hops.length : 0;
  } catch {
    return 0;
  }
}
