/** A packet as a person types or pipes it. @module */

/**
 * The bytes that `text` stands for: hex digits (spaces, colons, dashes, commas and `0x` between them
 * are fine), base64 of either alphabet, or an observer's JSON message, which is taken as it is.
 * Undefined: it is none of these. Text that is both hex and base64 is taken for hex; `odd_hex`: hex of
 * which a digit is missing, or one too many. Base64 of a packet has letters beyond F.
 */
export function parsePacketText(text: string): Uint8Array<ArrayBuffer> | "odd_hex" | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  if (trimmed.startsWith("{")) return Uint8Array.from(new TextEncoder().encode(trimmed));
  const hex = trimmed.replace(/0x|[\s:,-]/gi, "");
  if (/^[0-9a-f]+$/i.test(hex)) {
    if (hex.length % 2 === 1) return "odd_hex";
    return Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
  }
  const base64 = trimmed.replace(/\s/g, "").replaceAll("-", "+").replaceAll("_", "/")
    .replace(/=+$/, "");
  if (!/^[A-Za-z0-9+/]+$/.test(base64) || base64.length % 4 === 1) return undefined;
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

/** The bytes of what was piped in: text as above where it is text, else the packet itself. */
export function parsePacketInput(
  input: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | "odd_hex" | undefined {
  if (input.length === 0) return undefined;
  // What people type and tools print is ASCII; a binary packet hardly ever is, all through.
  const isText = input.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13));
  if (!isText) return input;
  return parsePacketText(new TextDecoder().decode(input)) ?? input;
}
