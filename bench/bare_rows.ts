/** What a bare loop inserts: rows that the service has stored, in their order. @module */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { BenchNetwork } from "./networks.ts";

/** One insert. */
interface Insert {
  /** Place of the table in the network's list. */
  readonly table: number;
  /** Values of all columns. */
  readonly row: readonly SQLInputValue[];
}

/** See the module. */
export class BareRows {
  /** A group for each row of the counted table: what it refers to, when that is new, and itself. */
  readonly groups: readonly (readonly Insert[])[];
  readonly #columns: readonly number[];

  /** Reads from `path` what came after row `base` of the counted table. */
  constructor(private readonly network: BenchNetwork, path: string, base: number) {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      const { tables, counted } = network;
      const last = tables.indexOf(counted);
      const read = (sql: string) => db.prepare(sql).all(base) as Record<string, SQLInputValue>[];
      const rows = read(`SELECT * FROM ${counted} WHERE id > ? ORDER BY id`);
      const sent = new Map<SQLInputValue, Record<string, SQLInputValue>>();
      if (last > 0) {
        // What an older row refers to was there before.
        const parents = read(
          `SELECT * FROM ${tables[0]} WHERE id >
             coalesce((SELECT max(transmission_id) FROM ${counted} WHERE id <= ?), 0)`,
        );
        for (const parent of parents) sent.set(parent["id"]!, parent);
      }
      this.groups = rows.map((row) => {
        const parent = last > 0 ? sent.get(row["transmission_id"]!) : undefined;
        if (parent === undefined) return [{ table: last, row: Object.values(row) }];
        sent.delete(parent["id"]!);
        return [
          { table: 0, row: Object.values(parent) },
          { table: last, row: Object.values(row) },
        ];
      });
      this.#columns = tables.map((table) => db.prepare(`PRAGMA table_info(${table})`).all().length);
    } finally {
      db.close();
    }
  }

  /** The statements that insert into `db`. */
  prepare(db: DatabaseSync): StatementSync[] {
    return this.network.tables.map((table, i) =>
      db.prepare(`INSERT INTO ${table} VALUES (${Array(this.#columns[i]).fill("?").join(", ")})`)
    );
  }

  /** Inserts groups `from` up to `to` in one transaction. */
  insert(db: DatabaseSync, statements: readonly StatementSync[], from: number, to: number): void {
    db.exec("BEGIN IMMEDIATE");
    for (let i = from; i < to; i++) {
      for (const { table, row } of this.groups[i]!) statements[table]!.run(...row);
    }
    db.exec("COMMIT");
  }
}
