/**
 * From a PUBLISH packet to a delivery in the queue.
 *
 * @module
 */
import type { IPublishPacket } from "mqtt";
import { digest } from "../capture/digest.ts";
import type { Acknowledger, Message } from "../capture/message.ts";
import type { SourceParts } from "./source_types.ts";
import type { Tally } from "./tally.ts";

/** Takes what a broker delivered: counts it, asks the ledger, and offers it to the sink. */
export function takeIn(
  packet: IPublishPacket,
  acknowledger: Acknowledger,
  source: string,
  parts: SourceParts,
  tally: Tally,
): void {
  const { clock, ledger, sink, retained, events } = parts;
  const qos = packet.qos > 0 ? 1 : 0;
  const arrived = packet.payload as Uint8Array;
  // A view of the socket's buffer would pin all 64 KiB of it.
  const payload = new Uint8Array(arrived.length);
  payload.set(arrived);
  const mark = qos === 1 || packet.retain ? digest(packet.topic, payload) : 0n;
  const receivedAt = clock.now();
  tally.received(qos, receivedAt);
  const known = packet.retain && (retained?.isKnown(packet.topic, mark) ?? false);
  if (known) tally.retainedSkipped++;
  if (known && qos === 0) {
    events?.onReceived?.(qos, payload.length, "retained_known");
    return;
  }
  // The first copy may still be on its way to its commit, so that a known one at QoS 1 takes its
  // place in the queue, too, and is acknowledged in its turn.
  const again = !known && qos === 1 && ledger.admit(packet.messageId!, mark, packet.dup);
  if (again) tally.duplicates++;
  const duplicate = known || again;
  const message: Message = {
    source,
    topic: packet.topic,
    payload,
    receivedAt,
    qos,
    retained: packet.retain,
    redelivered: packet.dup,
    ...(qos === 1 ? { messageId: packet.messageId! } : {}),
  };
  const outcome = known ? "retained_known" : again ? "duplicate" : "offered";
  events?.onReceived?.(qos, payload.length, outcome);
  sink.offer({
    message,
    ...(qos === 1 ? { acknowledger } : {}),
    session: ledger.session,
    digest: mark,
    duplicate,
  });
}
