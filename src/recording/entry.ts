/**
 * What a source of recorded traffic yields, whether it is a file or somebody's database: a message,
 * or a place that could not be read and why. A replay handles both kinds in one loop.
 *
 * @module
 */
import type { Message } from "../capture/message.ts";

/** One place in recorded traffic. */
export type RecordedEntry =
  | { readonly kind: "message"; readonly message: Message }
  | RecordedProblem;

/** A place that holds no message that can be used. */
export interface RecordedProblem {
  /** Tells it from a message. */
  readonly kind: "problem";
  /** Line number from 1 in a file; row id in a database. */
  readonly position: number;
  /** From a closed set, for counting. */
  readonly reason: ProblemReason;
  /** For a person; never needed to decide anything. */
  readonly detail: string;
}

/** Why a place could not be used. */
export type ProblemReason =
  /** The last line, of a recording that was ended by force while it was written. */
  | "cut_off"
  | "too_long"
  | "not_utf8"
  | "not_json"
  | "not_an_object"
  | "bad_ts"
  | "bad_topic"
  | "bad_payload"
  | "bad_qos"
  | "bad_retain"
  | "bad_source"
  | "no_envelope";

/** Recorded traffic in the order in which it was received. */
export interface Recording {
  /** Reads from the beginning. @throws the signal's reason when it is aborted. */
  entries(signal?: AbortSignal): AsyncIterable<RecordedEntry>;
}

/** What {@linkcode messagesOf} has met so far. */
export class ReadTally {
  /** Entries that are messages. */
  messages = 0;
  /** Entries that are none. */
  problems = 0;
  /** Problems by reason. */
  readonly byReason: Map<ProblemReason, number> = new Map();

  /** Counts one entry. */
  add(entry: RecordedEntry): void {
    if (entry.kind === "message") {
      this.messages++;
      return;
    }
    this.problems++;
    this.byReason.set(entry.reason, (this.byReason.get(entry.reason) ?? 0) + 1);
  }
}

/**
 * The messages alone. Every entry is counted in `tally`, and each problem is told to `onProblem`,
 * so that nothing is left out unseen.
 */
export async function* messagesOf(
  recording: Recording,
  tally: ReadTally,
  options: { onProblem?: (problem: RecordedProblem) => void; signal?: AbortSignal } = {},
): AsyncGenerator<Message, void, undefined> {
  for await (const entry of recording.entries(options.signal)) {
    tally.add(entry);
    if (entry.kind === "message") yield entry.message;
    else options.onProblem?.(entry);
  }
}
