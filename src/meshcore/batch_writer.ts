/** @module */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { BatchWriter } from "../storage/commit_batch.ts";
import { NodeWriter } from "./node_writer.ts";
import { ObserverWriter } from "./observer_writer.ts";
import type { PathResolver } from "./path_resolver.ts";
import type { ClientReceptionRecord, RefusedRecord, StoredPacket, StoredRecord } from "./record.ts";
import { isoSeconds, sqliteTime } from "./store_times.ts";
import { rfc3339 } from "./receive_time.ts";
import { TransmissionWriter } from "./transmission_writer.ts";

/**
 * Writes MeshCore records: all that one message changes. Times are those of receipt, in CoreScope's
 * formats; CoreScope writes when it came to process a message.
 */
export class MeshcoreWriter implements BatchWriter<readonly StoredRecord[]> {
  readonly #transmissions: TransmissionWriter;
  readonly #observers: ObserverWriter;
  readonly #nodes: NodeWriter;
  readonly #drop: StatementSync;
  readonly #refuse: StatementSync;
  readonly #receive: StatementSync;
  readonly #client: StatementSync;
  readonly #dataVersion: StatementSync;
  #knownVersion: unknown;
  #begun = false;
  #counts = emptyCounts();

  /**
   * Prepares its statements; writes nothing yet.
   *
   * @param db with all migrations
   * @param paths resolves the hops of what is stored
   * @param sampleIntervalSec seconds between two rows of an observer's metrics
   */
  constructor(
    db: DatabaseSync,
    private readonly paths: PathResolver,
    sampleIntervalSec: number,
  ) {
    this.#transmissions = new TransmissionWriter(db);
    this.#observers = new ObserverWriter(db, sampleIntervalSec);
    this.#nodes = new NodeWriter(db);
    this.#dataVersion = db.prepare("PRAGMA data_version");
    this.#drop = db.prepare(
      `INSERT INTO dropped_packets (hash, raw_hex, reason, observer_id, observer_name, node_pubkey,
         node_name, dropped_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#refuse = db.prepare(
      `INSERT INTO capture_refused_packets (refused_at, reason, fault, text, hash, raw_hex,
         observer_id, observer_name, node_pubkey, node_name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#receive = db.prepare(
      `INSERT INTO client_receptions (rx_pubkey, heard_key, heard_keylen, rssi, snr, lat, lon,
         pos_acc_m, rx_at, ingested_at, src) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (rx_pubkey, heard_key, rx_at) DO NOTHING`,
    );
    this.#client = db.prepare(
      `INSERT INTO client_observers (pubkey, name, last_seen) VALUES (?, ?, ?)
       ON CONFLICT (pubkey) DO UPDATE SET name = excluded.name,
         last_seen = max(coalesce(last_seen, ''), excluded.last_seen)`,
    );
  }

  size(batch: readonly StoredRecord[]): number {
    return batch.length;
  }

  write(batch: readonly StoredRecord[], index: number): void {
    if (!this.#begun) this.#begin();
    const record = batch[index]!;
    switch (record.kind) {
      case "packet":
        return this.#packet(record);
      case "status":
        return this.#observers.status(record);
      case "companion": {
        const { transmission, observation, receivedAt } = record;
        const sent = this.#transmissions.transmission(transmission, receivedAt);
        // No observer heard it. CoreScope names one for all companions, but gives it no row.
        return this.#transmissions.observation(sent.id, null, observation, receivedAt, null);
      }
      case "refused":
        return this.#refused(record);
      case "client_reception":
        return this.#reception(record);
    }
  }

  flush(): void {
    this.#transmissions.flush();
    this.#observers.flush();
    this.#nodes.flush();
  }

  counts(): Record<string, number> {
    return {
      ...this.#transmissions.counts,
      ...this.#nodes.counts,
      ...this.#observers.counts,
      ...this.#counts,
    };
  }

  committed(): void {
    this.#transmissions.committed();
    this.#observers.committed();
    this.#end();
  }

  rolledBack(): void {
    this.#transmissions.rolledBack();
    this.#observers.rolledBack();
    this.#end();
  }

  /** Rows were deleted: what was remembered of them is forgotten. Not inside a commit. */
  forget(): void {
    this.#transmissions.forget();
    this.#observers.forget();
  }

  #begin(): void {
    this.#begun = true;
    // Another program has written: an operator with a shell, say, who deletes rows.
    const version = this.#dataVersion.get()?.["data_version"];
    if (version !== this.#knownVersion) this.forget();
    this.#knownVersion = version;
  }

  #end(): void {
    this.#begun = false;
    this.#nodes.ended();
    this.#counts = emptyCounts();
  }

  #packet(record: StoredPacket): void {
    const { transmission, observation, observer, hops, node, receivedAt } = record;
    const sent = this.#transmissions.transmission(transmission, receivedAt);
    // The observer first: CoreScope asks for its row before there is one (its main.go:794).
    const idx = observer === null ? null : this.#observers.heard(observer, record);
    const path = this.paths.resolve(hops, transmission.fromPubkey);
    this.#transmissions.observation(sent.id, idx, observation, receivedAt, path);
    if (node !== null) this.#nodes.advert(node, sent, receivedAt);
  }

  #refused(record: RefusedRecord): void {
    const { observer } = record;
    // CoreScope's server counts the rows of dropped_packets as bad signatures.
    if (record.reason !== "invalid_signature") {
      this.#refuse.run(
        record.receivedAt / 1000,
        record.reason,
        record.fault,
        record.text,
        record.hash,
        record.rawHex,
        observer?.id ?? null,
        observer?.name ?? null,
        record.nodePubkey,
        record.nodeName,
      );
      this.#counts.refused_packets++;
      return;
    }
    this.#drop.run(
      record.hash,
      record.rawHex,
      record.text,
      observer?.id ?? "",
      observer?.name ?? "",
      record.nodePubkey ?? "",
      record.nodeName ?? "",
      sqliteTime(record.receivedAt),
    );
    this.#counts.dropped_packets++;
  }

  #reception(record: ClientReceptionRecord): void {
    // Forged, or broken on its way, and then its path may be too; CoreScope does not look.
    if (record.signatureValid === false) {
      this.#counts.client_receptions_refused++;
      return;
    }
    const { changes } = this.#receive.run(
      record.rxPubkey,
      record.heardKey,
      record.heardKeyLength,
      record.rssi,
      record.snr,
      record.lat,
      record.lon,
      record.positionAccuracyM,
      rfc3339(record.heardAt),
      isoSeconds(record.receivedAt),
      record.heardBy,
    );
    this.#counts.client_receptions += Number(changes);
    if (record.clientName !== null) {
      this.#client.run(record.rxPubkey, record.clientName, isoSeconds(record.receivedAt));
    }
  }
}

function emptyCounts() {
  return {
    dropped_packets: 0,
    refused_packets: 0,
    client_receptions: 0,
    client_receptions_refused: 0,
  };
}
