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

/** Deliveries of a {@linkcode Chunk}. */
const CHUNK = 1024;

/**
 * A piece of the queue. One array for all of it would be copied again and again as it grows, and hold
 * thousands of deliveries that are long committed.
 */
class Chunk {
  readonly #items: (Delivery | undefined)[] = new Array(CHUNK);
  readonly #times = new Float64Array(CHUNK);
  #head = 0;
  #tail = 0;

  get empty(): boolean {
    return this.#head === this.#tail;
  }

  /** True: nothing can be added any more. */
  get full(): boolean {
    return this.#tail === CHUNK;
  }

  /** When the oldest came; the chunk must not be empty. */
  get oldestAt(): number {
    return this.#times[this.#head]!;
  }

  add(delivery: Delivery, at: number): void {
    this.#items[this.#tail] = delivery;
    this.#times[this.#tail++] = at;
  }

  /** Removes the oldest; the chunk must not be empty. */
  remove(): Delivery {
    const delivery = this.#items[this.#head]!;
    this.#items[this.#head++] = undefined;
    return delivery;
  }
}

/** A first-in, first-out queue, bounded by messages and bytes. */
export class CaptureQueue implements DeliverySink {
  readonly #limits: QueueLimits;
  readonly #clock: Clock;
  readonly #listeners = new Set<(full: boolean) => void>();
  /** Oldest first; only the last may be empty. */
  readonly #chunks = [new Chunk()];
  #size = 0;
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
    return this.#size;
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
    return this.#size === 0 ? undefined : this.#chunks[0]!.oldestAt;
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
    let last = this.#chunks.at(-1)!;
    if (last.full) this.#chunks.push(last = new Chunk());
    last.add(delivery, this.#lastOfferAt);
    this.#size++;
    this.#bytes += messageBytes(delivery);
    if (delivery.acknowledger !== undefined) this.#withheld++;
    if (
      !this.#over &&
      (this.#size >= this.#limits.maxMessages || this.#bytes >= this.#limits.maxBytes)
    ) this.#change(() => this.#over = true);
    this.#onOffer();
  }

  /** Removes and returns up to `max` of the oldest. */
  take(max: number): Delivery[] {
    const taken = new Array<Delivery>(Math.min(max, this.#size));
    for (let i = 0; i < taken.length; i++) {
      const delivery = taken[i] = this.#remove();
      this.#bytes -= messageBytes(delivery);
      if (delivery.acknowledger !== undefined) this.#withheld--;
    }
    if (
      this.#over && this.#size <= this.#limits.maxMessages * ROOM_AGAIN &&
      this.#bytes <= this.#limits.maxBytes * ROOM_AGAIN
    ) this.#change(() => this.#over = false);
    return taken;
  }

  #remove(): Delivery {
    const first = this.#chunks[0]!;
    const delivery = first.remove();
    if (first.empty && first.full) {
      this.#chunks.shift();
      if (this.#chunks.length === 0) this.#chunks.push(new Chunk());
    }
    this.#size--;
    return delivery;
  }

  #change(set: () => void): void {
    const before = this.full;
    set();
    const after = this.full;
    if (before === after) return;
    for (const listener of [...this.#listeners]) {
      // A source that reads on may fill the queue at once: then all have been told, and this is old.
      if (this.full !== after) return;
      if (!this.#listeners.delete(listener)) continue;
      // Last the next time, so that others have their turn.
      this.#listeners.add(listener);
      listener(after);
    }
  }
}
