/**
 * The interfaces between the rooms: a {@linkcode Network} reads messages, a {@linkcode Store} keeps
 * what was read. `capture` knows no radio network; a network knows no broker.
 *
 * @module
 */
import type { Message, NetworkName } from "./message.ts";

/** What became of one message: a record to keep, or a drop with a reason of a closed set. */
export type Decoded<R> =
  | { readonly kind: "record"; readonly record: R; readonly labels: RecordLabels }
  | { readonly kind: "drop"; readonly reason: string; readonly detail?: string };

/** What metrics want to know of a record. Every value comes from a closed set. */
export interface RecordLabels {
  /** Type of the content, such as a Meshtastic port name. */
  readonly type: string;
  /** How decryption went: `none`, `hash`, `trial`, `no_key`, `pki`, … */
  readonly decrypt: string;
  /** False when the record only says why it could not be read. */
  readonly readable: boolean;
}

/** A radio network's decoder: pure, no I/O, no clock. */
export interface Network<R> {
  /** Label of its metrics and name of its section in the configuration. */
  readonly name: NetworkName;
  /** One answer a message, in order. Never throws, never rejects. */
  decode(batch: readonly Message[]): Promise<Decoded<R>[]>;
}

/**
 * Records on their way to a store, packed as they are added: thousands of them beside each other, for
 * as long as a commit takes, are what a garbage collector is busiest with.
 */
export interface RecordBatch<R> extends Disposable {
  /** Number of records that were added. */
  readonly size: number;
  /**
   * Adds a record, which its caller may forget.
   *
   * @throws when there is no room for it. The batch is then as it was.
   */
  add(record: R): void;
}

/** The part of a batch's ledger that belongs to one source and session. */
export interface LedgerBlock {
  /** Name of the source whose messages these are. */
  readonly source: string;
  /** Number of the session, as the store keeps it. */
  readonly session: number;
  /** Ten bytes an entry: message id (u16 little-endian), digest (u64 little-endian). */
  readonly entries: Uint8Array<ArrayBuffer>;
}

/** What a commit carries beside its records, written in the same transaction. */
export interface CommitContext {
  /** Entries of the batch's messages, a block for each source and session. */
  readonly ledger: readonly LedgerBlock[];
  /** Digest of the last retained payload kept for a topic, by source: `[source, topic, digest]`. */
  readonly retained: readonly (readonly [string, string, bigint])[];
  /** Unix milliseconds until which each source is known to have been heard. */
  readonly heardUntil: readonly (readonly [string, number])[];
  /** Topic filters that a source's session at the broker may hold from now on: `[source, filters]`. */
  readonly topics?: readonly (readonly [string, readonly string[]])[];
  /** Stretches that may yet prove to be gaps: `[source, stretches]`, all that there are now. */
  readonly pendingGaps?: readonly (readonly [string, readonly Stretch[]])[];
  /** Minutes for the history charts that are not written yet. */
  readonly samples?: readonly MinuteSample[];
  /**
   * Messages whose records the database refused before, or that became none: kept as they came, with
   * the reason.
   */
  readonly quarantine: readonly QuarantinedMessage[];
}

/** What a network did in one minute. Counts are of that minute, sizes of its end. */
export interface MinuteSample {
  /** Beginning of the minute, Unix seconds. */
  readonly at: number;
  /** Messages that the sources delivered. */
  readonly received: number;
  /** Records committed. */
  readonly stored: number;
  /** Those of them that only say why they could not be read. */
  readonly unreadable: number;
  /** Messages not stored, by rule. */
  readonly dropped: number;
  /** Records whose content was decrypted. */
  readonly decrypted: number;
  /** Records for which no key is known. */
  readonly noKey: number;
  /** Transactions. */
  readonly commits: number;
  /** Milliseconds of the longest. */
  readonly commitMsMax: number;
  /** Most messages that waited in the queue. */
  readonly queueMax: number;
  /** Sources that were connected at the end. */
  readonly sourcesUp: number;
  /** Sources that are configured. */
  readonly sources: number;
  /** Size of the database; 0: not known. */
  readonly databaseBytes: number;
}

/** A message whose record the database would not take, and why. */
export interface QuarantinedMessage {
  /** The message as it was delivered. */
  readonly message: Message;
  /** What the database said of its record, or why there is none. */
  readonly error: string;
  /** Position in the batch of its record, which is left out; undefined: it has none there. */
  readonly record?: number;
}

/** Positions in the batch of the records that are left out because their messages are in quarantine. */
export function recordsLeftOut(quarantine: readonly QuarantinedMessage[]): ReadonlySet<number> {
  return new Set(quarantine.flatMap(({ record }) => record === undefined ? [] : [record]));
}

/** What a commit did. */
export interface CommitSummary {
  /** Rows written by table (or by what a reader would call it), for metrics: `nodes`, `positions`, … */
  readonly counts: Readonly<Record<string, number>>;
  /** Milliseconds that the storage thread spent on it. */
  readonly durationMs: number;
}

/** What the store remembers of a source between runs. */
export interface SourceState {
  /** The client id that this database's sessions belong to; stable once chosen. */
  readonly clientId: string;
  /** Counts up whenever the broker had no session for us. */
  readonly session: number;
  /** Ledger of that session, oldest first, ten bytes an entry as in {@linkcode LedgerBlock}. */
  readonly entries: Uint8Array<ArrayBuffer>;
  /** Digests of the last retained payload kept for each topic. */
  readonly retained: ReadonlyMap<string, bigint>;
  /** Unix milliseconds until which the source was heard; undefined for one that never was. */
  readonly heardUntil?: number;
  /** Topic filters that the session at the broker may hold; undefined where nothing is known. */
  readonly topics?: readonly string[];
  /** Stretches that may yet prove to be gaps, oldest first. */
  readonly pendingGaps?: readonly Stretch[];
}

