/**
 * The capture queue of one network: what was received and is not yet being committed.
 *
 * It never drops. It says when it is {@linkcode CaptureQueue.full}, sources then stop reading their
 * sockets, and what was already on its way in still finds a place.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { Delivery } from "./message.ts";

/** Bounds of a {@linkcode CaptureQueue}. */
export interface QueueLimits {
  /** Messages; at least 1. */
  readonly maxMessages: number;
  /** Bytes of payloads and topics; at least 1. */
  readonly maxBytes: number;
}

/** Where sources put what they receive. */
export interface DeliverySink {
  /** Takes a delivery, also when full: the caller stops reading, but never throws anything away. */
  offer(delivery: Delivery): void;
  /** True: read no further until a listener of {@linkcode onFullChange} hears `false`. */
  readonly full: boolean;
  /** Calls `listener` whenever {@linkcode full} changes; returns a function that ends it. */
  onFullChange(listener: (full: boolean) => void): () => void;
}

/** Bytes that a message is counted with: payload, topic and a fixed share for the objects around them. */
export function messageBytes(delivery: Delivery): number {
  return delivery.message.payload.byteLength + delivery.message.topic.length + 200;
}

/** Share of the bounds below which a queue that was full has room again. */
const ROOM_AGAIN = 0.75;

/** A first-in, first-out queue, bounded by messages and bytes. */
export class CaptureQueue implements DeliverySink {
  readonly #limits: QueueLimits;
  readonly #clock: Clock;
  readonly #listeners = new Set<(full: boolean) => void>();
  #items: Delivery[] = [];
  #times: number[] = [];
  #head = 0;
  #bytes = 0;
  #over = false;
  #held = false;
  #lastOfferAt = 0;
  #withheld = 0;
  #onOffer: () => void = () => {};

  /** An empty queue; `clock` tells how long its oldest message waits. */
  constructor(limits: QueueLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Messages in the queue. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Bytes in the queue, as {@linkcode messageBytes} counts them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages in the queue whose broker waits for an acknowledgement. */
  get withheld(): number {
    return this.#withheld;
  }

  /** When the oldest message came, in the clock's monotonic milliseconds; undefined when empty. */
  get oldestAt(): number | undefined {
    return this.#times[this.#head];
  }

  /** When the newest message came, in the clock's monotonic milliseconds. */
  get lastOfferAt(): number {
    return this.#lastOfferAt;
  }

  get full(): boolean {
    return this.#over || this.#held;
  }

  /** Tells sources to stop reading although there is room, as while the database fails. */
  hold(held: boolean): void {
    this.#change(() => this.#held = held);
  }

  /** Whom to wake when something arrives: the pipeline. */
  onOffer(listener: () => void): void {
    this.#onOffer = listener;
  }

  onFullChange(listener: (full: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  offer(delivery: Delivery): void {
    this.#lastOfferAt = this.#clock.monotonic();
    this.#items.push(delivery);
    this.#times.push(this.#lastOfferAt);
    this.#bytes += messageBytes(delivery);
    if (delivery.acknowledger !== undefined) this.#withheld++;
    if (
      !this.#over &&
      (this.size >= this.#limits.maxMessages || this.#bytes >= this.#limits.maxBytes)
    ) this.#change(() => this.#over = true);
    this.#onOffer();
  }

  /** Removes and returns up to `max` of the oldest. */
  take(max: number): Delivery[] {
    const taken = this.#items.slice(this.#head, this.#head + max);
    this.#head += taken.length;
    for (const delivery of taken) {
      this.#bytes -= messageBytes(delivery);
      if (delivery.acknowledger !== undefined) this.#withheld--;
    }
    // Sliding the arrays at every take would copy the whole queue each time.
    if (this.#head >= this.#items.length) {
      this.#items = [];
      this.#times = [];
      this.#head = 0;
    } else if (this.#head > 4096 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#times = this.#times.slice(this.#head);
      this.#head = 0;
    }
    if (
      this.#over && this.size <= this.#limits.maxMessages * ROOM_AGAIN &&
      this.#bytes <= this.#limits.maxBytes * ROOM_AGAIN
    ) this.#change(() => this.#over = false);
    return taken;
  }

  #change(set: () => void): void {
    const before = this.full;
    set();
    const after = this.full;
    if (before !== after) { for (const listener of this.#listeners) listener(after); }
  }
}
