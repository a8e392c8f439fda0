/** A progress line for long work: on standard error, and only on a terminal. @module */
import type { Terminal } from "./terminal.ts";

/** Milliseconds between two drawings. */
const EVERY_MS = 200;

/** Draws how many of something are done. */
export class Progress implements Disposable {
  readonly #terminal: Terminal;
  readonly #what: string;
  readonly #startedAt: number;
  #drawnAt = -Infinity;
  #drawn = false;

  /** `what` is counted, such as `messages`; nothing is drawn where stderr is no terminal. */
  constructor(terminal: Terminal, what: string) {
    this.#terminal = terminal;
    this.#what = what;
    this.#startedAt = terminal.clock.monotonic();
  }

  /** Says that `done` are done, of `total` where that is known. */
  at(done: number, total?: number): void {
    if (!this.#terminal.interactive) return;
    const now = this.#terminal.clock.monotonic();
    if (now - this.#drawnAt < EVERY_MS) return;
    this.#drawnAt = now;
    const rate = Math.round(done / Math.max(0.001, (now - this.#startedAt) / 1000));
    const share = total === undefined ? "" : ` of ${total} (${Math.floor(done / total * 100)} %)`;
    this.#terminal.draw(`${done}${share} ${this.#what}, ${rate}/s`);
    this.#drawn = true;
  }

  /** Takes the line away. */
  [Symbol.dispose](): void {
    if (this.#drawn) this.#terminal.draw("");
  }
}
