/**
 * The live feed: server-sent events to whoever looks. It hangs behind the commit and may cost
 * capture nothing: while nobody listens a batch costs one comparison, and a client that reads slower
 * than it is told is let go, never waited for.
 *
 * @module
 */
import type { Clock, Timer } from "../capture/clock.ts";
import { type FeedFilter, type FeedPacket, matchesFilter } from "../capture/page_view.ts";
import { textResponse } from "./http_handler.ts";

/** Options of {@linkcode LiveFeed}. */
export interface LiveFeedOptions {
  /** Times heartbeats, status and the window in which packets are counted. */
  readonly clock: Clock;
  /** What every client is told again and again, as JSON; undefined: nothing this time. */
  readonly status: () => Promise<string | undefined>;
  /** Told of each client that is let go because it does not keep up. */
  readonly onSlowClient?: () => void;
  /** Clients at a time. @default 32 */
  readonly maxClients?: number;
  /** Bytes that may wait for a client; one with more is let go. @default 262144 */
  readonly maxClientBytes?: number;
  /** Packets that are shown in a second; the rest is counted. @default 500 */
  readonly maxPerSecond?: number;
  /** Packets kept for clients that come back. @default 500 */
  readonly replay?: number;
  /** Milliseconds between two looks at the status. @default 2000 */
  readonly statusMs?: number;
}

interface Client {
  /** Undefined: it wants everything, as most do. */
  readonly filter: FeedFilter | undefined;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

interface Kept {
  readonly id: number;
  readonly packet: FeedPacket;
  readonly json: string;
}

/** Milliseconds for which packets are kept when the last client has gone: it may only reconnect. */
const LINGER_MS = 30_000;

/** Milliseconds that a browser waits before it connects again. */
const RETRY_MS = 2_000;

const encoder = new TextEncoder();

/** Sends packets and status to any number of clients. */
export class LiveFeed implements Disposable {
  readonly #options: Required<LiveFeedOptions>;
  readonly #clients = new Set<Client>();
  /** Tells this run's event ids from those of the run before. */
  readonly #run: string;
  #kept: Kept[] = [];
  #nextId = 1;
  #slow = 0;
  #second = -1;
  #inSecond = 0;
  #status: Timer | undefined;
  #linger: Timer | undefined;
  #disposed = false;

  /** Sends nothing before somebody connects. */
  constructor(options: LiveFeedOptions) {
    this.#options = {
      maxClients: 32,
      maxClientBytes: 262_144,
      maxPerSecond: 500,
      replay: 500,
      statusMs: 2_000,
      onSlowClient: () => {},
      ...options,
    };
    this.#run = crypto.randomUUID().slice(0, 8);
  }

  /** Whether packets are wanted at all; without it nobody need make any. */
  get wanted(): boolean {
    return this.#clients.size > 0 || this.#linger !== undefined;
  }

  /** Clients that listen now. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Clients that were let go because they did not keep up. */
  get slowClients(): number {
    return this.#slow;
  }

