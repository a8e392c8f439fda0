/**
 * What a storage thread serves, over one open database: commits, the capture's own tables, jobs,
 * statistics, the end.
 *
 * @module
 */
import {
  type CaptureGap,
  type CommitContext,
  type CommitSummary,
  type Job,
  type LongStep,
  type SourceState,
  StorageError,
  type StoreStats,
  type Stretch,
} from "../capture/network.ts";
import { withBusyTimeout } from "./busy_timeout.ts";
import { readState, writeState } from "./capture_state.ts";
import { CaptureTables } from "./capture_tables.ts";
import { CheckpointPace } from "./checkpoint_pace.ts";
import { type BatchWriter, commitBatch } from "./commit_batch.ts";
import { fileIdentity } from "./file_identity.ts";
import { JobRunner } from "./job_runner.ts";
import { integrityCheck, maintenanceJob, pragmaNumber, tidyUp } from "./maintenance.ts";
import type { OpenDatabase } from "./open_database.ts";
import { Reader } from "./reader.ts";
import { transaction } from "./transaction.ts";
import { type ClockClaim, TrustedTime } from "./trusted_time.ts";

/** What a network gives to its backend. */
export interface BackendParts<B> {
  /** Open, with all migrations. */
  readonly database: OpenDatabase;
  /** Writes the network's rows. */
  readonly writer: BatchWriter<B>;
  /** The network's own jobs; maintenance is added. */
  readonly jobs: readonly Job[];
  /** Milliseconds between maintenance runs; 0: never. */
  readonly maintenanceEveryMs: number;
  /** Which file a path leads to. Default: asks the system. */
  readonly identify?: typeof fileIdentity;
}

/** Key in `capture_state`: the latest time that was trusted, Unix milliseconds. */
const TRUSTED_TIME = "trusted_time";

/** Key in `capture_state`: what a clock that is ahead has to show for itself, as JSON. */
const CLOCK_CLAIM = "clock_claim";

/** Key in `capture_state`: what shows which file it is. */
const FILE_MARK = "file_mark";

/** Milliseconds by which the trusted time, or a claim to it, goes on before it is noted. */
const NOTE_TIME_MS = 10 * 60_000;

/** How long a job waits for another program's lock, in milliseconds: commits wait behind it. */
const JOB_BUSY_MS = 50;

/** See the module. Calls come one after another; each is done when it returns. */
export class StorageBackend<B> {
  readonly #database: OpenDatabase;
  readonly #writer: BatchWriter<B>;
  readonly #tables: CaptureTables;
  readonly #jobs: JobRunner;
  readonly #pace = new CheckpointPace();
  #checkpointDue = false;
  #time: TrustedTime | undefined;
  /** As the database has it, Unix milliseconds. */
  #timeNoted = -Infinity;
  /** Of the claim that the database has. */
  #claimNotedMs = 0;
  #closed = false;
  readonly #identify: typeof fileIdentity;
  /** The file that is open; undefined: the system does not tell, or not so that it can be relied on. */
  #file: string | undefined;

  /**
   * Prepares statements and jobs; nothing runs before the first call.
   *
   * @param onJobError told of a background job that threw.
   * @param onJobDone told of a background job that has come to its end: one that runs once, or one whose
   * last run failed.
   * @param onLongStep told before work that commits have to wait for, and, with undefined, after it.
   */
  constructor(
    parts: BackendParts<B>,
    onJobError: (job: string, error: unknown) => void,
    onJobDone?: (job: string) => void,
    onLongStep?: (step: LongStep | undefined) => void,
  ) {
    const { database, maintenanceEveryMs } = parts;
    this.#database = database;
    this.#identify = parts.identify ?? fileIdentity;
    this.#file = this.#identify(database.path);
    this.#writer = parts.writer;
    this.#tables = new CaptureTables(database.db);
    const jobs = [...parts.jobs];
    if (maintenanceEveryMs > 0) jobs.push(maintenanceJob(database.db, maintenanceEveryMs));
    this.#jobs = new JobRunner(jobs, onJobError, onJobDone, onLongStep);
    // From here on a lock is met by a caller that keeps its batch and tries again.
    database.db.exec(
      `PRAGMA busy_timeout = ${Math.trunc(database.settings.commitBusyTimeoutMs)}`,
    );
  }

