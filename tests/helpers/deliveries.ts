/** Deliveries for tests. @module */
import type { Acknowledger, Delivery, Message } from "../../src/capture/message.ts";

/** UTF-8 of `text`, in a buffer of its own. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  // Deno 2.4 types what an encoder gives with any buffer.
  return new Uint8Array(new TextEncoder().encode(text));
}

/** A message with sensible defaults. */
export function message(over: Partial<Message> = {}): Message {
  return {
    source: "s",
    topic: "t",
    payload: new Uint8Array([1]),
    receivedAt: 1_760_000_000_000,
    qos: 0,
    retained: false,
    redelivered: false,
    ...over,
  };
}

/** A QoS 1 delivery. */
export function delivery(
  id: number,
  acknowledger: Acknowledger,
  over: Partial<Delivery> = {},
): Delivery {
  return {
    message: message({ qos: 1, messageId: id, payload: bytes(`payload ${id}`) }),
    acknowledger,
    session: 1,
    digest: BigInt(id) * 1000n,
    duplicate: false,
    ...over,
  };
}

/** Notes what was acknowledged. */
export class RecordingAcknowledger implements Acknowledger {
  readonly ids: number[] = [];
  acknowledge(messageIds: readonly number[]): void {
    this.ids.push(...messageIds);
  }
}