  /**
   * Shows the packets of a commit: `describe(index)` makes each of `count`. Of too many the last
   * are made; the others are only counted.
   */
  publish(count: number, describe: (index: number) => FeedPacket): void {
    if (!this.wanted || count === 0) return;
    const shown = this.#allowance(count);
    const fresh: Kept[] = [];
    for (let index = count - shown; index < count; index++) {
      const packet = describe(index);
      fresh.push({ id: this.#nextId++, packet, json: JSON.stringify(packet) });
    }
    this.#kept.push(...fresh);
    const { replay } = this.#options;
    if (this.#kept.length > replay) this.#kept = this.#kept.slice(-replay);
    const skipped = count - shown;
    let whole: Uint8Array | undefined;
    for (const client of this.#clients) {
      const { filter } = client;
      const event = filter === undefined
        ? whole ??= this.#event(fresh, skipped)
        : this.#event(asked(fresh, filter), skipped);
      if (event !== undefined) this.#send(client, event);
    }
  }

  /**
   * A client's stream of events. With the id of the last event it saw it gets what it missed since,
   * as far as that is kept.
   */
  connect(filter: FeedFilter, lastEventId?: string | null): Response {
    if (this.#disposed || this.#clients.size >= this.#options.maxClients) {
      return textResponse("too many listen already; try again in a minute", 503, {
        "retry-after": "60",
      });
    }
    let client: Client | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const all = Object.values(filter).every((wanted) => wanted === undefined);
        client = { filter: all ? undefined : filter, controller };
        this.#welcome(client, lastEventId ?? undefined);
      },
      cancel: () => {
        if (client !== undefined) this.#gone(client);
      },
    }, new ByteLengthQueuingStrategy({ highWaterMark: this.#options.maxClientBytes }));
    return new Response(body, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        // A proxy that collects the stream before it passes it on would show nothing.
        "x-accel-buffering": "no",
        "cache-control": "no-store, no-transform",
      },
    });
  }

  #welcome(client: Client, lastEventId: string | undefined): void {
    const { clock } = this.#options;
    if (this.#linger !== undefined) clock.clearTimer(this.#linger);
    this.#linger = undefined;
    this.#clients.add(client);
    this.#send(client, encoder.encode(`retry: ${RETRY_MS}\n\n`));
    const [run, id] = (lastEventId ?? "").split("-");
    if (run === this.#run) {
      const missed = this.#kept.filter((one) => one.id > Number(id));
      const event = this.#event(asked(missed, client.filter), 0);
      if (event !== undefined) this.#send(client, event);
    }
    if (this.#status !== undefined) clock.clearTimer(this.#status);
    this.#status = undefined;
    this.#tellStatus();
  }

  /** How many of `count` packets may be shown in this second. */
  #allowance(count: number): number {
    const second = Math.floor(this.#options.clock.monotonic() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    const shown = Math.min(count, this.#options.maxPerSecond - this.#inSecond);
    this.#inSecond += shown;
    return shown;
  }

  /** Packets as an event's bytes; undefined where there is nothing to tell. */
  #event(packets: readonly Kept[], skipped: number): Uint8Array | undefined {
    const last = packets.at(-1);
    if (last === undefined && skipped === 0) return undefined;
    const id = last === undefined ? "" : `id: ${this.#run}-${last.id}\n`;
    const json = packets.map((one) => one.json).join(",");
    return encoder.encode(
      `event: packets\n${id}data: {"packets":[${json}],"skipped":${skipped}}\n\n`,
    );
  }

  /** The status also tells a proxy and the browser that the stream lives. */
  #tellStatus(): void {
    const { clock, status, statusMs } = this.#options;
    const next = () => {
      if (this.#clients.size === 0 || this.#disposed || this.#status !== undefined) return;
      this.#status = clock.setTimer(() => {
        this.#status = undefined;
        this.#tellStatus();
      }, statusMs);
    };
    status().then((json) => {
      const text = json === undefined ? ": alive\n\n" : `event: status\ndata: ${json}\n\n`;
      const bytes = encoder.encode(text);
      for (const client of this.#clients) this.#send(client, bytes);
      next();
    }, next);
  }

  /** `bytes` may go to several clients: nobody changes them. */
  #send(client: Client, bytes: Uint8Array): void {
    if (!this.#clients.has(client)) return;
    const { controller } = client;
    if ((controller.desiredSize ?? 0) <= 0) {
      this.#slow++;
      this.#options.onSlowClient();
      this.#gone(client);
      // What it has not read yet is worth nothing any more.
      controller.error(new Error("the client reads too slowly"));
      return;
    }
    controller.enqueue(bytes);
  }

  #gone(client: Client): void {
    if (!this.#clients.delete(client) || this.#clients.size > 0 || this.#disposed) return;
    const { clock } = this.#options;
    if (this.#status !== undefined) clock.clearTimer(this.#status);
    this.#status = undefined;
    this.#linger = clock.setTimer(() => {
      this.#linger = undefined;
      this.#kept = [];
    }, LINGER_MS);
  }

  /** Ends every stream. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    const { clock } = this.#options;
    for (const timer of [this.#status, this.#linger]) {
      if (timer !== undefined) clock.clearTimer(timer);
    }
    this.#status = this.#linger = undefined;
    for (const { controller } of this.#clients) controller.close();
    this.#clients.clear();
    this.#kept = [];
  }
}

function asked(packets: readonly Kept[], filter: FeedFilter | undefined): readonly Kept[] {
  if (filter === undefined) return packets;
  return packets.filter(({ packet }) => matchesFilter(packet, filter));
}
