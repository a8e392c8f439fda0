/**
 * The embedded broker as a source of messages: what clients publish goes straight into the capture
 * queue, and a publisher at QoS 1 has its PUBACK after the commit.
 *
 * @module
 */
import { digest } from "../capture/digest.ts";
import type { Acknowledger, Message } from "../capture/message.ts";
import { type EmbeddedBroker, ListenError, type Publication } from "./embedded_broker.ts";
import type { Source, SourceParts, SourceStatus } from "./source_types.ts";
import { Tally } from "./tally.ts";
import { topicMatches } from "./topic_filter.ts";

/** Settings of an {@linkcode EmbeddedSource}. */
export interface EmbeddedSourceOptions {
  /** Name of the source. */
  readonly name: string;
  /** Topic filters; what else is published is passed on to subscribers, but not captured. */
  readonly topics: readonly string[];
  /** Bytes of payloads that may wait here while the queue is full. Default 16 MiB. */
  readonly maxWaitingBytes?: number;
}

/**
 * Bytes that may wait while the queue is full. Each publisher is read no further than one piece of
 * its stream, but those that come back again and again bring another piece each time.
 */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** A source that is fed by an {@linkcode EmbeddedBroker}; several may share one broker. */
export class EmbeddedSource implements Source {
  /** Name of the source. */
  readonly name: string;
  readonly #options: EmbeddedSourceOptions;
  readonly #broker: EmbeddedBroker;
  readonly #parts: SourceParts;
  readonly #tally = new Tally();
  #waiting: [Publication, () => void][] = [];
  #waitingBytes = 0;
  readonly #acknowledgers = new WeakMap<object, PublisherAcks>();
  #withheld = 0;
  #ready = false;
  #stopped = false;
  #detach: (() => void)[] = [];

  /** The broker stays the caller's: started by us if need be, disposed of by its owner. */
  constructor(options: EmbeddedSourceOptions, broker: EmbeddedBroker, parts: SourceParts) {
    this.name = options.name;
    this.#options = options;
    this.#broker = broker;
    this.#parts = parts;
  }

