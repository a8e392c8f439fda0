/** @module */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { laterOf, laterValues } from "./later_time.ts";
import type { MetricsSample, ObserverSighting, StatusRecord, StoredPacket } from "./record.ts";
import { StagedCache } from "./staged_cache.ts";
import { DAY_MS, isoSeconds, SecondTexts } from "./store_times.ts";

/** Observers remembered by id. */
const REMEMBERED = 10_000;

/** What a batch says of an observer; null: nothing, what is known stays. */
interface Pending {
  name: string | null;
  iata: string | null;
  messages: number;
  /** Of what shows it alive. */
  lastSeen: string | null;
  lastPacketAt: string | null;
  model: string | null;
  firmware: string | null;
  clientVersion: string | null;
  radio: string | null;
  batteryMv: number | null;
  uptimeSecs: number | null;
  noiseFloor: number | null;
  canRelay: number | null;
}

/** Writes `observers` and `observer_metrics`. */
export class ObserverWriter {
  readonly #texts = new SecondTexts();
  readonly #rowids = new StagedCache<number>(REMEMBERED);
  readonly #pending = new Map<number, Pending>();
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #skew: StatementSync;
  readonly #metrics: StatementSync;
  /** Rows written, and messages that made them: CoreScope writes at each. */
  readonly counts = { observers: 0, observer_upserts: 0, observer_metrics: 0 };

