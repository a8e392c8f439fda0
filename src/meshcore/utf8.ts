/**
 * UTF-8 as radios send it: mostly right, sometimes broken.
 *
 * @module
 */

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of valid UTF-8 (a byte order mark stays a character); undefined for anything else. */
export function strictUtf8(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    return STRICT.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Text of possibly broken UTF-8, each byte that belongs to no character replaced by U+FFFD. That is
 * how Go reads it; `TextDecoder` would replace a truncated sequence of two bytes by one character.
 */
export function lenientUtf8(bytes: Uint8Array<ArrayBuffer>): string {
  const text = strictUtf8(bytes);
  if (text !== undefined) return text;
  let out = "";
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at]!);
    const character = length > 0 && at + length <= bytes.length
      ? strictUtf8(bytes.subarray(at, at + length))
      : undefined;
    out += character ?? "\ufffd";
    at += character === undefined ? 1 : length;
  }
  return out;
}

/** Bytes of the sequence that begins with `lead`; 0 when none does. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

/** Bytes that a character takes in UTF-8. */
function characterBytes(codePoint: number): number {
  return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
}

/** Bytes that `text` takes in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) bytes += characterBytes(character.codePointAt(0)!);
  return bytes;
}

/**
 * The longest beginning of `text` that takes at most `maxBytes` in UTF-8 and splits no character.
 * CoreScope cuts names in the middle of one (its decoder.go:400).
 */
export function cutUtf8(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += characterBytes(character.codePointAt(0)!);
    if (bytes > maxBytes) return text.slice(0, end);
    end += character.length;
  }
  return text;
}
