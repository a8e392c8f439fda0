/// <reference lib="dom" />
/** The page's line to the service: events, and questions. @module */
import type { PacketsEvent, StatusAnswer } from "../page_api.ts";

/** What a {@linkcode Connection} tells. */
export interface ConnectionListener {
  /** The service says how it is. */
  status(answer: StatusAnswer): void;
  /** Packets were committed. */
  packets(event: PacketsEvent): void;
  /** The line is there, or has been lost. */
  line(alive: boolean): void;
}

/** Milliseconds without any event after which the line counts as lost; the status comes every 2 s. */
const SILENT_MS = 10_000;

/** Milliseconds before a line that the browser gave up is tried again. */
const AGAIN_MS = 2_000;

/** Listens to `/api/events`, and connects again for as long as the page is open. */
export class Connection {
  readonly #listener: ConnectionListener;
  #source: EventSource | undefined;
  #heardAt = 0;
  #alive = false;
  #again: number | undefined;

  /** Connects nothing before {@linkcode Connection.open}. */
  constructor(listener: ConnectionListener) {
    this.#listener = listener;
  }

  /** Connects, and watches that something comes. */
  open(): void {
    this.#connect();
    setInterval(() => {
      if (performance.now() - this.#heardAt <= SILENT_MS) return;
      this.#say(false);
      this.#connect();
    }, SILENT_MS / 4);
  }

  #connect(): void {
    clearTimeout(this.#again);
    this.#source?.close();
    this.#heardAt = performance.now();
    const source = new EventSource("/api/events");
    this.#source = source;
    source.addEventListener("status", (event) => {
      this.#heard();
      this.#listener.status(JSON.parse((event as MessageEvent<string>).data));
    });
    source.addEventListener("packets", (event) => {
      this.#heard();
      this.#listener.packets(JSON.parse((event as MessageEvent<string>).data));
    });
    source.onerror = () => {
      this.#say(false);
      // A refusal (a restart, too many listeners) ends an EventSource for good.
      if (source.readyState !== EventSource.CLOSED || this.#source !== source) return;
      clearTimeout(this.#again);
      this.#again = setTimeout(() => this.#connect(), AGAIN_MS) as unknown as number;
    };
  }

  #heard(): void {
    this.#heardAt = performance.now();
    this.#say(true);
  }

  #say(alive: boolean): void {
    if (alive === this.#alive) return;
    this.#alive = alive;
    this.#listener.line(alive);
  }
}

/** The JSON of an address of the service. @throws {Error} saying why there is none. */
export async function ask<T>(path: string): Promise<T> {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  if (!response.ok) throw new Error(`${path} answers ${response.status}`);
  return await response.json() as T;
}
