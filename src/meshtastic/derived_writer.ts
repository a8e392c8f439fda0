/**
 * meshpipe's tables beside `packet_history`, written when a packet is. Where meshpipe writes them
 * wrongly, the records say it rightly: see `record.ts`.
 *
 * @module
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { columnIndex } from "./packet_columns.ts";
import type { NeighborDetails, PacketDetails, TracerouteDetails } from "./record.ts";

/** Cells of a packet that other tables repeat. */
const AT = {
  time: columnIndex("timestamp"),
  from: columnIndex("from_node_id"),
  to: columnIndex("to_node_id"),
  gateway: columnIndex("gateway_id"),
  channelId: columnIndex("channel_id"),
  channelName: columnIndex("channel_name"),
  rssi: columnIndex("rssi"),
  snr: columnIndex("snr"),
  hopStart: columnIndex("hop_start"),
  hopLimit: columnIndex("hop_limit"),
  payload: columnIndex("raw_payload"),
};

/** Columns of each table after `packet_id`. */
const COLUMNS = {
  text_messages:
    "text, want_response, dest, source, request_id, reply_id, emoji, bitfield, compressed",
  positions:
    "latitude, longitude, altitude, time, timestamp, raw_payload, precision_bits, gps_accuracy, pdop, hdop, vdop, sats_in_view, fix_quality, fix_type, ground_speed, ground_track, next_update, seq_number",
  telemetry: "raw_payload",
  paxcounter_samples: "wifi, ble, uptime_seconds, raw_payload",
  range_test_results: "text, raw_payload",
  store_forward_events:
    "request_response, variant, messages_total, messages_saved, messages_max, uptime_seconds, requests_total, requests_history, heartbeat_flag, return_max, return_window, history_messages, history_window, history_last_request, heartbeat_period, heartbeat_secondary, text_payload, raw_payload",
  traceroute_hops:
    "gateway_id, request_id, origin_node_id, destination_node_id, direction, hop_index, hop_node_id, snr, received_at",
  neighbor_history:
    "origin_node_id, neighbor_node_id, snr, last_rx_time, broadcast_interval, gateway_id, channel_id, received_at",
  link_history:
    "gateway_id, from_node_id, to_node_id, hop_index, hop_limit, rssi, snr, channel_id, channel_name, received_at",
} as const;

type Table = keyof typeof COLUMNS;
/** Cells of a row of `packet_history`, in the order of its columns. */
export type Cells = readonly SQLInputValue[];

interface GatewayStats {
  gateway: string;
  node: number;
  first: number;
  last: number;
  packets: number;
  rssi: SQLInputValue;
  snr: SQLInputValue;
}

/** See the module. */
export class DerivedWriter {
  readonly #inserts: Record<Table, StatementSync>;
  readonly #upsertStats: StatementSync;
  readonly #stats = new Map<string, GatewayStats>();
  #counts: Record<string, number> = {};