  /**
   * Prepares its statements; writes nothing yet.
   *
   * @param db with all migrations
   * @param sampleIntervalSec seconds between two rows of metrics
   */
  constructor(db: DatabaseSync, private readonly sampleIntervalSec: number) {
    this.#find = db.prepare("SELECT rowid AS idx FROM observers WHERE id = ?");
    this.#insert = db.prepare(
      "INSERT INTO observers (id, name, iata, first_seen) VALUES (?, ?, ?, ?)",
    );
    this.#update = db.prepare(
      `UPDATE observers SET name = coalesce(?, name), iata = coalesce(?, iata),
         packet_count = coalesce(packet_count, 0) + ?,
         last_seen = ${laterOf("last_seen")},
         last_packet_at = ${laterOf("last_packet_at")},
         inactive = CASE WHEN ? IS NULL THEN inactive ELSE 0 END,
         model = coalesce(?, model), firmware = coalesce(?, firmware),
         client_version = coalesce(?, client_version), radio = coalesce(?, radio),
         battery_mv = coalesce(?, battery_mv), uptime_secs = coalesce(?, uptime_secs),
         noise_floor = coalesce(?, noise_floor), can_relay = coalesce(?, can_relay),
         can_relay_seen = CASE WHEN ? IS NULL THEN can_relay_seen ELSE 1 END
       WHERE rowid = ?`,
    );
    this.#skew = db.prepare(
      `UPDATE observers SET clock_skew_seconds = ?, clock_last_naive_at = ?,
         clock_skew_count_24h = CASE WHEN clock_last_naive_at IS NULL OR clock_last_naive_at < ?
           THEN 1 ELSE coalesce(clock_skew_count_24h, 0) + 1 END
       WHERE rowid = ?`,
    );
    // A partial status adds to the interval's row. CoreScope replaces the row and so loses figures.
    this.#metrics = db.prepare(
      `INSERT INTO observer_metrics (observer_id, timestamp, noise_floor, tx_air_secs, rx_air_secs,
         recv_errors, battery_mv, packets_sent, packets_recv) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (observer_id, timestamp) DO UPDATE SET
         noise_floor = coalesce(excluded.noise_floor, noise_floor),
         tx_air_secs = coalesce(excluded.tx_air_secs, tx_air_secs),
         rx_air_secs = coalesce(excluded.rx_air_secs, rx_air_secs),
         recv_errors = coalesce(excluded.recv_errors, recv_errors),
         battery_mv = coalesce(excluded.battery_mv, battery_mv),
         packets_sent = coalesce(excluded.packets_sent, packets_sent),
         packets_recv = coalesce(excluded.packets_recv, packets_recv)`,
    );
  }

  /** A packet came by way of `observer`. Returns its rowid; a new observer gets its row at once. */
  heard(observer: ObserverSighting, record: StoredPacket): number {
    const { idx, pending } = this.#sighting(observer, record.receivedAt);
    // What the broker had in store says nothing of now.
    if (!record.retained) {
      const at = this.#texts.of(record.receivedAt);
      pending.lastSeen = later(pending.lastSeen, at);
      pending.lastPacketAt = later(pending.lastPacketAt, at);
    }
    if (record.clockSkewSeconds !== null) {
      const at = isoSeconds(record.receivedAt);
      this.#skew.run(record.clockSkewSeconds, at, isoSeconds(record.receivedAt - DAY_MS), idx);
    }
    return idx;
  }

  /** An observer spoke of itself. */
  status(record: StatusRecord): void {
    const { pending } = this.#sighting(record.observer, record.receivedAt);
    if (record.alive) pending.lastSeen = later(pending.lastSeen, isoSeconds(record.receivedAt));
    pending.model = record.model ?? pending.model;
    pending.firmware = record.firmware ?? pending.firmware;
    pending.clientVersion = record.clientVersion ?? pending.clientVersion;
    pending.radio = record.radio ?? pending.radio;
    if (record.canRelay !== null) pending.canRelay = record.canRelay ? 1 : 0;
    // Figures of a retained status are of an unknown time: not how the observer is now.
    if (record.retained) return;
    pending.batteryMv = record.batteryMv ?? pending.batteryMv;
    pending.uptimeSecs = record.uptimeSecs ?? pending.uptimeSecs;
    pending.noiseFloor = record.noiseFloor ?? pending.noiseFloor;
    if (record.metrics !== null) {
      this.#sample(record.observer.id, record.metrics, record.receivedAt);
    }
  }

  /** Writes what was gathered. */
  flush(): void {
    for (const [idx, one] of this.#pending) {
      this.#update.run(
        one.name,
        one.iata,
        one.messages,
        ...laterValues(one.lastSeen),
        ...laterValues(one.lastPacketAt),
        one.lastSeen,
        one.model,
        one.firmware,
        one.clientVersion,
        one.radio,
        one.batteryMv,
        one.uptimeSecs,
        one.noiseFloor,
        one.canRelay,
        one.canRelay,
        idx,
      );
      this.counts.observers++;
    }
    this.#pending.clear();
  }

  /** The transaction is durable. */
  committed(): void {
    this.#rowids.committed();
    this.#reset();
  }

  /** The transaction left nothing. */
  rolledBack(): void {
    this.#rowids.rolledBack();
    this.#reset();
  }

  /** Rows may have been deleted. */
  forget(): void {
    this.#rowids.clear();
  }

  #sighting(observer: ObserverSighting, receivedAt: number): { idx: number; pending: Pending } {
    const idx = this.#rowid(observer, receivedAt);
    let pending = this.#pending.get(idx);
    if (pending === undefined) this.#pending.set(idx, pending = nothing());
    pending.messages++;
    this.counts.observer_upserts++;
    pending.name = observer.name ?? pending.name;
    pending.iata = observer.iata ?? pending.iata;
    return { idx, pending };
  }

  #rowid({ id, name, iata }: ObserverSighting, receivedAt: number): number {
    const known = this.#rowids.get(id);
    if (known !== undefined) return known;
    const row = this.#find.get(id);
    const idx = Number(
      row === undefined
        ? this.#insert.run(id, name ?? "", iata ?? "", isoSeconds(receivedAt)).lastInsertRowid
        : row["idx"],
    );
    this.#rowids.set(id, idx);
    return idx;
  }

  #sample(observerId: string, sample: MetricsSample, receivedAt: number): void {
    const interval = this.sampleIntervalSec;
    // CoreScope rounds to the nearest interval, which may lie ahead.
    const seconds = Math.floor(
      (Math.floor(receivedAt / 1000) + Math.floor(interval / 2)) / interval,
    );
    this.#metrics.run(
      observerId,
      isoSeconds(seconds * interval * 1000),
      sample.noiseFloor,
      sample.txAirSecs,
      sample.rxAirSecs,
      sample.recvErrors,
      sample.batteryMv,
      sample.packetsSent,
      sample.packetsRecv,
    );
    this.counts.observer_metrics++;
  }

  #reset(): void {
    this.#pending.clear();
    this.counts.observers = 0;
    this.counts.observer_upserts = 0;
    this.counts.observer_metrics = 0;
  }
}

function later(known: string | null, time: string): string {
  return known === null || time > known ? time : known;
}

function nothing(): Pending {
  return {
    name: null,
    iata: null,
    messages: 0,
    lastSeen: null,
    lastPacketAt: null,
    model: null,
    firmware: null,
    clientVersion: null,
    radio: null,
    batteryMv: null,
    uptimeSecs: null,
    noiseFloor: null,
    canRelay: null,
  };
}
