/**
 * What the end of a token means for the connection that was made with it.
 *
 * The brokers of MeshCore that are known look at a token when a client connects, and never again.
 * Others end a connection with its token: that is no trouble, the next one comes with a new token.
 *
 * @module
 */
import type { Clock, Timer } from "../capture/clock.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionEnd } from "./connection_end.ts";

/** Longest time before a token's end at which its connection is made anew, milliseconds. */
const MAX_MARGIN_MS = 60_000;

/** By how much a broker's clock may be ahead of ours when it ends a connection, milliseconds. */
const SLACK_MS = 5000;

/** Milliseconds for saying goodbye. */
const GOODBYE_MS = 1000;

/** One connection's token. */
export class TokenTerm {
  readonly #expiresAt: number;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #renewing = false;

  /** `expiresAt`: Unix milliseconds; Infinity where there is no token. */
  constructor(expiresAt: number, clock: Clock) {
    this.#expiresAt = expiresAt;
    this.#clock = clock;
  }

  /** Ends the accepted connection in order, a tenth of what is left before the token's end. */
  renewInTime(connection: Pick<Connection, "disconnect">): void {
    if (this.#expiresAt === Infinity) return;
    const clock = this.#clock;
    const leftMs = this.#expiresAt - clock.now();
    this.#timer = clock.setTimer(() => {
      this.#renewing = true;
      const deadline = new AbortController();
      const timer = clock.setTimer(() => deadline.abort(), GOODBYE_MS);
      connection.disconnect(deadline.signal).finally(() => clock.clearTimer(timer));
    }, Math.max(0, leftMs - Math.min(MAX_MARGIN_MS, leftMs / 10)));
  }

  /** To be told of the connection's end. True: that was the token's, by us or by the broker. */
  ended(end: ConnectionEnd): boolean {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    if (end.phase === "connecting") return false;
    if (this.#renewing) return true;
    return end.local === undefined && this.#expiresAt <= this.#clock.now() + SLACK_MS;
  }
}