  /** `db` must have all migrations. */
  constructor(db: DatabaseSync) {
    const entries = Object.entries(COLUMNS).map(([table, columns]) => {
      const marks = columns.split(",").map(() => "?").join(", ");
      const sql = `INSERT INTO ${table} (packet_id, ${columns}) VALUES (?, ${marks})`;
      return [table, db.prepare(sql)] as const;
    });
    this.#inserts = Object.fromEntries(entries) as Record<Table, StatementSync>;
    this.#upsertStats = db.prepare(
      `INSERT INTO gateway_node_stats
         (gateway_id, node_id, first_seen, last_seen, packets_total, last_rssi, last_snr)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (gateway_id, node_id) DO UPDATE SET
         first_seen = min(ifnull(first_seen, excluded.first_seen), excluded.first_seen),
         last_seen = max(ifnull(last_seen, excluded.last_seen), excluded.last_seen),
         packets_total = packets_total + excluded.packets_total,
         last_rssi = excluded.last_rssi, last_snr = excluded.last_snr`,
    );
  }

  /** Writes what goes with the packet `id`, whose cells are `packet`. */
  write(id: number | bigint, packet: Cells, details: PacketDetails | undefined): void {
    this.#writeLink(id, packet);
    if (details !== undefined) this.#writeDetails(id, packet, details);
  }

  /** Writes what was summed up over the transaction. */
  flush(): void {
    for (const s of this.#stats.values()) {
      this.#upsertStats.run(s.gateway, s.node, s.first, s.last, s.packets, s.rssi, s.snr);
    }
    this.#stats.clear();
  }

  /** Rows written since the last {@linkcode reset}, by table. */
  counts(): Record<string, number> {
    return this.#counts;
  }

  /** The transaction ended. */
  reset(): void {
    this.#counts = {};
    this.#stats.clear();
  }

  /** Who was heard by which gateway; a message that could not be read tells nothing of that. */
  #writeLink(id: number | bigint, p: Cells): void {
    const gateway = p[AT.gateway], node = p[AT.from], at = p[AT.time] as number;
    if (typeof gateway !== "string" || gateway === "" || typeof node !== "number") return;
    // meshpipe keeps hop_start as hop_index here, and its views are made for that.
    this.#insert("link_history", id, [
      gateway,
      node,
      p[AT.to]!,
      p[AT.hopStart]!,
      p[AT.hopLimit]!,
      p[AT.rssi]!,
      p[AT.snr]!,
      p[AT.channelId]!,
      p[AT.channelName]!,
      at,
    ]);
    if (node === 0) return;
    const key = `${gateway} ${node}`;
    const stats = this.#stats.get(key) ??
      { gateway, node, first: at, last: at, packets: 0, rssi: null, snr: null };
    stats.first = Math.min(stats.first, at);
    stats.last = Math.max(stats.last, at);
    stats.packets++;
    stats.rssi = p[AT.rssi]!;
    stats.snr = p[AT.snr]!;
    this.#stats.set(key, stats);
  }

  #writeDetails(id: number | bigint, p: Cells, d: PacketDetails): void {
    const payload = p[AT.payload]!;
    switch (d.kind) {
      case "text":
        return this.#insert("text_messages", id, [
          d.text,
          Number(d.wantResponse),
          d.dest,
          d.source,
          d.requestId,
          d.replyId,
          d.emoji,
          d.bitfield,
          Number(d.compressed),
        ]);
      case "position":
        return this.#insert("positions", id, [
          d.latitude,
          d.longitude,
          d.altitude,
          d.time,
          d.timestamp,
          payload,
          d.precisionBits,
          d.gpsAccuracy,
          d.pdop,
          d.hdop,
          d.vdop,
          d.satsInView,
          d.fixQuality,
          d.fixType,
          d.groundSpeed,
          d.groundTrack,
          d.nextUpdate,
          d.seqNumber,
        ]);
      case "telemetry":
        return this.#insert("telemetry", id, [payload]);
      case "traceroute":
        return this.#writeTraceroute(id, p, d);
      case "neighbors":
        return this.#writeNeighbors(id, p, d);
      case "paxcounter":
        return this.#insert("paxcounter_samples", id, [d.wifi, d.ble, d.uptimeSeconds, payload]);
      case "range_test":
        return this.#insert("range_test_results", id, [d.text, payload]);
      case "store_forward":
        return this.#insert("store_forward_events", id, [
          d.requestResponse,
          d.variant ?? "none",
          d.messagesTotal,
          d.messagesSaved,
          d.messagesMax,
          d.uptimeSeconds,
          d.requestsTotal,
          d.requestsHistory,
          d.heartbeatFlag,
          d.returnMax,
          d.returnWindow,
          d.historyMessages,
          d.historyWindow,
          d.historyLastRequest,
          d.heartbeatPeriod,
          d.heartbeatSecondary,
          d.textPayload,
          payload,
        ]);
    }
  }

  /** A hop on the way back belongs to a way that begins at the destination. */
  #writeTraceroute(id: number | bigint, p: Cells, d: TracerouteDetails): void {
    for (const hop of d.hops) {
      const back = hop.direction === "back";
      this.#insert("traceroute_hops", id, [
        p[AT.gateway]!,
        d.requestId,
        back ? d.destinationNodeId : d.originNodeId,
        back ? d.originNodeId : d.destinationNodeId,
        hop.direction,
        hop.index,
        hop.nodeId,
        hop.snr,
        p[AT.time]!,
      ]);
    }
  }

  #writeNeighbors(id: number | bigint, p: Cells, d: NeighborDetails): void {
    for (const neighbor of d.neighbors) {
      this.#insert("neighbor_history", id, [
        d.originNodeId,
        neighbor.nodeId,
        neighbor.snr,
        neighbor.lastRxTime,
        neighbor.broadcastIntervalSecs || d.broadcastIntervalSecs,
        p[AT.gateway]!,
        p[AT.channelId]!,
        p[AT.time]!,
      ]);
    }
  }

  #insert(table: Table, id: number | bigint, cells: Cells): void {
    this.#inserts[table].run(id, ...cells);
    this.#counts[table] = (this.#counts[table] ?? 0) + 1;
  }
}
