/**
 * Traffic in a file, so that a publisher of its own process need not make it: for each message two
 * lengths (u16, u32), the topic, the payload.
 *
 * @module
 */

/** A message to publish. */
export interface BenchMessage {
  /** Topic. */
  readonly topic: string;
  /** Payload. */
  readonly payload: Uint8Array;
}

const HEAD = 6;

/** Bytes of a file that holds `messages`. */
export function encodeTraffic(messages: readonly BenchMessage[]): Uint8Array<ArrayBuffer> {
  const topics = messages.map(({ topic }) => new TextEncoder().encode(topic));
  const size = messages.reduce(
    (sum, { payload }, i) => sum + HEAD + topics[i]!.length + payload.length,
    0,
  );
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  messages.forEach(({ payload }, i) => {
    const topic = topics[i]!;
    view.setUint16(at, topic.length);
    view.setUint32(at + 2, payload.length);
    bytes.set(topic, at + HEAD);
    bytes.set(payload, at + HEAD + topic.length);
    at += HEAD + topic.length + payload.length;
  });
  return bytes;
}

/** The messages of {@linkcode encodeTraffic}; payloads are views. */
export function decodeTraffic(bytes: Uint8Array<ArrayBuffer>): BenchMessage[] {
  const messages: BenchMessage[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length;) {
    const topicEnd = at + HEAD + view.getUint16(at);
    const end = topicEnd + view.getUint32(at + 2);
    messages.push({
      topic: decoder.decode(bytes.subarray(at + HEAD, topicEnd)),
      payload: bytes.subarray(topicEnd, end),
    });
    at = end;
  }
  return messages;
}

/** Reads a file. */
export function readTraffic(path: string): BenchMessage[] {
  return decodeTraffic(Deno.readFileSync(path));
}
