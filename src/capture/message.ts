/**
 * What a broker delivered, before anybody has looked inside.
 *
 * @module
 */

/** Name of a radio network that meshcapture knows; the registry is `src/networks.ts`. */
export type NetworkName = "meshtastic" | "meshcore";

/** One message as a broker delivered it. */
export interface Message {
  /** Name of the configured source that it came through. */
  readonly source: string;
  /** Topic as the broker gave it. */
  readonly topic: string;
  /**
   * A copy, not a view of the socket's buffer; it may stand in one buffer with other payloads. Whoever
   * keeps it beyond its batch, or posts it to a thread, copies it again.
   */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Time of receipt, Unix milliseconds. */
  readonly receivedAt: number;
  /** Quality of service of this delivery (the lower of the publisher's and the subscription's). */
  readonly qos: 0 | 1;
  /** True when the broker had it in store and sent it because we subscribed. */
  readonly retained: boolean;
  /** The DUP flag: delivered before, perhaps; it proves nothing by itself. */
  readonly redelivered: boolean;
  /** Packet identifier at QoS 1, 1–65535. */
  readonly messageId?: number;
}

/**
 * One connection's way to tell its broker that messages are safe. It belongs to one connection:
 * once that has ended, acknowledging is silently nothing, and the broker delivers again.
 */
export interface Acknowledger {
  /** Writes a PUBACK for each id. */
  acknowledge(messageIds: readonly number[]): void;
}

/** A message on its way through the capture queue. */
export interface Delivery {
  /** What was delivered. */
  readonly message: Message;
  /** Present at QoS 1: whom to tell after the commit. */
  readonly acknowledger?: Acknowledger;
  /** The session that `message.messageId` belongs to; it counts up whenever the broker had none for us. */
  readonly session: number;
  /** 64-bit digest of topic and payload (`digest.ts`); 0n at QoS 0, where no ledger needs it. */
  readonly digest: bigint;
  /** The ledger says that this is committed or on its way already: acknowledge, but store nothing. */
  readonly duplicate: boolean;
}
