/**
 * From a PUBLISH packet to a delivery in the queue.
 *
 * @module
 */
import { digest } from "../capture/digest.ts";
import type { Acknowledger } from "../capture/message.ts";
import type { PayloadCopies } from "./payload_copies.ts";
import type { SourceParts } from "./source_types.ts";
import type { Tally } from "./tally.ts";

/** What is needed of a PUBLISH packet, whoever parsed it. */
export interface ArrivedPublish {
  /** Topic. */
  readonly topic: string;
  /** Bytes, perhaps in a buffer that others use, too. */
  readonly payload: Uint8Array | string;
  /** QoS of this delivery. */
  readonly qos: 0 | 1 | 2;
  /** The broker had it in store. */
  readonly retain: boolean;
  /** Delivered before, perhaps. */
  readonly dup: boolean;
  /** Packet identifier; undefined at QoS 0. */
  readonly messageId?: number | undefined;
}

/** Takes what a broker delivered: counts it, asks the ledger, and offers it to the sink. */
export function takeIn(
  packet: ArrivedPublish,
  acknowledger: Acknowledger,
  source: string,
  parts: SourceParts,
  tally: Tally,
  copies: PayloadCopies,
): void {
  const { clock, ledger, sink, retained, events } = parts;
  const { topic, retain, dup: redelivered } = packet;
  const qos = packet.qos > 0 ? 1 : 0;
  const payload = copies.copy(packet.payload as Uint8Array);
  const mark = qos === 1 || retain ? digest(topic, payload) : 0n;
  const receivedAt = clock.now();
  tally.received(qos, receivedAt);
  const known = retain && (retained?.isKnown(topic, mark) ?? false);
  if (known) tally.retainedSkipped++;
  if (known && qos === 0) {
    events?.onReceived?.(qos, payload.length, "retained_known");
    return;
  }
  // The first copy may still be on its way to its commit, so that a known one at QoS 1 takes its
  // place in the queue, too, and is acknowledged in its turn.
  const messageId = packet.messageId!;
  const again = !known && qos === 1 && ledger.admit(messageId, mark, redelivered);
  if (again) tally.duplicates++;
  const duplicate = known || again;
  events?.onReceived?.(
    qos,
    payload.length,
    known ? "retained_known" : again ? "duplicate" : "offered",
  );
  const { session } = ledger;
  // Written out: a spread for what only QoS 1 has would cost two more objects a message.
  sink.offer(
    qos === 1
      ? {
        message: {
          source,
          topic,
          payload,
          receivedAt,
          qos,
          retained: retain,
          redelivered,
          messageId,
        },
        acknowledger,
        session,
        digest: mark,
        duplicate,
      }
      : {
        message: { source, topic, payload, receivedAt, qos, retained: retain, redelivered },
        session,
        digest: mark,
        duplicate,
      },
  );
}
