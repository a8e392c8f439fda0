/**
 * What a source did and when, for the watchdog and for whoever shows it: both by the wall clock and
 * by one that never jumps.
 *
 * @module
 */
import type { Clock } from "../capture/clock.ts";
import type { WatchedSource } from "./watchdog.ts";

/** Seconds over which recent messages are counted. */
const WINDOW_SECONDS = 300;

/** Figures of a source. Times are Unix milliseconds; undefined: never. */
export interface SourceFigures {
  /** Name as configured. */
  readonly name: string;
  /** Address; shown without user information. */
  readonly url: string;
  /** Whether there is a connection now. */
  readonly connected: boolean;
  /** When the last connection came up. */
  readonly connectedAt: number | undefined;
  /** When the last connection was lost. */
  readonly disconnectedAt: number | undefined;
  /** The last message that came in. */
  readonly receivedAt: number | undefined;
  /** The last commit that held a message of this source. */
  readonly settledAt: number | undefined;
  /** Connections made since the start. */
  readonly connects: number;
  /** Connections lost since the start; attempts that failed are none. */
  readonly disconnects: number;
  /** Messages since the start. */
  readonly messages: number;
  /** Messages of the last five minutes. */
  readonly recentMessages: number;
  /** Why there is no connection, where there is none. */
  readonly problem: string | undefined;
}

/** Counts what one source does. Every method but the last two is cheap enough for each message. */
export class SourceActivity {
  readonly #clock: Clock;
  readonly #started: number;
  readonly #counts = new Uint32Array(WINDOW_SECONDS);
  readonly #seconds = new Float64Array(WINDOW_SECONDS).fill(-1);
  #connected = false;
  #since: number;
  #received: Moment | undefined;
  #settled: Moment | undefined;
  #connectedAt: number | undefined;
  #disconnectedAt: number | undefined;
  #connects = 0;
  #disconnects = 0;
  #messages = 0;
  #problem: string | undefined;

  /** A source that is not connected yet, and has brought nothing. */
  constructor(readonly name: string, readonly url: string, clock: Clock) {
    this.#clock = clock;
    this.#started = this.#since = clock.monotonic();
  }

  /** A message came in. */
  received(): void {
    this.#messages++;
    const { steady } = this.#received = this.#now();
    const second = Math.floor((steady - this.#started) / 1000);
    const slot = second % WINDOW_SECONDS;
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second;
      this.#counts[slot] = 0;
    }
    this.#counts[slot]!++;
  }

  /** A batch that held messages of this source was committed. */
  settled(): void {
    this.#settled = this.#now();
  }

  /** True where the last message came after the last commit that held some. */
  get unsettled(): boolean {
    return this.#received !== undefined && this.#received.steady > (this.#settled?.steady ?? -1);
  }

  /** A connection is up. */
  connected(): void {
    this.#change(true);
    this.#connects++;
    this.#connectedAt = this.#clock.now();
    this.#problem = undefined;
  }

  /** The connection is gone, or could not be made. */
  disconnected(problem?: string): void {
    if (this.#connected) {
      this.#disconnects++;
      this.#disconnectedAt = this.#clock.now();
    }
    this.#change(false);
    if (problem !== undefined) this.#problem = problem;
  }

  /** The figures as they are now. */
  figures(): SourceFigures {
    const oldest = Math.floor((this.#clock.monotonic() - this.#started) / 1000) - WINDOW_SECONDS;
    let recentMessages = 0;
    this.#seconds.forEach((second, slot) => {
      if (second > oldest && second >= 0) recentMessages += this.#counts[slot]!;
    });
    return {
      name: this.name,
      url: this.url,
      connected: this.#connected,
      connectedAt: this.#connectedAt,
      disconnectedAt: this.#disconnectedAt,
      receivedAt: this.#received?.wall,
      settledAt: this.#settled?.wall,
      connects: this.#connects,
      disconnects: this.#disconnects,
      messages: this.#messages,
      recentMessages,
      problem: this.#problem,
    };
  }

  /** For the watchdog; see there for `paused` and `canReconnect`. */
  watched(paused: boolean, canReconnect: boolean): WatchedSource {
    return {
      name: this.name,
      connected: this.#connected,
      since: this.#since,
      receivedAt: this.#received?.steady,
      settledAt: this.#settled?.steady,
      paused,
      canReconnect,
    };
  }

  #change(connected: boolean): void {
    if (connected || this.#connected) this.#since = this.#clock.monotonic();
    this.#connected = connected;
  }

  #now(): Moment {
    return { wall: this.#clock.now(), steady: this.#clock.monotonic() };
  }
}

/** One moment by both clocks, in milliseconds. */
interface Moment {
  readonly wall: number;
  readonly steady: number;
}
