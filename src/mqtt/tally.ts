/**
 * What a source counts and remembers of its connection.
 *
 * @module
 */
import type { SourceProblem, SourceStatus } from "./source_types.ts";

/** The part of a source's status that a {@linkcode Tally} knows. */
export type TallySnapshot = Omit<
  SourceStatus,
  "name" | "url" | "clientId" | "paused" | "reconnects" | "failures" | "withheldAcks"
>;

/** The changing part of a {@linkcode SourceStatus}. */
export class Tally {
  /** Redeliveries that were stored before and skipped. */
  duplicates = 0;
  /** Retained messages that were stored before and skipped. */
  retainedSkipped = 0;
  /** Messages that did not fit into the queue and were not taken. */
  overflowed = 0;
  /** What is wrong now. */
  problem: SourceProblem | undefined;
  #connected = false;
  #since = 0;
  #lastMessageAt: number | undefined;
  #qos0 = 0;
  #qos1 = 0;
  #protocol: "5" | "3.1.1" | undefined;
  /** Answers to subscriptions of this connection, by topic filter. */
  #grants = new Map<string, number>();
  #subscribed = false;

  /** The source was started. Times here are Unix milliseconds. */
  begin(at: number): void {
    this.#since = at;
  }

  /** A connection is up. */
  connected(at: number, protocol?: "5" | "3.1.1"): void {
    this.#connected = true;
    this.#since = at;
    this.#protocol = protocol;
    this.#grants = new Map();
    this.#subscribed = false;
  }

  /** The connection is gone. */
  disconnected(at: number): void {
    this.#connected = false;
    this.#subscribed = false;
    this.#since = at;
  }

  /** Notes the broker's answers, and returns which of `topics` are refused now. */
  granted(answers: ReadonlyMap<string, number>, topics: readonly string[]): string[] {
    for (const [topic, code] of answers) this.#grants.set(topic, code);
    const refused = topics.filter((topic) => (this.#grants.get(topic) ?? 128) >= 128);
    this.#subscribed = refused.length === 0;
    return refused;
  }

  /** A message came. */
  received(qos: 0 | 1, at: number): void {
    if (qos === 0) this.#qos0++;
    else this.#qos1++;
    this.#lastMessageAt = at;
  }

  /** The figures as they are now. */
  snapshot(): TallySnapshot {
    const granted = [...this.#grants.values()].filter((code) => code < 128);
    return {
      connected: this.#connected,
      subscribed: this.#subscribed,
      since: this.#since,
      ...(this.#lastMessageAt === undefined ? {} : { lastMessageAt: this.#lastMessageAt }),
      ...(granted.length === 0 || !this.#connected
        ? {}
        : { grantedQos: Math.min(1, ...granted) as 0 | 1 }),
      ...(this.#protocol === undefined ? {} : { protocol: this.#protocol }),
      ...(this.problem === undefined ? {} : { problem: this.problem }),
      delivered: { qos0: this.#qos0, qos1: this.#qos1 },
      duplicates: this.duplicates,
      retainedSkipped: this.retainedSkipped,
      overflowed: this.overflowed,
    };
  }
}
