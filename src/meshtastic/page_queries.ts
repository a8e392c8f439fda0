/** What the status page asks of a Meshtastic database. @module */
import {
  type FeedFilter,
  type FeedPacket,
  matchesFilter,
  type PageNode,
} from "../capture/page_view.ts";
import type { PageQueries } from "../storage/page_thread.ts";
import type { Reader } from "../storage/reader.ts";
import { feedPacket, placeOf } from "./feed_packet.ts";
import type { Data, MeshPacket } from "./messages.ts";
import { nodeHexId } from "./node_id.ts";
import { degrees, readPayload } from "./payload.ts";
import type { MeshtasticProtobuf } from "./protobuf.ts";

/** Rows of the newest packets that are looked through for a filter. */
const LOOK_BACK_ROWS = 20_000;

/** Rows that the first look for positions and times goes back. */
const FIRST_ROWS = 200_000;

/** Nodes whose position or time is remembered: anybody may publish, as whoever. */
const MAX_REMEMBERED = 20_000;

interface PacketSelect {
  readonly id: number;
  readonly timestamp: number;
  readonly from_node_id: number | null;
  readonly to_node_id: number | null;
  readonly portnum: number | null;
  readonly portnum_name: string | null;
  readonly gateway_id: string | null;
  readonly channel_id: string | null;
  readonly mesh_packet_id: number | null;
  readonly snr: number | null;
  readonly rssi: number | null;
  readonly hop_limit: number | null;
  readonly hop_start: number | null;
  readonly payload_length: number | null;
  readonly raw_payload: Uint8Array | null;
  readonly envelope: Uint8Array | null;
  readonly processed_successfully: number | null;
  readonly parsing_error: string | null;
  readonly capture_source: string | null;
}

interface NodeSelect {
  readonly node_id: number;
  readonly long_name: string | null;
  readonly short_name: string | null;
  readonly role: string | null;
  readonly hw_model: string | null;
  readonly last_updated: number | null;
}

/** Answers; it remembers positions and times, so that each row is looked at once. */
export class MeshtasticPageQueries implements PageQueries {
  readonly #loadProto: () => MeshtasticProtobuf;
  #loaded: MeshtasticProtobuf | undefined;
  readonly #positions = new Map<number, readonly [number, number]>();
  /** When a packet of a node came last, Unix seconds. */
  readonly #heardAt = new Map<number, number>();
  #readUntil = 0;

  /** `loadProto` builds the readers; it is called once, at the first packet. */
  constructor(loadProto: () => MeshtasticProtobuf) {
    this.#loadProto = loadProto;
  }

