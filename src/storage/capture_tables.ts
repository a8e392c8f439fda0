/**
 * The tables of the capture itself: sources, ledger, retained digests, gaps, quarantine. What is
 * remembered here of the ledger follows the transaction: {@linkcode CaptureTables.committed} or
 * {@linkcode CaptureTables.rolledBack} must be called at its end.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type {
  CaptureGap,
  CommitContext,
  LedgerBlock,
  MinuteSample,
  QuarantinedMessage,
  SourceState,
  Stretch,
} from "../capture/network.ts";
import { MAX_RETAINED_TOPICS } from "../capture/retained.ts";
import { BoundedRows } from "./bounded_rows.ts";

/** As many entries as there are message ids. */
const MAX_ENTRIES = 65_535;
const ENTRY_BYTES = 10;
/** Digests of retained payloads that a source may have beyond the bound until the oldest go. */
const RETAINED_SLACK = 1000;
/**
 * Seconds by which a commit may come after a later note of until when its source was heard. A note
 * that is further ahead was made while the clock was wrong, and gives way.
 */
const LATE_SECONDS = 300;

/**
 * A week of minutes, counted in rows: by their age, a minute with a clock that is ahead would remove all of
 * the others.
 */
const SAMPLES_KEPT = 10_080;
/** Minutes that there may be beyond it until the oldest go. */
const SAMPLES_SLACK = 60;

/** Gaps that are kept, the newest: more than a hundred a day for two years. */
const GAPS_KEPT = 100_000;

/** Messages in quarantine that are kept, the newest: enough for a person to find what is wrong with them. */
const QUARANTINED_KEPT = 10_000;

interface LedgerRow {
  readonly id: number;
  readonly entries: number;
}

interface KnownSource {
  readonly session: number;
  /** Rows of the ledger, oldest first. */
  readonly rows: readonly LedgerRow[];
  /** Entries in those rows. */
  readonly total: number;
}

/** See the module. */
export class CaptureTables {
  readonly #db: DatabaseSync;
  #known = new Map<string, KnownSource>();
  #staged = new Map<string, KnownSource>();
  #nextSeq: number | undefined;
  /** Digests written since the oldest were looked for, by source. */
  readonly #retainedWritten = new Map<string, number>();
  readonly #statements: Record<
    | "insertLedger"
    | "pruneLedger"
    | "retained"
    | "pruneRetained"
    | "heard"
    | "topics"
    | "pending"
    | "gap"
    | "quarantine"
    | "sample"
    | "pruneSamples",
    StatementSync
  >;

  #samplesWritten = 0;
  readonly #gaps: BoundedRows;
  readonly #quarantined: BoundedRows;

