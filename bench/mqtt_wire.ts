/**
 * MQTT 3.1.1 as bytes, as little as a publisher and a subscriber of a benchmark need: a client
 * library would cost more than the service that is measured.
 *
 * @module
 */

/** Types of control packets. */
export const CONNACK = 2, PUBLISH = 3, PUBACK = 4, SUBACK = 9;

const UTF8 = new TextEncoder();
const CLEAN = 0x02;

/** CONNECT without keep-alive. `clean`: the broker forgets what it kept for this client id. */
export function connectPacket(clientId: string, clean: boolean): Uint8Array<ArrayBuffer> {
  const head = [...text("MQTT"), 4, clean ? CLEAN : 0, 0, 0];
  return framed(0x10, Uint8Array.from([...head, ...text(clientId)]));
}

/** SUBSCRIBE to one filter. */
export function subscribePacket(
  id: number,
  filter: string,
  qos: 0 | 1,
): Uint8Array<ArrayBuffer> {
  return framed(0x82, Uint8Array.from([id >> 8, id & 0xff, ...text(filter), qos]));
}

/** PUBLISH; `id` (1 to 65,535) counts at QoS 1 alone. */
export function publishPacket(
  topic: string,
  payload: Uint8Array,
  qos: 0 | 1,
  id: number,
): Uint8Array<ArrayBuffer> {
  const head = [...text(topic), ...(qos === 1 ? [id >> 8, id & 0xff] : [])];
  const body = new Uint8Array(head.length + payload.length);
  body.set(head);
  body.set(payload, head.length);
  return framed(0x30 | qos << 1, body);
}

/** PUBACK packets for ids, one after another. */
export function pubackPackets(ids: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(ids.length * 4);
  ids.forEach((id, i) => bytes.set([0x40, 2, id >> 8, id & 0xff], i * 4));
  return bytes;
}

/** DISCONNECT. */
export const disconnectPacket: Uint8Array<ArrayBuffer> = Uint8Array.of(0xe0, 0);

/** Packet id of a PUBLISH's body at QoS 1. */
export function publishId(body: Uint8Array): number {
  const at = 2 + (body[0]! << 8 | body[1]!);
  return body[at]! << 8 | body[at + 1]!;
}

/** Cuts a stream of bytes into packets. */
export class PacketStream {
  #rest = new Uint8Array();

  /**
   * Calls `take` for each packet that is complete: its type, the flags of its first byte, and a view
   * of its body.
   */
  feed(chunk: Uint8Array, take: (type: number, flags: number, body: Uint8Array) => void): void {
    const bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk);
    let at = 0;
    for (;;) {
      let length = 0;
      let place = at + 1;
      let factor = 1;
      let more = true;
      while (more && place < bytes.length) {
        const byte = bytes[place++]!;
        length += (byte & 0x7f) * factor;
        factor *= 128;
        more = (byte & 0x80) !== 0;
      }
      if (more || place + length > bytes.length) break;
      take(bytes[at]! >> 4, bytes[at]! & 0x0f, bytes.subarray(place, place + length));
      at = place + length;
    }
    this.#rest = bytes.slice(at);
  }
}

function text(value: string): Uint8Array {
  const bytes = UTF8.encode(value);
  return joined(Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes);
}

function framed(first: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = [first];
  let length = body.length;
  do {
    head.push(length % 128 | (length >= 128 ? 0x80 : 0));
    length = Math.floor(length / 128);
  } while (length > 0);
  return joined(Uint8Array.from(head), body);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