  get #proto(): MeshtasticProtobuf {
    return this.#loaded ??= this.#loadProto();
  }

  /** As {@linkcode PageQueries.nodes}. */
  nodes(reader: Reader, limit: number): PageNode[] {
    this.#readPackets(reader);
    return this.#nodeRows(reader, limit)
      .map((row) => ({ row, heardAt: this.#lastHeard(row) }))
      .sort((a, b) => (b.heardAt ?? 0) - (a.heardAt ?? 0))
      .slice(0, limit)
      .map(({ row, heardAt }) => {
        const position = this.#positions.get(row.node_id);
        return {
          id: nodeHexId(row.node_id),
          ...(row.long_name ? { name: row.long_name } : {}),
          ...(row.short_name ? { shortName: row.short_name } : {}),
          ...(row.role ? { role: row.role } : {}),
          ...(row.hw_model ? { hardware: row.hw_model } : {}),
          ...(heardAt === undefined ? {} : { lastSeen: Math.round(heardAt * 1000) }),
          ...(position === undefined ? {} : { position }),
        };
      });
  }

  /** As {@linkcode PageQueries.countNodes}. */
  countNodes(reader: Reader): number {
    return Number(reader.query("SELECT count(*) AS n FROM node_info")[0]!["n"]);
  }

  /** Those that said their name last, and those beside them of whom packets came. */
  #nodeRows(reader: Reader, limit: number): NodeSelect[] {
    const select =
      "SELECT node_id, long_name, short_name, role, hw_model, last_updated FROM node_info";
    const named = reader.query<NodeSelect>(`${select} ORDER BY last_updated DESC LIMIT ?`, limit);
    if (named.length < limit) return named;
    const known = new Set(named.map((row) => row.node_id));
    const others = [...this.#heardAt.keys()].filter((id) => !known.has(id));
    return [
      ...named,
      ...reader.query<NodeSelect>(
        `${select} WHERE node_id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(others),
      ),
    ];
  }

  /** `last_updated` is when a node said its name, every three hours or so. */
  #lastHeard({ node_id: node, last_updated: named }: NodeSelect): number | undefined {
    const heardAt = this.#heardAt.get(node);
    if (heardAt === undefined || named === null) return heardAt ?? named ?? undefined;
    return Math.max(heardAt, named);
  }

  /** As {@linkcode PageQueries.recent}. */
  recent(reader: Reader, filter: FeedFilter, limit: number): FeedPacket[] {
    const found: FeedPacket[] = [];
    const rows = reader.iterate<PacketSelect>(
      `SELECT id, timestamp, from_node_id, to_node_id, portnum, portnum_name, gateway_id,
         channel_id, mesh_packet_id, snr, rssi, hop_limit, hop_start, payload_length, raw_payload,
         CASE WHEN portnum IN (1, 70) THEN raw_service_envelope END AS envelope,
         processed_successfully, parsing_error, capture_source
       FROM packet_history ORDER BY id DESC LIMIT ?`,
      filter.type === undefined && filter.node === undefined ? limit : LOOK_BACK_ROWS,
    );
    for (const row of rows) {
      const packet = this.#packet(row);
      if (matchesFilter(packet, filter)) found.push(packet);
      if (found.length >= limit) break;
    }
    return found;
  }

  #packet(row: PacketSelect): FeedPacket {
    const readable = row.processed_successfully === 1;
    const plain = readable ? this.#plainData(row) : undefined;
    const content = readable ? this.#content(row, plain) : undefined;
    return feedPacket({
      timestamp: row.timestamp,
      captureSource: row.capture_source ?? "",
      fromNodeId: row.from_node_id,
      toNodeId: row.to_node_id,
      gatewayId: row.gateway_id,
      channelId: row.channel_id,
      snr: row.snr,
      rssi: row.rssi,
      hopStart: row.hop_start,
      hopLimit: row.hop_limit,
      payloadLength: row.payload_length ?? 0,
      processedSuccessfully: readable,
      parsingError: row.parsing_error,
    }, {
      type: row.portnum_name ?? "UNREADABLE",
      details: content?.details,
      node: content?.node,
      undirected: plain === undefined,
    });
  }

  /**
   * What says that a text is a reaction, and a traceroute an answer: it stands beside the payload, and no
   * column of Malla's has it. Undefined where it came encrypted, or its envelope was not kept.
   */
  #plainData({ envelope }: PacketSelect): Data | undefined {
    if (!(envelope instanceof Uint8Array)) return undefined;
    const packet = this.#proto.envelope.read(envelope)?.packet;
    return packet?.payload_variant === "decoded" ? packet.decoded! : undefined;
  }

  #content(row: PacketSelect, plain: Data | undefined) {
    const packet = {
      from: row.from_node_id ?? 0,
      to: row.to_node_id ?? 0,
      id: row.mesh_packet_id ?? 0,
      rx_snr: row.snr ?? 0,
      hop_limit: row.hop_limit ?? 0,
      hop_start: row.hop_start ?? 0,
      channel: 0,
      via_mqtt: false,
    } as MeshPacket;
    const data: Data = {
      portnum: row.portnum ?? 0,
      payload: row.raw_payload ?? new Uint8Array(0),
      want_response: false,
      dest: 0,
      source: 0,
      request_id: plain?.request_id ?? 0,
      reply_id: 0,
      emoji: plain?.emoji ?? 0,
      bitfield: null,
    };
    return readPayload(this.#proto, data, {
      packet,
      seenAt: row.timestamp,
      channelId: row.channel_id ?? "",
    });
  }

  /** Looks at the packets that came since it last did. */
  #readPackets(reader: Reader): void {
    const last = Number(reader.query("SELECT max(id) AS id FROM packet_history")[0]?.["id"] ?? 0);
    const from = Math.max(this.#readUntil, last - FIRST_ROWS);
    this.#readPositions(reader, from, last);
    this.#readTimes(reader, from, last);
    this.#readUntil = last;
  }

  /** Malla's schema keeps positions only inside packets. */
  #readPositions(reader: Reader, from: number, last: number): void {
    const rows = reader.iterate<{ id: number; node: number; payload: Uint8Array | null }>(
      `SELECT id, from_node_id AS node, raw_payload AS payload FROM packet_history
       WHERE id > ? AND id <= ? AND +portnum = 3 AND processed_successfully = 1
         AND from_node_id IS NOT NULL ORDER BY id`,
      from,
      last,
    );
    for (const { node, payload } of rows) {
      const position = payload === null ? undefined : this.#proto.position.read(payload);
      if (position === undefined) continue;
      const place = placeOf(degrees(position.latitude_i, 90), degrees(position.longitude_i, 180));
      if (place !== undefined) remember(this.#positions, node, place);
    }
  }

  /** The plus keeps SQLite at the rows that are new: an index of nodes would be read as a whole. */
  #readTimes(reader: Reader, from: number, last: number): void {
    const rows = reader.iterate<{ node: number; at: number }>(
      `SELECT from_node_id AS node, max(timestamp) AS at FROM packet_history
       WHERE id > ? AND id <= ? AND from_node_id IS NOT NULL GROUP BY +from_node_id ORDER BY at`,
      from,
      last,
    );
    for (const { node, at } of rows) {
      remember(this.#heardAt, node, Math.max(at, this.#heardAt.get(node) ?? 0));
    }
  }
}

/** Notes a node's value as the newest, and forgets the oldest of too many. */
function remember<T>(values: Map<number, T>, node: number, value: T): void {
  values.delete(node);
  values.set(node, value);
  if (values.size > MAX_REMEMBERED) values.delete(values.keys().next().value!);
}