  /** `db` must have the capture migrations. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#gaps = new BoundedRows(db, "capture_gaps", GAPS_KEPT);
    this.#quarantined = new BoundedRows(db, "capture_quarantine", QUARANTINED_KEPT);
    this.#statements = {
      insertLedger: db.prepare(
        "INSERT INTO capture_ledger (source, session, entries) VALUES (?, ?, ?)",
      ),
      pruneLedger: db.prepare("DELETE FROM capture_ledger WHERE id = ?"),
      retained: db.prepare(
        `INSERT INTO capture_retained (source, topic, digest, seq) VALUES (?, ?, ?, ?)
         ON CONFLICT (source, topic) DO UPDATE SET digest = excluded.digest, seq = excluded.seq`,
      ),
      pruneRetained: db.prepare(
        `DELETE FROM capture_retained WHERE source = ? AND topic IN (
           SELECT topic FROM capture_retained WHERE source = ? ORDER BY seq, topic
           LIMIT max(0, (SELECT count(*) FROM capture_retained WHERE source = ?) - ?))`,
      ),
      heard: db.prepare(
        `INSERT INTO capture_sources (name, client_id, heard_until) VALUES (?, '', ?)
         ON CONFLICT (name) DO UPDATE SET
           heard_until = CASE
             WHEN heard_until > excluded.heard_until
               AND heard_until <= excluded.heard_until + ${LATE_SECONDS} THEN heard_until
             ELSE excluded.heard_until END`,
      ),
      topics: db.prepare(
        `INSERT INTO capture_sources (name, client_id, topics) VALUES (?, '', ?)
         ON CONFLICT (name) DO UPDATE SET topics = excluded.topics`,
      ),
      pending: db.prepare(
        `INSERT INTO capture_sources (name, client_id, pending_gaps) VALUES (?, '', ?)
         ON CONFLICT (name) DO UPDATE SET pending_gaps = excluded.pending_gaps`,
      ),
      gap: db.prepare(
        "INSERT INTO capture_gaps (source, from_time, to_time, reason) VALUES (?, ?, ?, ?)",
      ),
      quarantine: db.prepare(
        `INSERT INTO capture_quarantine (source, topic, payload, received_at, qos, error)
         VALUES (?, ?, ?, ?, ?, ?)`,
      ),
      // A service that stopped and started within a minute has two halves of it.
      sample: db.prepare(
        `INSERT INTO capture_samples (at, received, stored, unreadable, dropped, decrypted, no_key,
           commits, commit_ms_max, queue_max, sources_up, sources, database_bytes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (at) DO UPDATE SET received = received + excluded.received,
           stored = stored + excluded.stored, unreadable = unreadable + excluded.unreadable,
           dropped = dropped + excluded.dropped, decrypted = decrypted + excluded.decrypted,
           no_key = no_key + excluded.no_key, commits = commits + excluded.commits,
           commit_ms_max = max(commit_ms_max, excluded.commit_ms_max),
           queue_max = max(queue_max, excluded.queue_max), sources_up = excluded.sources_up,
           sources = excluded.sources, database_bytes = excluded.database_bytes`,
      ),
      pruneSamples: db.prepare(
        `DELETE FROM capture_samples
         WHERE at <= (
           SELECT at FROM capture_samples WHERE at <= ? ORDER BY at DESC LIMIT 1 OFFSET ?
         )`,
      ),
    };
  }

  /** Writes what goes with a batch. To be called inside its transaction. */
  write(context: CommitContext): void {
    for (const block of context.ledger) this.#writeLedger(block);
    this.#writeRetained(context.retained);
    for (const [source, untilMs] of context.heardUntil) {
      this.#statements.heard.run(source, untilMs / 1000);
    }
    for (const [source, topics] of context.topics ?? []) {
      this.#statements.topics.run(source, JSON.stringify(topics));
    }
    for (const [source, stretches] of context.pendingGaps ?? []) {
      this.#writePending(source, stretches);
    }
    for (const quarantined of context.quarantine) this.#writeQuarantine(quarantined);
    for (const sample of context.samples ?? []) this.#writeSample(sample);
  }