  /**
   * Listens, and takes what is published from now on.
   *
   * @throws {ListenError} as {@linkcode EmbeddedBroker.start} does; status says the same.
   */
  async start(): Promise<void> {
    const { clock, sink, events } = this.#parts;
    this.#tally.begin(clock.now());
    this.#detach = [
      sink.onFullChange((full) => {
        if (!full) this.#release();
        this.#changed();
      }),
      // Before it listens, so that no publication slips by.
      this.#broker.attach({
        wants: (topic) => this.#options.topics.some((filter) => topicMatches(filter, topic)),
        take: (publication, settled) => this.#take(publication, settled),
      }),
    ];
    try {
      await this.#broker.start();
    } catch (error) {
      if (error instanceof ListenError) {
        this.#tally.problem = { reason: error.reason, detail: error.message };
        this.#changed();
      }
      // So that it can be started again.
      this.#detachAll();
      throw error;
    }
    this.#tally.problem = undefined;
    const at = clock.now();
    this.#tally.connected(at, "3.1.1");
    const { topics } = this.#options;
    this.#tally.granted(new Map(topics.map((topic) => [topic, 1])), topics);
    // Publishers keep what we did not acknowledge, so as a session this one is never lost.
    await events?.onConnected?.({ sessionPresent: true, at });
    this.#ready = true;
    this.#release();
    this.#changed();
  }

  stopReading(): void {
    this.#stopped = true;
  }

  /** Ends the clients' connections; they come back by themselves. */
  forceReconnect(): void {
    this.#broker.dropClients();
  }

  /** State and figures, as they are now. */
  status(): SourceStatus {
    return {
      ...this.#tally.snapshot(),
      name: this.name,
      url: `embedded://${this.#broker.host}:${this.#broker.port}`,
      reconnects: 0,
      failures: 0,
      withheldAcks: this.#withheld,
      paused: this.#stopped || this.#parts.sink.full,
    };
  }

  /** Takes nothing more. The broker goes on: it may have other sources. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#detachAll();
    this.#tally.disconnected(this.#parts.clock.now());
  }

  #detachAll(): void {
    for (const detach of this.#detach) detach();
    this.#detach = [];
  }

  get #open(): boolean {
    return this.#ready && !this.#stopped && !this.#parts.sink.full;
  }

  #take(publication: Publication, settled: () => void): void {
    // Not settled, so the publisher is read no further: that is the backpressure.
    if (this.#open && this.#waiting.length === 0) return this.#deliver(publication, settled);
    const { maxWaitingBytes = MAX_WAITING_BYTES } = this.#options;
    const bytes = publication.payload.length;
    if (this.#waitingBytes + bytes > maxWaitingBytes) this.#forgetOrphans();
    if (this.#waitingBytes + bytes > maxWaitingBytes) {
      // At QoS 1 its publisher keeps it and comes back with it.
      if (publication.qos === 0) this.#tally.overflowed++;
      this.#parts.log.debug("no room for a publication", { source: this.name, bytes });
      return publication.refuse();
    }
    this.#waiting.push([publication, settled]);
    this.#waitingBytes += bytes;
  }

  /** Drops what publishers that are gone will publish again. */
  #forgetOrphans(): void {
    this.#waiting = this.#waiting.filter(([{ qos, orphaned }]) => qos === 0 || !orphaned);
    this.#waitingBytes = this.#waiting.reduce((sum, [{ payload }]) => sum + payload.length, 0);
  }

  #release(): void {
    while (this.#waiting.length > 0 && this.#open) {
      const [publication, settled] = this.#waiting.shift()!;
      this.#waitingBytes -= publication.payload.length;
      this.#deliver(publication, settled);
    }
  }

  #deliver(publication: Publication, settled: () => void): void {
    const { clock, ledger, sink, events } = this.#parts;
    const { topic, payload, qos, redelivered } = publication;
    const receivedAt = clock.now();
    const base = { source: this.name, topic, payload, receivedAt, retained: false, redelivered };
    this.#tally.received(qos, receivedAt);
    if (qos === 0) {
      events?.onReceived?.(0, payload.length, "offered");
      const message: Message = { ...base, qos };
      sink.offer({ message, session: ledger.session, digest: 0n, duplicate: false });
      settled();
      return;
    }
    const messageId = ledgerId(publication.clientId, publication.messageId!);
    const mark = digest(topic, payload);
    const duplicate = ledger.admit(messageId, mark, redelivered);
    if (duplicate) this.#tally.duplicates++;
    let acknowledger = this.#acknowledgers.get(publication.connection);
    if (acknowledger === undefined) {
      acknowledger = new PublisherAcks(() => this.#withheld--);
      this.#acknowledgers.set(publication.connection, acknowledger);
    }
    acknowledger.expect(messageId, settled);
    this.#withheld++;
    events?.onReceived?.(1, payload.length, duplicate ? "duplicate" : "offered");
    const message: Message = { ...base, qos, messageId };
    sink.offer({ message, acknowledger, session: ledger.session, digest: mark, duplicate });
  }

  #changed(): void {
    this.#parts.events?.onStateChange?.(this.status());
  }
}

/**
 * The id, 1–65535, under which a publisher's message is known to the ledger. Publishers count their
 * packet identifiers each from 1, so without a distance between them they would overwrite each
 * other's entries. For one publisher no two identifiers share an id.
 */
export function ledgerId(clientId: string, messageId: number): number {
  const distance = Number(digest(clientId, new Uint8Array(0)) % 65_535n);
  return (messageId + distance) % 65_535 + 1;
}

/** Acknowledges to one publisher's connection. */
class PublisherAcks implements Acknowledger {
  readonly #pending = new Map<number, (() => void)[]>();
  readonly #onAcknowledged: () => void;

  constructor(onAcknowledged: () => void) {
    this.#onAcknowledged = onAcknowledged;
  }

  expect(messageId: number, settled: () => void): void {
    const others = this.#pending.get(messageId);
    if (others === undefined) this.#pending.set(messageId, [settled]);
    else others.push(settled);
  }

  acknowledge(messageIds: readonly number[]): void {
    for (const id of messageIds) {
      const [settled, ...others] = this.#pending.get(id) ?? [];
      if (settled === undefined) continue;
      if (others.length === 0) this.#pending.delete(id);
      else this.#pending.set(id, others);
      this.#onAcknowledged();
      settled();
    }
  }
}