/** A stretch of time in which a source was not covered. */
export interface CaptureGap {
  /** Name of the source that did not capture. */
  readonly source: string;
  /** Unix milliseconds. */
  readonly from: number;
  /** Unix milliseconds. */
  readonly to: number;
  /**
   * `session_lost`: the broker kept nothing; `session_restored`: it was killed, and went back to what
   * it had saved; `qos0`: what came at QoS 0 meanwhile is lost; `subscription_refused`: we were connected,
   * but not allowed to listen to any of what we asked for.
   */
  readonly reason: GapReason;
}

/** Why a stretch was not covered. */
export type GapReason = "session_lost" | "session_restored" | "qos0" | "subscription_refused";

/** A stretch of time, Unix milliseconds. */
export interface Stretch {
  /** Its beginning. */
  readonly from: number;
  /** Its end. */
  readonly to: number;
}

/** Sizes that metrics, health and the page show. */
export interface StoreStats {
  /** Size of the database file, bytes. */
  readonly databaseBytes: number;
  /** Size of the write-ahead log, bytes. */
  readonly walBytes: number;
  /** Free bytes inside the file, to be given back by incremental vacuum. */
  readonly freeBytes: number;
  /** Background jobs that have work left. */
  readonly pendingJobs: readonly string[];
}

/** The part of a {@linkcode Store} that batches go through; `B` is what its batches are. */
export interface BatchStore<R, B extends RecordBatch<R> = RecordBatch<R>> {
  /**
   * An empty batch for {@linkcode commit}, with room for `capacity` records. It must stay as it is
   * while it is committed: the storage thread sees the same memory. Disposing of it lets the store
   * use it again.
   */
  newBatch(capacity: number): B;
  /** As {@linkcode Store.commit}. */
  commit(batch: B, context: CommitContext): Promise<CommitSummary>;
}

/** A network's database. Only its storage thread writes. */
export interface Store<R> extends BatchStore<R> {
  /**
   * Writes all or nothing, in one transaction with its context.
   *
   * @throws {StorageError} when nothing was written: with reason `refused` and the positions of the
   * records that the database refuses for themselves in `error.refused` (the caller adds their
   * messages to `context.quarantine` and commits the batch again); or with another reason, and
   * `error.retryable` saying whether trying again can help (disk full, locked, I/O).
   */
  commit(batch: readonly R[] | RecordBatch<R>, context: CommitContext): Promise<CommitSummary>;
  /**
   * Loads what is known of a source; makes it known, with `clientId`, when it is not. With `fixed`
   * the client id is the operator's: where the known one differs, it takes its place and a new
   * session begins.
   */
  loadSource(source: string, clientId: string, fixed?: boolean): Promise<SourceState>;
  /** The broker had no session: empties the source's ledger and begins `session`. */
  beginSession(source: string, session: number): Promise<void>;
  /**
   * Notes stretches of time in which one source was not covered, all of them in one transaction with what
   * is pending of that source from now on, where that is given. Rejects with {@linkcode StorageError}.
   */
  recordGaps(gaps: readonly CaptureGap[], pending?: readonly Stretch[]): Promise<void>;
  /** Sizes of the files, as they are now. */
  stats(): Promise<StoreStats>;
  /** Finishes what is queued, tidies for at most `budgetMs`, and closes the file. */
  close(budgetMs: number): Promise<void>;
}

/** Work that cannot be divided: commits wait for it. */
export interface LongStep {
  /** What is done, for people. */
  readonly what: string;
  /** How long it will take, about, in milliseconds. */
  readonly expectedMs: number;
}

/** Background work of a store, done in slices between batches. */
export interface Job {
  /** Names the job in logs. */
  readonly name: string;
  /** Milliseconds between runs; 0 runs once after the start. */
  readonly everyMs: number;
  /** What the next step will do that cannot be divided; undefined: nothing. */
  longStep?(): LongStep | undefined;
  /** Works for about `budgetMs` milliseconds. `nowMs`: Unix milliseconds (recorded time in a replay). */
  step(budgetMs: number, nowMs: number): "more" | "done";
}

/** Why the database would not take something. `retryable` failures are tried again with the batch kept. */
export class StorageError extends Error {
  /** Survives minifying, so that logs can name it. */
  override readonly name = "StorageError";
  /** `retryable`: the same call may succeed later, with nothing changed by a person. */
  constructor(
    message: string,
    /** Closed set, the label of the metric. */
    readonly reason: StorageReason,
    readonly retryable: boolean,
    options?: ErrorOptions,
    /** With reason `refused`: positions in the batch, and what the database said of each. */
    readonly refused: readonly { readonly index: number; readonly error: string }[] = [],
  ) {
    super(message, options);
  }
}

/** Why a write or an opening failed. */
export type StorageReason =
  | "disk_full"
  | "locked"
  | "io"
  | "read_only"
  | "corrupt"
  | "not_a_database"
  | "foreign_schema"
  | "newer_schema"
  | "permission"
  | "in_use"
  | "replaced"
  | "refused"
  | "closed"
  | "unexpected";