  /** What was written is durable. */
  committed(): void {
    for (const [source, known] of this.#staged) this.#known.set(source, known);
    this.#staged.clear();
  }

  /** What was written is not. */
  rolledBack(): void {
    this.#staged.clear();
  }

  /**
   * Loads what is known of `source`; makes it known with `clientId` when it is not. With `fixed` a
   * known client id that differs gives way, and a session begins: the ids of the other mean nothing.
   */
  loadSource(source: string, clientId: string, fixed = false): SourceState {
    // A row without a client id was made by a commit that came before.
    this.#db.prepare(
      `INSERT INTO capture_sources (name, client_id) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET client_id = excluded.client_id WHERE client_id = ''`,
    ).run(source, clientId);
    if (fixed) this.#replaceClientId(source, clientId);
    this.#pruneRetained(source);
    const row = this.#db.prepare(
      "SELECT client_id, session, heard_until, topics, pending_gaps FROM capture_sources WHERE name = ?",
    ).get(source)!;
    const heard = row["heard_until"];
    const topics = parseTopics(row["topics"]);
    const pendingGaps = parsePending(row["pending_gaps"]);
    return {
      clientId: String(row["client_id"]),
      session: Number(row["session"]),
      entries: this.#loadEntries(source, Number(row["session"])),
      retained: this.#loadRetained(source),
      ...(typeof heard === "number" ? { heardUntil: Math.round(heard * 1000) } : {}),
      ...(topics === undefined ? {} : { topics }),
      ...(pendingGaps.length === 0 ? {} : { pendingGaps }),
    };
  }

  #replaceClientId(source: string, clientId: string): void {
    const changed = this.#db.prepare(
      `UPDATE capture_sources SET client_id = ?, session = session + 1, topics = NULL
       WHERE name = ? AND client_id <> ?`,
    ).run(clientId, source, clientId);
    if (changed.changes === 0) return;
    this.#db.prepare("DELETE FROM capture_ledger WHERE source = ?").run(source);
    this.#known.delete(source);
  }

  /** Empties the ledger of `source` and begins `session`. To be called inside a transaction. */
  beginSession(source: string, session: number): void {
    this.#db.prepare(
      `INSERT INTO capture_sources (name, client_id, session) VALUES (?, '', ?)
       ON CONFLICT (name) DO UPDATE SET session = excluded.session`,
    ).run(source, session);
    this.#db.prepare("DELETE FROM capture_ledger WHERE source = ?").run(source);
    this.#staged.set(source, { session, rows: [], total: 0 });
  }

  /**
   * Records stretches of time in which one source was not covered, and what is pending from now on where
   * that is given. To be called inside a transaction.
   */
  recordGaps(gaps: readonly CaptureGap[], pending?: readonly Stretch[]): void {
    for (const { source, from, to, reason } of gaps) {
      this.#statements.gap.run(source, from / 1000, to / 1000, reason);
      this.#gaps.wrote();
    }
    const last = gaps.at(-1);
    if (last !== undefined && pending !== undefined) this.#writePending(last.source, pending);
  }

  #writePending(source: string, stretches: readonly Stretch[]): void {
    const pairs = stretches.map(({ from, to }) => [from / 1000, to / 1000]);
    this.#statements.pending.run(source, pairs.length === 0 ? null : JSON.stringify(pairs));
  }

  #writeLedger(block: LedgerBlock): void {
    const known = this.#source(block.source);
    // A batch that was under way while its broker forgot the session: its ids mean nothing now.
    if (block.session !== known.session || block.entries.length === 0) return;
    const { lastInsertRowid } = this.#statements.insertLedger.run(
      block.source,
      block.session,
      block.entries,
    );
    const added = { id: Number(lastInsertRowid), entries: block.entries.length / ENTRY_BYTES };
    let rows = [...known.rows, added];
    let total = known.total + added.entries;
    let dropped = 0;
    while (total - rows[dropped]!.entries >= MAX_ENTRIES) total -= rows[dropped++]!.entries;
    for (const { id } of rows.slice(0, dropped)) this.#statements.pruneLedger.run(id);
    if (dropped > 0) rows = rows.slice(dropped);
    this.#staged.set(block.source, { session: known.session, rows, total });
  }

  #writeSample(sample: MinuteSample): void {
    this.#statements.sample.run(
      sample.at,
      sample.received,
      sample.stored,
      sample.unreadable,
      sample.dropped,
      sample.decrypted,
      sample.noKey,
      sample.commits,
      sample.commitMsMax,
      sample.queueMax,
      sample.sourcesUp,
      sample.sources,
      sample.databaseBytes,
    );
    if (this.#samplesWritten++ % SAMPLES_SLACK === 0) {
      // Those that lie ahead are of a clock that was, and take no other's place.
      this.#statements.pruneSamples.run(sample.at, SAMPLES_KEPT);
    }
  }

  #writeRetained(retained: CommitContext["retained"]): void {
    if (retained.length === 0) return;
    this.#nextSeq ??= 1 + Number(
      this.#db.prepare("SELECT max(seq) AS seq FROM capture_retained").get()?.["seq"] ?? 0,
    );
    for (const [source, topic, digest] of retained) {
      const seq = this.#nextSeq++;
      this.#statements.retained.run(source, topic, BigInt.asIntN(64, digest), seq);
      const written = (this.#retainedWritten.get(source) ?? 0) + 1;
      this.#retainedWritten.set(source, written % RETAINED_SLACK);
      if (written === RETAINED_SLACK) this.#pruneRetained(source);
    }
  }

  #pruneRetained(source: string): void {
    this.#statements.pruneRetained.run(source, source, source, MAX_RETAINED_TOPICS);
  }

  #writeQuarantine({ message, error }: QuarantinedMessage): void {
    this.#statements.quarantine.run(
      message.source,
      message.topic,
      message.payload,
      message.receivedAt / 1000,
      message.qos,
      error,
    );
    this.#quarantined.wrote();
  }

  #source(name: string): KnownSource {
    const known = this.#staged.get(name) ?? this.#known.get(name);
    if (known !== undefined) return known;
    const row = this.#db.prepare("SELECT session FROM capture_sources WHERE name = ?").get(name);
    const session = Number(row?.["session"] ?? 0);
    const rows = this.#db.prepare(
      `SELECT id, length(entries) AS bytes FROM capture_ledger
       WHERE source = ? AND session = ? ORDER BY id`,
    ).all(name, session).map((r) => ({
      id: Number(r["id"]),
      entries: Number(r["bytes"]) / ENTRY_BYTES,
    }));
    const total = rows.reduce((sum, r) => sum + r.entries, 0);
    return { session, rows, total };
  }

  #loadEntries(source: string, session: number): Uint8Array<ArrayBuffer> {
    const blobs = this.#db.prepare(
      "SELECT entries FROM capture_ledger WHERE source = ? AND session = ? ORDER BY id",
    ).all(source, session).map((row) => row["entries"]).filter((b) => b instanceof Uint8Array);
    const all = new Uint8Array(blobs.reduce((sum, blob) => sum + blob.length, 0));
    let offset = 0;
    for (const blob of blobs) {
      all.set(blob, offset);
      offset += blob.length;
    }
    return all.slice(Math.max(0, all.length - MAX_ENTRIES * ENTRY_BYTES));
  }

  #loadRetained(source: string): Map<string, bigint> {
    const statement = this.#db.prepare(
      "SELECT topic, digest FROM capture_retained WHERE source = ? ORDER BY seq, topic",
    );
    statement.setReadBigInts(true);
    return new Map(
      statement.all(source).map((row) => [
        String(row["topic"]),
        BigInt.asUintN(64, BigInt(row["digest"] as bigint)),
      ]),
    );
  }
}

function parsePending(stored: unknown): Stretch[] {
  if (typeof stored !== "string") return [];
  try {
    const pairs: unknown = JSON.parse(stored);
    if (!Array.isArray(pairs)) return [];
    return pairs.flatMap((pair: unknown) => {
      const [from, to] = Array.isArray(pair) ? pair : [];
      return typeof from === "number" && typeof to === "number"
        ? [{ from: Math.round(from * 1000), to: Math.round(to * 1000) }]
        : [];
    });
  } catch {
    // Somebody else wrote it; what is not readable proves nothing.
    return [];
  }
}

function parseTopics(stored: unknown): string[] | undefined {
  if (typeof stored !== "string") return undefined;
  try {
    const topics: unknown = JSON.parse(stored);
    return Array.isArray(topics) ? topics.filter((one) => typeof one === "string") : undefined;
  } catch {
    // Somebody else wrote it. What the broker holds is then unknown, as it is at the first start.
    return undefined;
  }
}
