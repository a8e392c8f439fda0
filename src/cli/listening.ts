/**
 * Listens to one source for a while, as the service would, but keeps nothing: what came, what could
 * be read, and what not.
 *
 * @module
 */
import type { Delivery, Message } from "../capture/message.ts";
import type { Network } from "../capture/network.ts";
import type { MessageSink, SourceStatus } from "../mqtt/source_types.ts";
import type { RecordNotes } from "../packet_explanation.ts";

/** Counts by name. */
export type Counts = ReadonlyMap<string, number>;

/** What was heard of a source. */
export interface Heard {
  /** Messages, the retained ones included. */
  readonly messages: number;
  /** Of them, those that the broker had in store: they say nothing of now. */
  readonly retained: number;
  /** By the QoS of delivery. */
  readonly qos: readonly [number, number];
  /** By topic. */
  readonly topics: Counts;
  /** Records by kind of content. */
  readonly types: Counts;
  /** Packets that were opened, by key. */
  readonly keys: Counts;
  /** Records that could not be read, by reason and channel. */
  readonly unreadable: Counts;
  /** Messages that make no record, by reason. */
  readonly drops: Counts;
  /** Seconds by which clocks are ahead of ours, a number for each live message, by owner. */
  readonly clocks: ReadonlyMap<string, readonly number[]>;
}

/** What a {@linkcode Listening} needs of the network. */
export interface ListeningParts {
  /** Reads what comes. */
  readonly decoder: Network<unknown>;
  /** Says what a diagnosis wants to know of a record. */
  readonly notesOf: (record: unknown, message: Message) => RecordNotes;
}

/** Messages and bytes that may wait to be decoded; then the broker waits. */
const MAX_WAITING = 5_000;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** Names that are told apart; anybody may publish under any topic. */
const MAX_NAMES = 2_000;

/** A sink that decodes and counts. */
export class Listening implements MessageSink, Heard {
  readonly #parts: ListeningParts;
  readonly #listeners = new Set<(full: boolean) => void>();
  #waiting: Delivery[] = [];
  #waitingBytes = 0;
  #full = false;
  #working: Promise<void> | undefined;
  messages = 0;
  retained = 0;
  readonly qos: [number, number] = [0, 0];
  readonly topics: Map<string, number> = new Map();
  readonly types: Map<string, number> = new Map();
  readonly keys: Map<string, number> = new Map();
  readonly unreadable: Map<string, number> = new Map();
  readonly drops: Map<string, number> = new Map();
  readonly clocks: Map<string, number[]> = new Map();

  /** Begins with nothing heard. */
  constructor(parts: ListeningParts) {
    this.#parts = parts;
  }

  get full(): boolean {
    return this.#full;
  }

  offer(delivery: Delivery): void {
    this.#waiting.push(delivery);
    this.#waitingBytes += delivery.message.payload.length;
    if (this.#waiting.length >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES) {
      this.#set(true);
    }
    this.#working ??= this.#work().finally(() => this.#working = undefined);
  }

  onFullChange(listener: (full: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when all that came has been counted. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#set(false);
      const decoded = await this.#parts.decoder.decode(batch.map(({ message }) => message));
      batch.forEach(({ message, acknowledger }, i) => {
        this.#countMessage(message);
        const one = decoded[i]!;
        if (one.kind === "drop") add(this.drops, one.reason);
        else this.#countRecord(message, one.record, one.labels.type);
        // A session of our own, and a clean one: this takes nothing away from anybody.
        if (message.messageId !== undefined) acknowledger?.acknowledge([message.messageId]);
      });
    }
  }

  #countMessage(message: Message): void {
    this.messages++;
    if (message.retained) this.retained++;
    this.qos[message.qos]++;
    add(this.topics, message.topic);
  }

  #countRecord(message: Message, record: unknown, type: string): void {
    const { key, unreadable, channel, clock } = this.#parts.notesOf(record, message);
    add(this.types, type);
    if (key !== undefined) add(this.keys, key);
    if (unreadable !== undefined) {
      add(
        this.unreadable,
        channel === undefined ? unreadable : `${unreadable}: channel ${channel}`,
      );
    }
    if (clock === undefined || message.retained) return;
    const ahead = clock.at - message.receivedAt / 1000;
    const known = this.clocks.get(clock.of);
    if (known !== undefined) known.push(ahead);
    else if (this.clocks.size < MAX_NAMES) this.clocks.set(clock.of, [ahead]);
  }

  #set(full: boolean): void {
    if (full === this.#full) return;
    this.#full = full;
    for (const listener of this.#listeners) listener(full);
  }
}

function add(counts: Map<string, number>, name: string): void {
  const known = counts.get(name);
  if (known === undefined && counts.size >= MAX_NAMES) add(counts, "other");
  else counts.set(name, (known ?? 0) + 1);
}

/** What became of listening to one source. */
export interface ListeningResult {
  /** What came. */
  readonly heard: Heard;
  /** The source at the end. */
  readonly status: SourceStatus;
  /** Seconds from the subscription to the end; 0 where there was none. */
  readonly seconds: number;
  /** True when somebody ended it before it was subscribed. */
  readonly endedEarly?: boolean;
  /** Topics with traffic that none of the source's filters matches; asked for where nothing came. */
  readonly elsewhere?: readonly string[];
}
