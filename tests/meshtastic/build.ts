/** Builds Meshtastic messages for tests: the reverse of the decoder. @module */
import type { Message } from "../../src/capture/message.ts";
import { parseProtoFiles } from "../../scripts/parse_proto_files.ts";

const root = parseProtoFiles().resolveAll();

/** Bytes of a message, its fields named as in `proto/`; `type` without the package. */
export function encode(type: string, fields: Record<string, unknown>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(root.lookupType(`meshtastic.${type}`).encode(fields).finish());
}

/** A packet's header as most tests want it. */
export const HEADER = {
  from: 0x11223344,
  to: 0xffffffff,
  id: 0x55667788,
  rx_time: 1_760_000_000,
  rx_snr: -7.25,
  rx_rssi: -101,
  hop_limit: 2,
  hop_start: 5,
};

/** An envelope around a packet. */
export function envelope(
  packet: Record<string, unknown>,
  channelId = "LongFast",
  gatewayId = "!0a0b0c0d",
): Uint8Array<ArrayBuffer> {
  return encode("ServiceEnvelope", {
    packet: { ...HEADER, ...packet },
    channel_id: channelId,
    gateway_id: gatewayId,
  });
}

/** A message as a broker delivers it. */
export function message(
  payload: Uint8Array<ArrayBuffer>,
  topic = "msh/EU_868/2/e/LongFast/!0a0b0c0d",
  rest: Partial<Message> = {},
): Message {
  return {
    source: "test",
    topic,
    payload,
    receivedAt: 1_760_000_000_250,
    qos: 0,
    retained: false,
    redelivered: false,
    ...rest,
  };
}

/** AES-CTR as the firmware does it. */
export async function encrypt(
  keyBytes: Uint8Array<ArrayBuffer>,
  id: number,
  from: number,
  plaintext: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  if (keyBytes.length === 0) return plaintext;
  const counter = new Uint8Array(16);
  const view = new DataView(counter.buffer);
  view.setUint32(0, id, true);
  view.setUint32(8, from, true);
  const key = await crypto.subtle.importKey("raw", keyBytes, "AES-CTR", false, ["encrypt"]);
  const algorithm = { name: "AES-CTR", counter, length: 128 };
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plaintext));
}
