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

/** The ledger of one source, mirrored in memory. */
export class SourceLedger {
  readonly #source: string;
  readonly #store: SessionStore;
  readonly #known = new Uint8Array(LEDGER_IDS);
  readonly #digests = new BigUint64Array(LEDGER_IDS);
  #session: number;
  #lenient = false;

  /** Continues from what the store remembers of the source. */
  constructor(
    source: string,
    state: Pick<SourceState, "session" | "entries">,
    store: SessionStore,
  ) {
    this.#source = source;
    this.#store = store;
    this.#session = state.session;
    for (const [id, digest] of ledgerEntries(state.entries)) this.#note(id, digest);
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
    if (matches && (redelivered || this.#lenient)) return true;
    this.#lenient = false;
    this.#note(messageId, digest);
    return false;
  }

  /**
   * After every CONNACK, before any message is offered. Without a session the ids start anew, so
   * the ledger is emptied, on disk first. With one, a broker that had been killed may deliver again
   * without DUP: until the first arrival that does not match, id and digest suffice.
   */
  async connected(sessionPresent: boolean): Promise<void> {
    if (sessionPresent) {
      this.#lenient = true;
      return;
    }
    this.#lenient = false;
    const next = this.#session + 1;
    await this.#store.beginSession(this.#source, next);
    this.#session = next;
    this.#known.fill(0);
  }

  #note(messageId: number, digest: bigint): void {
    this.#known[messageId] = 1;
    this.#digests[messageId] = digest;
  }
}

/** Collects the entries of one batch, grouped as the store keeps them. */
export class LedgerBatch {
  readonly #groups = new Map<
    string,
    { source: string; session: number; pairs: [number, bigint][] }
  >();

  /** Adds one message that the batch covers. */
  add(source: string, session: number, messageId: number, digest: bigint): void {
    const key = `${session} ${source}`;
    let group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, group = { source, session, pairs: [] });
    group.pairs.push([messageId, digest]);
  }

  /** The blocks, ready to be written. */
  blocks(): LedgerBlock[] {
    return [...this.#groups.values()].map(({ source, session, pairs }) => {
      const entries = new Uint8Array(pairs.length * LEDGER_ENTRY_BYTES);
      const view = new DataView(entries.buffer);
      pairs.forEach(([id, digest], index) => {
        view.setUint16(index * LEDGER_ENTRY_BYTES, id, true);
        view.setBigUint64(index * LEDGER_ENTRY_BYTES + 2, digest, true);
      });
      return { source, session, entries };
    });
  }
}

/** Reads the entries of a block, oldest first. A tail shorter than an entry is left out. */
export function* ledgerEntries(entries: Uint8Array<ArrayBuffer>): Generator<[number, bigint]> {
  const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
  for (let at = 0; at + LEDGER_ENTRY_BYTES <= entries.byteLength; at += LEDGER_ENTRY_BYTES) {
    yield [view.getUint16(at, true), view.getBigUint64(at + 2, true)];
  }
}
