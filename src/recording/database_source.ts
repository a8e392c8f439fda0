/**
 * Takes recorded traffic out of a database that kept the raw payloads, whoever wrote it. Which
 * table and columns they are in comes with a {@linkcode ReplayTable}: no network's tables are known
 * here.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import type { Message } from "../capture/message.ts";
import type { ProblemReason, RecordedEntry, Recording } from "./entry.ts";
import { quoteName, tableColumns } from "../storage/sql_names.ts";

/** Where a network's databases keep what a broker delivered. */
export interface ReplayTable {
  /** Name of the table. */
  readonly table: string;
  /** Names of its columns. */
  readonly columns: {
    /** Integer key that grows with the order of receipt. */
    readonly id: string;
    /** Time of receipt, seconds since the epoch; from 1e12 on, microseconds. */
    readonly timestamp: string;
    readonly topic: string;
    /** The MQTT payload. */
    readonly payload: string;
    /** Read where the database has it; otherwise 0. */
    readonly qos?: string;
    /** Read where the database has it; otherwise false. */
    readonly retained?: string;
    /** Read where the database has it and it is filled; otherwise the default source. */
    readonly source?: string;
  };
}

/**
 * Times from here on are microseconds, as meshpipe's first versions kept them: as seconds they would lie
 * in the year 33658.
 */
const MICROSECONDS = 1e12;

/** Why a database cannot be replayed from. */
export class DatabaseSourceError extends Error {
  /** Survives minifying, so that logs can name it. */
  override readonly name = "DatabaseSourceError";
  /** `reason` from a closed set; `message` names the file. */
  constructor(
    message: string,
    readonly reason: "unreadable" | "no_table" | "no_column",
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** How a {@linkcode DatabaseRecording} is read. */
export interface DatabaseSourceOptions {
  /** Name of the source of rows that do not give one. Default `database`. */
  source?: string;
  /** Rows fetched at a time. Default 256: with the largest payloads that a service keeps, 64 MiB. */
  pageRows?: number;
}

/**
 * The messages of a database, in the order of its row ids. It is opened read-only, and between two
 * pages no transaction is held, so that a service may go on writing to it; rows that come after
 * the reading began are left out.
 */
export class DatabaseRecording implements Recording {
  /** Path of the database. */
  readonly path: string;
  readonly #table: ReplayTable;
  readonly #source: string;
  readonly #pageRows: number;

  /** Opens nothing before it is read. */
  constructor(path: string, table: ReplayTable, options: DatabaseSourceOptions = {}) {
    this.path = path;
    this.#table = table;
    this.#source = options.source ?? "database";
    this.#pageRows = options.pageRows ?? 256;
  }

  /**
   * Every row: as a message, or as a problem with its id where it holds none (`no_envelope`:
   * the payload was not kept).
   *
   * @throws {DatabaseSourceError} when the file or the table cannot be read; the signal's reason
   * when it is aborted.
   */
  async *entries(signal?: AbortSignal): AsyncGenerator<RecordedEntry, void, undefined> {
    signal?.throwIfAborted();
    let db: DatabaseSync | undefined;
    try {
      db = openForReading(this.path);
      const select = db.prepare(this.#pageQuery(db));
      const { table, columns } = this.#table;
      const last = db.prepare(
        `SELECT max(${quoteName(columns.id)}) AS last FROM ${quoteName(table)}`,
      ).get()?.["last"];
      if (typeof last !== "number") return;
      let after = -Number.MAX_SAFE_INTEGER;
      for (;;) {
        signal?.throwIfAborted();
        const rows = select.all(after, last, this.#pageRows);
        for (const row of rows) yield this.#entry(row);
        const end = rows.at(-1);
        if (end === undefined) return;
        after = end["id"] as number;
      }
    } catch (error) {
      if (error instanceof DatabaseSourceError || signal?.aborted) throw error;
      throw new DatabaseSourceError(`cannot read ${this.path}`, "unreadable", { cause: error });
    } finally {
      db?.close();
    }
  }

  #pageQuery(db: DatabaseSync): string {
    const { table, columns } = this.#table;
    const present = new Set(tableColumns(db, table));
    if (present.size === 0) {
      throw new DatabaseSourceError(`${this.path} has no table ${table}`, "no_table");
    }
    for (const column of [columns.id, columns.timestamp, columns.topic, columns.payload]) {
      if (present.has(column)) continue;
      throw new DatabaseSourceError(
        `table ${table} of ${this.path} has no column ${column}`,
        "no_column",
      );
    }
    const optional = (column: string | undefined) =>
      column !== undefined && present.has(column) ? quoteName(column) : "NULL";
    const id = quoteName(columns.id);
    const time = quoteName(columns.timestamp);
    // Whatever stands in a column of a foreign database, the values that arrive here are of
    // the kinds that #entry expects: an integer beyond 2^53 would make the driver throw.
    return `SELECT ${id} AS id,
      CASE WHEN typeof(${time}) IN ('real', 'integer') THEN CAST(${time} AS REAL) END AS time,
      CASE WHEN typeof(${quoteName(columns.topic)}) = 'text' THEN ${
      quoteName(columns.topic)
    } END AS topic,
      typeof(${quoteName(columns.payload)}) AS kind,
      CASE WHEN typeof(${quoteName(columns.payload)}) = 'blob' THEN ${
      quoteName(columns.payload)
    } END AS payload,
      coalesce(${optional(columns.qos)} IN (1, 2), 0) AS qos,
      coalesce(${optional(columns.retained)} = 1, 0) AS retained,
      CAST(${optional(columns.source)} AS TEXT) AS source
      FROM ${quoteName(table)} WHERE ${id} > ? AND ${id} <= ? ORDER BY ${id} LIMIT ?`;
  }

  #entry(row: Record<string, unknown>): RecordedEntry {
    const { id, time, topic, kind, payload, qos, retained, source } = row;
    const problem = (reason: ProblemReason, detail: string): RecordedEntry => ({
      kind: "problem",
      position: id as number,
      reason,
      detail,
    });
    if (kind === "null") return problem("no_envelope", "the row was kept without its payload");
    if (!(payload instanceof Uint8Array)) {
      return problem("bad_payload", `the payload is stored as ${kind}`);
    }
    if (typeof time !== "number" || !(time >= 0 && Number.isFinite(time))) {
      return problem("bad_ts", "the time of receipt is not a number of seconds since 1970");
    }
    if (typeof topic !== "string" || topic === "") return problem("bad_topic", "no topic");
    const message: Message = {
      source: typeof source === "string" && source !== "" ? source : this.#source,
      topic,
      payload: payload as Uint8Array<ArrayBuffer>,
      receivedAt: Math.round(time >= MICROSECONDS ? time : time * 1e6) / 1e3,
      qos: qos === 1 ? 1 : 0,
      retained: retained === 1,
      redelivered: false,
    };
    return { kind: "message", message };
  }
}

function openForReading(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true });
  // Others write to this file: a checkpoint of theirs may hold it for a moment.
  db.exec("PRAGMA busy_timeout = 30000");
  return db;
}
