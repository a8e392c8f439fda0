/**
 * Notices the stretches of time in which a source was not covered, so that silence and blindness
 * differ in the database.
 *
 * @module
 */
import type { CaptureGap, Stretch } from "../capture/network.ts";

/** What a {@linkcode GapKeeper} is told and tells. */
export interface GapKeeperOptions {
  /** Name of the source that is watched. */
  readonly source: string;
  /** Unix milliseconds until which the source was heard in an earlier run; undefined: never. */
  readonly heardUntil?: number | undefined;
  /** What {@linkcode GapKeeper.pending} was at the end of the earlier run. */
  readonly pending?: readonly Stretch[] | undefined;
  /** Takes gaps that were found together. `pending`: what may yet prove to be one, from now on. */
  readonly onGaps: (gaps: readonly CaptureGap[], pending: readonly Stretch[]) => void;
}

/** Gaps that may wait for a message to show that they are some. */
const MAX_PENDING = 1000;

/** Milliseconds of a refusal after which a part of it is told, so that a power cut hides no more. */
const TOLD_EVERY_MS = 3_600_000;

/** Follows one source's connections. */
export class GapKeeper {
  readonly #options: GapKeeperOptions;
  #coveredUntil: number | undefined;
  /** Since when a broker has refused all of our subscription, through however many connections. */
  #refusedSince: number | undefined;
  /** True once something that we subscribed to on this connection was granted. */
  #granted = false;
  /** What was found at the first connection of this run. */
  #start: { readonly heardUntil: number; readonly reason: CaptureGap["reason"] } | undefined;
  /**
   * Stretches with the session kept, in which a broker may have kept only what came at QoS 1, or
   * not even that; oldest first.
   */
  #pending: Stretch[];
  /** As many of the newest of them came after the last message that was new. */
  #unheard: number;

  /** Nothing is recorded before the first report. */
  constructor(options: GapKeeperOptions) {
    this.#options = options;
    this.#coveredUntil = options.heardUntil;
    this.#pending = [...options.pending ?? []];
    this.#unheard = Math.min(1, this.#pending.length);
  }

  /**
   * Stretches that are gaps if a message shows it: one at QoS 0, or one that shows that the broker
   * was killed. To be kept with what is known of the source, or a run without any forgets them.
   */
  get pending(): readonly Stretch[] {
    return this.#pending;
  }

  /** A connection is up, `at` Unix milliseconds. */
  connected(sessionPresent: boolean, at: number): void {
    this.#granted = false;
    // What is missing since then is told when the subscription is granted.
    if (this.#refusedSince !== undefined) return;
    const from = this.#coveredUntil;
    const reason = sessionPresent ? "qos0" : "session_lost";
    this.#coveredUntil = at;
    if (from !== undefined) this.#start ??= { heardUntil: from, reason };
    this.#missed(from, at, reason);
  }

  /**
   * The broker has answered our subscription, `at` Unix milliseconds. `granted`: at least a part of it.
   * That a part is refused, health tells; a gap cannot say which.
   */
  subscribed(granted: boolean, at: number): void {
    if (granted) this.#tellRefusal(at, false);
    else this.#refusedSince ??= this.#granted ? at : this.#coveredUntil;
    this.#granted = granted;
  }

  /** To be called now and then, `at` Unix milliseconds: a long refusal is told by the hour. */
  review(at: number): void {
    if (this.#refusedSince !== undefined && at - this.#refusedSince >= TOLD_EVERY_MS) {
      this.#tellRefusal(at, true);
    }
  }

  /**
   * The run ends, and what it knows of its gaps with it, `at` Unix milliseconds. True when all time until
   * then is told.
   */
  ended(at: number): boolean {
    const refused = this.#refusedSince !== undefined;
    this.#tellRefusal(at, false);
    return refused;
  }

  #tellRefusal(at: number, goesOn: boolean): void {
    const from = this.#refusedSince;
    if (from === undefined) return;
    const until = Math.max(from, at);
    this.#refusedSince = goesOn ? until : undefined;
    this.#coveredUntil = until;
    if (until > from) this.#tell([{ from, to: until }], "subscription_refused");
  }

  /**
   * The wall clock was set from `from` to `to` (Unix milliseconds).
   *
   * A machine without a clock of its own starts with some time of the past, often that at which it
   * was switched off, and hears the right one later. So a step forward that comes soon after the start
   * (`early`) is time in which it was off. A step back ends what was noted of a time still to come.
   */
  stepped(from: number, to: number, early: boolean): void {
    if (this.#coveredUntil !== undefined && this.#coveredUntil > to) this.#coveredUntil = to;
    if (this.#refusedSince !== undefined && this.#refusedSince > to) this.#refusedSince = to;
    // Before the first connection there is nothing to add to: its gap will have the right end.
    if (!early || this.#start === undefined) return;
    const { heardUntil, reason } = this.#start;
    this.#missed(Math.max(from, heardUntil), to, reason);
  }

  #missed(from: number | undefined, to: number, reason: CaptureGap["reason"]): void {
    // A clock that was set back makes no gap that could be told.
    if (from === undefined || to <= from) return;
    if (reason === "session_lost") return this.#tell([{ from, to }], reason);
    this.#pending.push({ from, to });
    this.#unheard++;
    // Where all comes at QoS 1, nothing ever settles them.
    if (this.#pending.length > MAX_PENDING) this.#pending.shift();
    this.#unheard = Math.min(this.#unheard, this.#pending.length);
  }

  /**
   * A message was delivered at QoS 0. So there are publishers whose messages a broker does not keep
   * for us, and what they sent while we were away is lost although the session was there.
   */
  deliveredAtQos0(): void {
    if (this.#pending.length > 0) this.#settle(this.#pending.length, "qos0");
  }

  /**
   * The first new message at QoS 1 since a connection with the session kept. `wentBack`: it shows
   * that the broker has gone back to what it had saved, and has lost what it had not.
   */
  resumed(wentBack: boolean): void {
    if (wentBack) this.#settle(this.#unheard, "session_restored");
    this.#unheard = 0;
  }

  /** The connection has ended; it was alive until `at` (Unix milliseconds). */
  disconnected(at: number): void {
    if (this.#refusedSince === undefined) this.#coveredUntil = at;
  }

  /** The newest `n` of the pending stretches are gaps. */
  #settle(n: number, reason: CaptureGap["reason"]): void {
    if (n === 0) return;
    const settled = this.#pending.splice(this.#pending.length - n, n);
    this.#unheard = 0;
    this.#tell(joined(settled), reason);
  }

  #tell(stretches: readonly Stretch[], reason: CaptureGap["reason"]): void {
    const { source, onGaps } = this.#options;
    onGaps(stretches.map(({ from, to }) => ({ source, from, to, reason })), [...this.#pending]);
  }
}

/** The same time in fewer stretches: those that touch the one before, or lie within it, become part of it. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const all: Stretch[] = [];
  for (const { from, to } of stretches) {
    const last = all.at(-1);
    // One that begins before the last was told by a clock that was set back meanwhile: it stays as it is.
    if (last === undefined || from < last.from || from > last.to) all.push({ from, to });
    else all[all.length - 1] = { from: last.from, to: Math.max(last.to, to) };
  }
  return all;
}
