/**
 * Reads the minutes that the charts show.
 *
 * @module
 */
import type { Reader } from "./reader.ts";

/** Columns of a history, each with a value for each time of `at`. */
export interface SampleColumns {
  /** Beginnings of the stretches, Unix seconds, rising. */
  readonly at: number[];
  /** Minutes of the stretch that are known: fewer where it is under way, or the service did not run. */
  readonly minutes: number[];
  /** Messages delivered. */
  readonly received: number[];
  /** Records committed. */
  readonly stored: number[];
  /** Of those, the ones that only say why they could not be read. */
  readonly unreadable: number[];
  /** Messages dropped by rule. */
  readonly dropped: number[];
  /** Records decrypted. */
  readonly decrypted: number[];
  /** Records without a known key. */
  readonly noKey: number[];
  /** Transactions. */
  readonly commits: number[];
  /** Milliseconds of the longest commit. */
  readonly commitMsMax: number[];
  /** Most messages that waited. */
  readonly queueMax: number[];
  /** Sources connected at the end. */
  readonly sourcesUp: number[];
  /** Sources configured. */
  readonly sources: number[];
  /** Bytes of the database at the end; 0: not known. */
  readonly databaseBytes: number[];
}

/** A history, and how long each of its stretches is. */
export interface SampleHistory {
  /** Length of a stretch in seconds. */
  readonly step: number;
  /** Values of each stretch in which the service ran. */
  readonly columns: SampleColumns;
}

/**
 * Minutes from `since` to `until` (Unix seconds), added up to stretches of `step` seconds, a multiple of
 * 60. One later than `until` was written while the clock was ahead.
 *
 * @throws {StorageError} as the reader does.
 */
export function readSamples(
  reader: Reader,
  since: number,
  step: number,
  until: number,
): SampleHistory {
  const rows = reader.query<Record<keyof SampleColumns, number>>(
    `SELECT at / :step * :step AS at, count(*) AS minutes, sum(received) AS received,
       sum(stored) AS stored, sum(unreadable) AS unreadable, sum(dropped) AS dropped,
       sum(decrypted) AS decrypted, sum(no_key) AS noKey, sum(commits) AS commits, max(commit_ms_max) AS commitMsMax,
       max(queue_max) AS queueMax, min(sources_up) AS sourcesUp, max(sources) AS sources,
       max(database_bytes) AS databaseBytes
     FROM capture_samples WHERE at BETWEEN :since AND :until GROUP BY 1 ORDER BY 1`
      .replaceAll(":step", String(Math.trunc(step))).replace(":since", "?").replace(":until", "?"),
    Math.trunc(since),
    Math.trunc(until),
  );
  const column = (name: keyof SampleColumns) => rows.map((row) => row[name]);
  return {
    step,
    columns: {
      at: column("at"),
      minutes: column("minutes"),
      received: column("received"),
      stored: column("stored"),
      unreadable: column("unreadable"),
      dropped: column("dropped"),
      decrypted: column("decrypted"),
      noKey: column("noKey"),
      commits: column("commits"),
      commitMsMax: column("commitMsMax"),
      queueMax: column("queueMax"),
      sourcesUp: column("sourcesUp"),
      sources: column("sources"),
      databaseBytes: column("databaseBytes"),
    },
  };
}
