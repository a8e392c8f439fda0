/**
 * What a network can say of one packet and of one record, in words for a person. Commands that
 * explain (`decrypt explain`, `check`) know no network: they print these.
 *
 * @module
 */
import type { NetworkName } from "./capture/message.ts";

/** A named fact, such as `["from", "!a1b2c3d4"]`; both fit for a terminal, without a secret. */
export type Fact = readonly [name: string, value: string];

/** One key of the configuration, and what it made of a packet. */
export interface KeyAttempt {
  /** Name of the key: a channel's, or its place in the configuration. Never a byte of it. */
  readonly key: string;
  /** First four bytes of SHA-256 of the key in hex, to tell two keys apart; `-` for no key. */
  readonly fingerprint: string;
  /** Bits of the key: 0, 128 or 256. */
  readonly bits: number;
  /** The hash that a packet of this key carries, as far as that is known, such as `0x08`. */
  readonly hash: string;
  /** Whether the packet's own hash names this key. */
  readonly matches: boolean;
  /** What came of it, in words. */
  readonly result: string;
  /** True for the one key that read the packet. */
  readonly accepted: boolean;
}

/** Everything that can be said of one packet. */
export interface PacketExplanation {
  /** Whose packet it is. */
  readonly network: NetworkName;
  /** What the bytes are, such as `ServiceEnvelope`. */
  readonly form: string;
  /** The header, in the clear. */
  readonly header: readonly Fact[];
  /** How it is encrypted and what the key depends on; empty where nothing is encrypted. */
  readonly encryption: readonly Fact[];
  /** Every key that could have read it; empty where none is needed. */
  readonly attempts: readonly KeyAttempt[];
  /** True when the content could be read. */
  readonly readable: boolean;
  /** What came of it, in a sentence. */
  readonly verdict: string;
  /** What to do about it; absent where nothing is. */
  readonly advice?: string;
  /** What the packet says. */
  readonly content: readonly Fact[];
}

/** How a packet is to be explained. */
export interface ExplainOptions {
  /** Name of the channel, where the packet itself does not bring it. */
  readonly channel?: string;
}

/** What a diagnosis wants to know of a record. */
export interface RecordNotes {
  /** Name of the key that opened it; absent where nothing was opened. */
  readonly key?: string;
  /** Why it could not be read, in words; absent where it could. */
  readonly unreadable?: string;
  /** The channel that an unreadable packet belongs to, as far as its header says. */
  readonly channel?: string;
  /** Who published it, and what its clock said, Unix seconds; absent where it has none. */
  readonly clock?: { readonly of: string; readonly at: number };
}
