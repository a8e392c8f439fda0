/**
 * GRP_TXT and GRP_DATA: channel messages, opened where a key is known.
 *
 * @module
 */
import { type ChannelKeyRing, openGroupMessage } from "./channels.ts";
import { encodeHex, encodeHexUpper } from "./hex.ts";
import { hexOf, nonZero, type Payload, tooShort } from "./payload_fields.ts";
import { strictUtf8, utf8Length } from "./utf8.ts";

/** Least bytes of cipher text that CoreScope tries a key on. */
const MIN_CIPHER_BYTES = 5;

/** Reads a group payload: channel hash, MAC, cipher text. */
export function groupPayload(
  type: "GRP_TXT" | "GRP_DATA",
  bytes: Uint8Array<ArrayBuffer>,
  keys: ChannelKeyRing,
): Payload {
  if (bytes.length < 3) return tooShort(type, bytes);
  const mac = bytes.subarray(1, 3);
  const cipher = bytes.subarray(3);
  const channelHash = nonZero(bytes[0]!);
  const channelHashHex = encodeHexUpper(bytes.subarray(0, 1));
  const tried = keys.size > 0 && cipher.length >= MIN_CIPHER_BYTES;
  const opened = tried
    ? openGroupMessage(
      keys,
      bytes[0]!,
      mac,
      cipher,
      type === "GRP_TXT" ? (plain) => readText(plain) !== undefined : undefined,
    )
    : undefined;
  if (opened === undefined) {
    return {
      type,
      mac: encodeHex(mac),
      encryptedData: hexOf(cipher),
      channelHash,
      channelHashHex,
      decryptionStatus: tried ? "decryption_failed" : "no_key",
    };
  }
  const head = {
    channelHash,
    channelHashHex,
    decryptionStatus: "decrypted",
    channel: opened.channel.name,
  };
  if (type === "GRP_DATA") return { type, ...head, ...dataFields(opened.plain) };
  return { type: "CHAN", ...head, ...readText(opened.plain) };
}

/** Timestamp (u32), flags, text up to NUL; undefined when that is no text. */
function readText(plain: Uint8Array<ArrayBuffer>) {
  if (plain.length < 5) return undefined;
  const nul = plain.indexOf(0, 5);
  const message = strictUtf8(plain.subarray(5, nul < 0 ? plain.length : nul));
  if (message === undefined || unprintable(message) > 2) return undefined;
  const sender = senderOf(message);
  const named = sender !== undefined && !/[:[\]]/.test(sender);
  // CoreScope gives the text as sent, but for a sender with nothing to say.
  const text = named && message.length === sender.length + 2 ? "" : message;
  return {
    text: text === "" ? undefined : text,
    sender: named ? sender : undefined,
    sender_timestamp: nonZero(new DataView(plain.buffer, plain.byteOffset).getUint32(0, true)),
  };
}

/** What stands before the first `": "`, when that is 1–49 bytes. */
export function senderOf(message: string): string | undefined {
  const colon = message.indexOf(": ");
  if (colon < 1 || colon >= 50) return undefined;
  const sender = message.slice(0, colon);
  return utf8Length(sender) < 50 ? sender : undefined;
}

/** Control characters other than line feed and tab, and replacement characters. */
function unprintable(text: string): number {
  // deno-lint-ignore no-control-regex
  return text.match(/[\u0000-\u0008\u000b-\u001f\ufffd]/g)?.length ?? 0;
}

/** Type (u16), length (u8), that many bytes. */
function dataFields(plain: Uint8Array<ArrayBuffer>) {
  if (plain.length < 3) return { error: "inner too short" };
  const head = { dataType: plain[0]! | (plain[1]! << 8), dataLen: plain[2]! };
  if (3 + head.dataLen > plain.length) return { ...head, error: "inner data_len exceeds buffer" };
  return { ...head, decryptedBlob: hexOf(plain.subarray(3, 3 + head.dataLen)) };
}
