/** @module */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Observation, Transmission } from "./record.ts";
import { StagedCache } from "./staged_cache.ts";
import { SecondTexts, unixSeconds } from "./store_times.ts";

/** Packets remembered by hash: what several observers hear comes within seconds. */
const REMEMBERED = 20_000;

interface Known {
  readonly id: number;
  /** As in the column: text that sorts by time. */
  readonly firstSeen: string;
  readonly lastSeen: number;
}

/** A transmission's row, and whether it was made now. */
export interface StoredTransmission {
  /** Rowid. */
  readonly id: number;
  /**
   * True: this batch made the row; false: it was there, or an earlier record of the batch made it.
   */
  readonly isNew: boolean;
}

/** Writes `transmissions` and `observations`. */
export class TransmissionWriter {
  readonly #texts = new SecondTexts();
  readonly #cache = new StagedCache<Known>(REMEMBERED);
  /** New `last_seen` of rows that were there, by id: written once a batch. */
  readonly #lastSeen = new Map<number, number>();
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #earlier: StatementSync;
  readonly #seen: StatementSync;
  readonly #observe: StatementSync;
  readonly #observeAgain: StatementSync;
  /** What the batch did so far: rows made, and repeats of known ones. */
  readonly counts = {
    transmissions: 0,
    transmission_duplicates: 0,
    observations: 0,
    observation_updates: 0,
  };

  /** `db` must have all migrations. */
  constructor(db: DatabaseSync) {
    this.#find = db.prepare("SELECT id, first_seen, last_seen FROM transmissions WHERE hash = ?");
    this.#insert = db.prepare(
      `INSERT INTO transmissions (raw_hex, hash, first_seen, route_type, payload_type,
         payload_version, decoded_json, from_pubkey, last_seen, created_at, channel_hash, scope_name)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#earlier = db.prepare("UPDATE transmissions SET first_seen = ? WHERE id = ?");
    this.#seen = db.prepare(
      "UPDATE transmissions SET last_seen = ? WHERE id = ? AND last_seen < ?",
    );
    this.#observe = db.prepare(
      `INSERT INTO observations (transmission_id, observer_idx, direction, snr, rssi, score,
         path_json, timestamp, resolved_path, raw_hex)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (transmission_id, observer_idx, COALESCE(path_json, '')) DO NOTHING`,
    );
    // The first time stays, and the first direction that is told: the raw topic tells none.
    this.#observeAgain = db.prepare(
      `UPDATE observations SET snr = coalesce(?, snr), rssi = coalesce(?, rssi),
         score = coalesce(?, score), raw_hex = coalesce(?, raw_hex),
         resolved_path = coalesce(?, resolved_path), direction = coalesce(direction, ?)
       WHERE transmission_id = ? AND observer_idx IS ? AND COALESCE(path_json, '') = ?`,
    );
  }

  /** Stores a packet, of which the first to come wins. `receivedAt`: Unix milliseconds. */
  transmission(sent: Transmission, receivedAt: number): StoredTransmission {
    const at = unixSeconds(receivedAt);
    const atText = this.#texts.of(receivedAt);
    const known = this.#cache.get(sent.hash) ?? this.#read(sent.hash);
    if (known === undefined) {
      const { lastInsertRowid } = this.#insert.run(
        sent.rawHex,
        sent.hash,
        atText,
        sent.routeType,
        sent.payloadType,
        sent.payloadVersion,
        sent.decodedJson,
        sent.fromPubkey,
        at,
        this.#texts.sqlite(receivedAt),
        sent.channelHash,
        sent.scopeName,
      );
      const id = Number(lastInsertRowid);
      this.#cache.set(sent.hash, { id, firstSeen: atText, lastSeen: at });
      this.counts.transmissions++;
      return { id, isNew: true };
    }
    // Sources deliver independently, so a later commit may hold an earlier reception.
    const earlier = atText < known.firstSeen;
    if (earlier) this.#earlier.run(atText, known.id);
    const later = at > known.lastSeen;
    if (later) this.#lastSeen.set(known.id, at);
    if (earlier || later) {
      this.#cache.set(sent.hash, {
        id: known.id,
        firstSeen: earlier ? atText : known.firstSeen,
        lastSeen: later ? at : known.lastSeen,
      });
    } else {
      this.#cache.set(sent.hash, known);
    }
    this.counts.transmission_duplicates++;
    return { id: known.id, isNew: false };
  }

  /**
   * Stores that a packet was heard; by the same observer over the same path it is the same
   * observation, whose figures are overwritten.
   *
   * @param observerIdx rowid of the observer; null: unknown, and then nothing is the same
   * @param receivedAt Unix milliseconds
   */
  observation(
    transmissionId: number,
    observerIdx: number | null,
    seen: Observation,
    receivedAt: number,
    resolvedPath: string | null,
  ): void {
    const rawHex = seen.rawHex === "" ? null : seen.rawHex;
    const { changes } = this.#observe.run(
      transmissionId,
      observerIdx,
      seen.direction,
      seen.snr,
      seen.rssi,
      seen.score,
      seen.pathJson,
      unixSeconds(receivedAt),
      resolvedPath,
      rawHex,
    );
    if (Number(changes) > 0) {
      this.counts.observations++;
      return;
    }
    this.#observeAgain.run(
      seen.snr,
      seen.rssi,
      seen.score,
      rawHex,
      resolvedPath,
      seen.direction,
      transmissionId,
      observerIdx,
      seen.pathJson,
    );
    this.counts.observation_updates++;
  }

  /** Writes what was gathered. */
  flush(): void {
    for (const [id, at] of this.#lastSeen) this.#seen.run(at, id, at);
    this.#lastSeen.clear();
  }

  /** The transaction is durable. */
  committed(): void {
    this.#cache.committed();
    this.#reset();
  }

  /** The transaction left nothing. */
  rolledBack(): void {
    this.#cache.rolledBack();
    this.#reset();
  }

  /** Rows may have been deleted. */
  forget(): void {
    this.#cache.clear();
  }

  #read(hash: string): Known | undefined {
    const row = this.#find.get(hash);
    if (row === undefined) return undefined;
    return {
      id: Number(row["id"]),
      firstSeen: String(row["first_seen"]),
      lastSeen: Number(row["last_seen"]),
    };
  }

  #reset(): void {
    this.#lastSeen.clear();
    for (const name of Object.keys(this.counts)) this.counts[name as keyof typeof this.counts] = 0;
  }
}
