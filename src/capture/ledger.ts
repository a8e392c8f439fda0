/**
 * Exactly once: which message ids of a session are committed or on their way to it.
 *
 * A broker delivers a QoS 1 message again when it did not get our PUBACK, with the same id and the
 * DUP flag. DUP alone proves nothing (most such messages were never committed), nor does the
 * content (two gateways may well deliver the same bytes); id and digest together do.
 *
 * @module
 */
import type { LedgerBlock, SourceState } from "./network.ts";

/** As many entries as there are packet identifiers. */
export const LEDGER_IDS = 65_536;

/** Bytes of an entry in a {@linkcode LedgerBlock}: id (u16), digest (u64), little-endian. */
export const LEDGER_ENTRY_BYTES = 10;

/** What a {@linkcode SourceLedger} needs of the store. */
export interface SessionStore {
  /** Empties the source's ledger and begins `session`; resolves when that is safe on disk. */
  beginSession(source: string, session: number): Promise<void>;
}

/** What a {@linkcode SourceLedger} may be told beside the store. */
export interface LedgerOptions {
  /**
   * Hears once after each reconnect with the session present, at the first arrival that tells,
   * whether the broker has gone back to an older state of the session.
   */
  readonly onResumed?: (wentBack: boolean) => void;
}

/** Arrivals in order of their ids before a step back means something. */
const MIN_STEPS = 10;

/** A broker that counts its ids up steps back at most once in so many arrivals. */
const STEPS_A_STEP_BACK = 100;

/** The ledger of one source, mirrored in memory. */
export class SourceLedger {
  readonly #source: string;
  readonly #store: SessionStore;
  readonly #known = new Uint8Array(LEDGER_IDS);
  readonly #digests = new BigUint64Array(LEDGER_IDS);
  readonly #onResumed: ((wentBack: boolean) => void) | undefined;
  #session: number;
  #lenient = false;
  #resuming = false;
  /** The broker has begun a session of which the store does not know. */
  #unrecorded = false;
  /** Id of the newest arrival that was no redelivery. */
  #last: number | undefined;
  #steps = 0;
  #stepsBack = 0;

  /** Continues from what the store remembers of the source. */
  constructor(
    source: string,
    state: Pick<SourceState, "session" | "entries">,
    store: SessionStore,
    options: LedgerOptions = {},
  ) {
    this.#source = source;
    this.#store = store;
    this.#onResumed = options.onResumed;
    this.#session = state.session;
    for (const [id, digest] of ledgerEntries(state.entries)) {
      this.#step(id);
      this.#note(id, digest);
    }
  }

  /** The session that messages now belong to. */
  get session(): number {
    return this.#session;
  }

  /**
   * Takes notice of a QoS 1 arrival, in the order of arrival, and says whether it is a duplicate:
   * to be acknowledged in its turn, but not stored.
   *
   * @param messageId packet identifier, 1–65535
   * @param redelivered the DUP flag
   */
  admit(messageId: number, digest: bigint, redelivered: boolean): boolean {
    const matches = this.#known[messageId] === 1 && this.#digests[messageId] === digest;
    if (matches && (redelivered || this.#lenient)) {
      // That is stored and was acknowledged: only an older state of the session holds it as new.
      if (!redelivered) this.#resumed(true);
      return true;
    }
    this.#lenient = false;
    if (!redelivered) this.#resumed(this.#step(messageId) && this.#countsUp());
    this.#note(messageId, digest);
    return false;
  }

  /**
   * After every CONNACK, before any message is offered. Without a session the ids start anew, so
   * the ledger is emptied, on disk first. With one, a broker that had been killed may deliver again
   * without DUP: until the first arrival that does not match, id and digest suffice.
   *
   * Resolves with whether the session is the one that the ledger is of. The broker's may be the one that
   * it began at an earlier connection, of which the store could not take notice.
   */
  async connected(sessionPresent: boolean): Promise<boolean> {
    if (sessionPresent && !this.#unrecorded) {
      this.#lenient = true;
      this.#resuming = true;
      return true;
    }
    this.#lenient = false;
    this.#resuming = false;
    this.#unrecorded = true;
    const next = this.#session + 1;
    await this.#store.beginSession(this.#source, next);
    this.#unrecorded = false;
    this.#session = next;
    this.#known.fill(0);
    this.#last = undefined;
    this.#steps = 0;
    this.#stepsBack = 0;
    return false;
  }

  /**
   * Takes notice of the id of a message that is new to us; true when it lies behind the one before.
   * A broker that counts its ids up, as mosquitto does, goes back only when it was killed and
   * continues from what it had saved.
   */
  #step(id: number): boolean {
    const last = this.#last;
    this.#last = id;
    if (last === undefined) return false;
    // Ids go from 65,535 on to 1.
    const ahead = (id - last + LEDGER_IDS - 1) % (LEDGER_IDS - 1);
    const back = ahead === 0 || ahead > LEDGER_IDS / 2;
    this.#steps++;
    // One upon a reconnect says nothing of how the broker chooses ids.
    if (back && !this.#resuming) this.#stepsBack++;
    return back;
  }

  /** False for a broker that takes any free id, whose steps back mean nothing. */
  #countsUp(): boolean {
    return this.#steps >= MIN_STEPS && (this.#stepsBack - 1) * STEPS_A_STEP_BACK <= this.#steps;
  }

  #resumed(wentBack: boolean): void {
    if (!this.#resuming) return;
    this.#resuming = false;
    this.#onResumed?.(wentBack);
  }

  #note(messageId: number, digest: bigint): void {
    this.#known[messageId] = 1;
    this.#digests[messageId] = digest;
  }
}

/** Collects the entries of one batch, grouped as the store keeps them. */
export class LedgerBatch {
  readonly #groups: Group[] = [];

  /** Adds one message that the batch covers. */
  add(source: string, session: number, messageId: number, digest: bigint): void {
    // A batch has few sources, and hardly ever two sessions of one.
    let group = this.#groups.find((one) => one.source === source && one.session === session);
    if (group === undefined) {
      this.#groups.push(group = { source, session, ids: [], digests: [] });
    }
    group.ids.push(messageId);
    group.digests.push(digest);
  }

  /** The blocks, ready to be written. */
  blocks(): LedgerBlock[] {
    return this.#groups.map(({ source, session, ids, digests }) => {
      const entries = new Uint8Array(ids.length * LEDGER_ENTRY_BYTES);
      const view = new DataView(entries.buffer);
      for (let i = 0; i < ids.length; i++) {
        view.setUint16(i * LEDGER_ENTRY_BYTES, ids[i]!, true);
        view.setBigUint64(i * LEDGER_ENTRY_BYTES + 2, digests[i]!, true);
      }
      return { source, session, entries };
    });
  }
}

interface Group {
  readonly source: string;
  readonly session: number;
  readonly ids: number[];
  readonly digests: bigint[];
}

/** Reads the entries of a block, oldest first. A tail shorter than an entry is left out. */
export function* ledgerEntries(entries: Uint8Array<ArrayBuffer>): Generator<[number, bigint]> {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
  for (let at = 0; at + LEDGER_ENTRY_BYTES <= entries.byteLength; at += LEDGER_ENTRY_BYTES) {
    yield [view.getUint16(at, true), view.getBigUint64(at + 2, true)];
  }
}
