/**
 * Has a network's database checked once a day and remembers what was found, in the database itself, so
 * that a restart neither forgets it nor checks again.
 *
 * @module
 */
import { type Clock, delay } from "../capture/clock.ts";
import type { Log } from "../capture/log.ts";
import type { IntegrityReport } from "../observe/integrity.ts";
import { checkIntegrity } from "../storage/check_integrity.ts";

/** What an {@linkcode IntegrityWatch} works with. */
export interface IntegrityWatchParts {
  /** Path of the database. */
  readonly path: string;
  /** Milliseconds between two checks; 0: never. */
  readonly everyMs: number;
  /** Keeps the result in the database. */
  readonly store: {
    readNote(key: string): Promise<string | undefined>;
    writeNote(key: string, value: string): Promise<void>;
  };
  /** Times the checks. */
  readonly clock: Clock;
  /** Log of the network. */
  readonly log: Log;
  /** Told of a result, the remembered one included. */
  readonly onResult?: (intact: boolean, checkedAtMs: number) => void;
  /** Checks the file. Default: in a thread of its own. */
  readonly check?: (path: string, signal: AbortSignal) => Promise<readonly string[]>;
}

/** Key of the note. */
export const INTEGRITY_NOTE = "integrity_check";

/** A start has other things to do, and a service that is started again and again gets none at all. */
const FIRST_MS = 10 * 60_000;
/** After a check that could not be made. */
const RETRY_MS = 3_600_000;
/** Findings that are kept and shown. */
const MAX_FINDINGS = 10;

interface Result {
  /** Unix milliseconds. */
  readonly checkedAt: number;
  /** Unix milliseconds of the first bad result in a row. */
  readonly badSince?: number;
  readonly findings: readonly string[];
}

/** See the module. */
export class IntegrityWatch {
  readonly #parts: IntegrityWatchParts;
  #last: Result | undefined;

  /** Checks nothing before `run()`. */
  constructor(parts: IntegrityWatchParts) {
    this.#parts = parts;
  }

  /** What is known. */
  report(): IntegrityReport {
    if (this.#last === undefined) return { status: "unknown", findings: [] };
    const { checkedAt, badSince, findings } = this.#last;
    return {
      status: badSince === undefined ? "ok" : "bad",
      checked_at: new Date(checkedAt).toISOString(),
      ...(badSince === undefined ? {} : { bad_since: new Date(badSince).toISOString() }),
      findings,
    };
  }

  /** Checks again and again until `signal` ends it. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs, log } = this.#parts;
    try {
      await this.#remember();
      if (everyMs === 0) return;
      const due = (this.#last?.checkedAt ?? -Infinity) + everyMs;
      await delay(clock, Math.max(FIRST_MS, Math.min(everyMs, due - clock.now())), signal);
      for (;;) await delay(clock, await this.#checkOnce(signal) ? everyMs : RETRY_MS, signal);
    } catch (error) {
      if (!signal.aborted) log.error("the integrity checks ended", { error });
    }
  }

  async #remember(): Promise<void> {
    const { store, log } = this.#parts;
    try {
      this.#last = resultOf(await store.readNote(INTEGRITY_NOTE));
    } catch (error) {
      log.warn("the last integrity check cannot be read", { error });
    }
    this.#tell();
  }

  async #checkOnce(signal: AbortSignal): Promise<boolean> {
    const { path, store, clock, log, check = checkIntegrity } = this.#parts;
    const began = clock.monotonic();
    let findings: readonly string[];
    try {
      findings = (await check(path, signal)).slice(0, MAX_FINDINGS);
    } catch (error) {
      signal.throwIfAborted();
      log.warn("the database could not be checked; trying again in an hour", { path, error });
      return false;
    }
    const checkedAt = clock.now();
    const seconds = Math.round((clock.monotonic() - began) / 1000);
    const badSince = this.#last?.badSince ?? checkedAt;
    this.#last = { checkedAt, ...(findings.length === 0 ? {} : { badSince }), findings };
    if (findings.length === 0) log.info("the database was checked: intact", { path, seconds });
    else {
      log.error("the database is damaged; docs/backup.md says how to go back to a copy", {
        path,
        seconds,
        findings,
      });
    }
    this.#tell();
    try {
      await store.writeNote(INTEGRITY_NOTE, JSON.stringify(this.#last));
    } catch (error) {
      log.warn("the result of the integrity check could not be kept", { path, error });
    }
    return true;
  }

  #tell(): void {
    if (this.#last === undefined) return;
    this.#parts.onResult?.(this.#last.badSince === undefined, this.#last.checkedAt);
  }
}

/** A note as it was written; what it is not counts as none. */
function resultOf(note: string | undefined): Result | undefined {
  if (note === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(note);
  } catch {
    return undefined;
  }
  const { checkedAt, badSince, findings } = (value ?? {}) as Record<string, unknown>;
  if (typeof checkedAt !== "number" || !Number.isFinite(checkedAt) || !Array.isArray(findings)) {
    return undefined;
  }
  return {
    checkedAt,
    ...(typeof badSince === "number" ? { badSince } : {}),
    findings: findings.map(String).slice(0, MAX_FINDINGS),
  };
}
