/** @module */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { laterOf, laterValues } from "./later_time.ts";
import type { NodeUpdate } from "./record.ts";
import { SecondTexts } from "./store_times.ts";
import type { StoredTransmission } from "./transmission_writer.ts";

/** Columns of `nodes` and `inactive_nodes`, by name: their order may differ in old databases. */
export const NODE_COLUMNS: string = [
  "public_key",
  "name",
  "role",
  "lat",
  "lon",
  "last_seen",
  "first_seen",
  "advert_count",
  "battery_mv",
  "temperature_c",
  "foreign_advert",
  "default_scope",
  "multibyte_sup",
  "multibyte_evidence",
].join(", ");

/** What a batch says of a node; null: nothing, what is known stays. */
interface Pending {
  name: string | null;
  role: string | null;
  lat: number | null;
  lon: number | null;
  foreign: number | null;
  batteryMv: number | null;
  temperatureC: number | null;
  defaultScope: string | null;
  adverts: number;
  firstSeen: string;
  lastSeen: string;
  /** The transmission that the values are of. */
  transmissionId: number;
}

/** Writes `nodes`: what the adverts of a batch say, once a node. */
export class NodeWriter {
  readonly #texts = new SecondTexts();
  readonly #pending = new Map<string, Pending>();
  readonly #update: StatementSync;
  readonly #insert: StatementSync;
  readonly #wake: StatementSync;
  readonly #awake: StatementSync;
  readonly #newest: StatementSync;
  /** Rows written, and adverts that made them: CoreScope writes at each. */
  readonly counts = { nodes: 0, node_upserts: 0 };

  /** `db` must have all migrations. */
  constructor(db: DatabaseSync) {
    this.#update = db.prepare(
      `UPDATE nodes SET name = coalesce(?, name), role = coalesce(?, role),
         lat = coalesce(?, lat), lon = coalesce(?, lon),
         foreign_advert = coalesce(?, foreign_advert), battery_mv = coalesce(?, battery_mv),
         temperature_c = coalesce(?, temperature_c), default_scope = coalesce(?, default_scope),
         advert_count = coalesce(advert_count, 0) + ?,
         last_seen = ${laterOf("last_seen")}
       WHERE public_key = ?`,
    );
    this.#insert = db.prepare(
      `INSERT INTO nodes (public_key, name, role, lat, lon, foreign_advert, battery_mv,
         temperature_c, default_scope, advert_count, first_seen, last_seen)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#wake = db.prepare(
      `INSERT INTO nodes (${NODE_COLUMNS})
       SELECT ${NODE_COLUMNS} FROM inactive_nodes WHERE public_key = ?`,
    );
    this.#awake = db.prepare("DELETE FROM inactive_nodes WHERE public_key = ?");
    this.#newest = db.prepare("SELECT max(id) AS id FROM transmissions WHERE from_pubkey = ?");
  }

  /** An advert was heard. `receivedAt`: Unix milliseconds. */
  advert(node: NodeUpdate, sent: StoredTransmission, receivedAt: number): void {
    const at = this.#texts.of(receivedAt);
    let pending = this.#pending.get(node.publicKey);
    if (pending === undefined) {
      const transmissionId = sent.isNew
        ? sent.id
        : Number(this.#newest.get(node.publicKey)?.["id"] ?? sent.id);
      this.#pending.set(node.publicKey, pending = nothing(at, transmissionId));
    }
    if (at > pending.lastSeen) pending.lastSeen = at;
    this.counts.node_upserts++;
    if (sent.isNew) pending.adverts++;
    // Somebody plays back an advert that a later one has replaced: CoreScope would believe it.
    if (sent.id < pending.transmissionId) return;
    pending.transmissionId = sent.id;
    pending.name = node.name ?? pending.name;
    pending.role = node.role;
    pending.lat = node.lat ?? pending.lat;
    pending.lon = node.lon ?? pending.lon;
    pending.batteryMv = node.batteryMv ?? pending.batteryMv;
    pending.temperatureC = node.temperatureC ?? pending.temperatureC;
    pending.defaultScope = node.defaultScope ?? pending.defaultScope;
    // A node that is seen inside the area is no longer foreign; without a position nobody knows.
    if (node.foreign) pending.foreign = 1;
    else if (node.lat !== null && (node.lat !== 0 || node.lon !== 0)) pending.foreign = 0;
  }

  /** Writes what was gathered. */
  flush(): void {
    for (const [key, one] of this.#pending) {
      if (this.#write(key, one)) continue;
      // A node that fell silent comes back with all that is known of it.
      if (Number(this.#wake.run(key).changes) > 0) {
        this.#awake.run(key);
        this.#write(key, one);
        continue;
      }
      this.#insert.run(
        key,
        one.name ?? "",
        one.role,
        one.lat,
        one.lon,
        one.foreign ?? 0,
        one.batteryMv,
        one.temperatureC,
        one.defaultScope,
        one.adverts,
        one.firstSeen,
        one.lastSeen,
      );
    }
    this.counts.nodes += this.#pending.size;
    this.#pending.clear();
  }

  /** The transaction has ended, one way or the other. */
  ended(): void {
    this.#pending.clear();
    this.counts.nodes = 0;
    this.counts.node_upserts = 0;
  }

  #write(key: string, one: Pending): boolean {
    const { changes } = this.#update.run(
      one.name,
      one.role,
      one.lat,
      one.lon,
      one.foreign,
      one.batteryMv,
      one.temperatureC,
      one.defaultScope,
      one.adverts,
      ...laterValues(one.lastSeen),
      key,
    );
    return Number(changes) > 0;
  }
}

function nothing(at: string, transmissionId: number): Pending {
  return {
    name: null,
    role: null,
    lat: null,
    lon: null,
    foreign: null,
    batteryMv: null,
    temperatureC: null,
    defaultScope: null,
    adverts: 0,
    firstSeen: at,
    lastSeen: at,
    transmissionId,
  };
}