  /**
   * As `Store.commit`.
   *
   * @throws {StorageError} `replaced`: what was written is in a file that is not there any more.
   */
  commit(batch: B, context: CommitContext): CommitSummary {
    const summary = commitBatch(this.#db, this.#writer, this.#tables, batch, context);
    this.#expectFile();
    return summary;
  }

  /** As `Store.loadSource`. */
  loadSource(source: string, clientId: string, fixed: boolean): SourceState {
    return transaction(this.#db, () => this.#tables.loadSource(source, clientId, fixed));
  }

  /** As `Store.beginSession`. */
  beginSession(source: string, session: number): void {
    try {
      transaction(this.#db, () => this.#tables.beginSession(source, session));
      this.#tables.committed();
    } catch (error) {
      this.#tables.rolledBack();
      throw error;
    }
  }

  /** As `Store.recordGaps`. */
  recordGaps(gaps: readonly CaptureGap[], pending?: readonly Stretch[]): void {
    transaction(this.#db, () => this.#tables.recordGaps(gaps, pending));
  }

  /** As `Store.stats`. */
  stats(): StoreStats {
    this.#expectFile();
    const pageBytes = pragmaNumber(this.#db, "page_size");
    return {
      databaseBytes: pragmaNumber(this.#db, "page_count") * pageBytes,
      walBytes: fileSize(`${this.#database.path}-wal`),
      freeBytes: pragmaNumber(this.#db, "freelist_count") * pageBytes,
      pendingJobs: this.#jobs.pending,
    };
  }

  /**
   * Begins the jobs that are due at `nowMs`. With `monotonicMs` (monotonic milliseconds) the time is a
   * wall clock's that may be wrong: jobs go by as much of it as can be trusted.
   */
  tick(nowMs: number, monotonicMs?: number): void {
    this.#jobs.tick(monotonicMs === undefined ? nowMs : this.#trusted(nowMs, monotonicMs));
  }

  #trusted(nowMs: number, monotonicMs: number): number {
    this.#time ??= new TrustedTime(this.#knownTime(), this.#knownClaim());
    const time = this.#time.at(nowMs, monotonicMs);
    const { latest, claim } = this.#time;
    if (latest !== undefined && Math.abs(latest - this.#timeNoted) >= NOTE_TIME_MS) {
      this.#note(() => writeState(this.#db, TRUSTED_TIME, this.#timeNoted = latest));
    }
    const evenMs = claim?.evenMs ?? 0;
    if (claim !== undefined && Math.abs(evenMs - this.#claimNotedMs) >= NOTE_TIME_MS) {
      this.#note(() => {
        writeState(this.#db, CLOCK_CLAIM, JSON.stringify(claim));
        this.#claimNotedMs = evenMs;
      });
    }
    return time;
  }

  #knownTime(): number | undefined {
    const known = readState(this.#db, TRUSTED_TIME);
    if (typeof known !== "number") return undefined;
    return this.#timeNoted = known;
  }

  #knownClaim(): ClockClaim | undefined {
    try {
      const { wall, evenMs } = JSON.parse(String(readState(this.#db, CLOCK_CLAIM) ?? "{}"));
      if (!Number.isFinite(wall) || !Number.isFinite(evenMs)) return undefined;
      this.#claimNotedMs = evenMs;
      return { wall, evenMs };
    } catch {
      return undefined;
    }
  }

  #note(write: () => void): void {
    const normal = this.#database.settings.commitBusyTimeoutMs;
    try {
      withBusyTimeout(this.#db, JOB_BUSY_MS, normal, write);
    } catch {
      // The disk is full, or somebody holds a lock: the next tick tries again.
    }
  }

  /** Does a slice of background work; false when there is none left. */
  slice(budgetMs: number): boolean {
    if (this.#closed) return false;
    const normal = this.#database.settings.commitBusyTimeoutMs;
    return withBusyTimeout(this.#db, JOB_BUSY_MS, normal, () => {
      if (this.#checkpointDue) {
        this.#checkpoint();
        return true;
      }
      const more = this.#jobs.slice(budgetMs);
      if (!more) this.#pace.idle();
      this.#checkpointDue = more && this.#pace.slice();
      return more;
    });
  }

  #checkpoint(): void {
    this.#checkpointDue = false;
    const began = performance.now();
    try {
      // PASSIVE waits for nobody; what a reader still needs stays for the next time.
      this.#db.prepare("PRAGMA wal_checkpoint(PASSIVE)").all();
    } catch {
      // A full disk, or one that fails: a commit will tell.
    }
    this.#pace.made(performance.now() - began);
  }

  /** Runs every job to its end, as if all were due at `nowMs`. */
  runJobs(nowMs: number): void {
    this.#jobs.tick(nowMs, true);
    while (this.slice(1000));
  }

  /** As `NetworkStore.readNote`. */
  readNote(key: string): string | undefined {
    const value = readState(this.#db, key);
    return value === undefined ? undefined : String(value);
  }

  /** As `NetworkStore.writeNote`. */
  writeNote(key: string, value: string): void {
    writeState(this.#db, key, value);
  }

  /** What `PRAGMA integrity_check` finds. */
  integrityCheck(): string[] {
    return integrityCheck(this.#db);
  }

  /** Tidies for about `budgetMs` and closes the file. */
  close(budgetMs: number): void {
    if (this.#closed) return;
    try {
      tidyUp(this.#db, budgetMs, this.#database.settings.commitBusyTimeoutMs);
    } finally {
      this.#closed = true;
      this.#database[Symbol.dispose]();
    }
  }

  /** Gives the database up where somebody has removed it or put another in its place under us. */
  #expectFile(): void {
    const { path } = this.#database;
    if (this.#file === undefined) return;
    const now = this.#identify(path);
    if (now === undefined || now === this.#file) return;
    // Some network file systems number their files anew: what is committed must not be called lost.
    const isOurs = now === "" ? false : this.#isStillOurs();
    if (isOurs === true) this.#file = undefined;
    if (isOurs !== false) return;
    this.#leaveFile();
    throw new StorageError(
      `${path} was removed, or another file was put in its place, while we had it open; stop the service before you do that`,
      "replaced",
      true,
    );
  }

  /** Whether what we write now is read where the path leads to; undefined: it cannot be told now. */
  #isStillOurs(): boolean | undefined {
    const mark = crypto.randomUUID();
    try {
      writeState(this.#db, FILE_MARK, mark);
      // Whoever opens another file of this name would read what is in our log.
      if (!this.#emptyLog()) return undefined;
    } catch {
      return undefined;
    }
    try {
      using reader = new Reader(this.#database.path);
      const select = "SELECT value FROM capture_state WHERE key = ?";
      return reader.query(select, FILE_MARK)[0]?.["value"] === mark;
    } catch {
      return false;
    }
  }

  /** Copies the log into the file that is open; false where somebody reads in it. */
  #emptyLog(): boolean {
    return Number(this.#db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()?.["busy"]) === 0;
  }

  /** The log stays where it was, and SQLite would play it into whatever gets the database's name next. */
  #leaveFile(): void {
    const { path } = this.#database;
    try {
      this.#emptyLog();
      const wal = `${path}-wal`;
      if (fileSize(wal) > 0) Deno.renameSync(wal, `${wal}.left-${crypto.randomUUID().slice(0, 8)}`);
    } catch {
      // Then it is as it would have been.
    }
    this.#closed = true;
    this.#database[Symbol.dispose]();
  }

  get #db() {
    if (this.#closed) throw new StorageError("the store is closed", "closed", false);
    return this.#database.db;
  }
}

function fileSize(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
