/**
 * Hexadecimal text and bytes. `Uint8Array.fromHex` is missing on older runtimes and would not say
 * what CoreScope says of spaces.
 *
 * @module
 */

const UPPER: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0").toUpperCase(),
);
const LOWER: readonly string[] = UPPER.map((digits) => digits.toLowerCase());

/** Value of a hex digit by character code; 255 for anything else. */
const DIGIT = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 255 : value;
});

/** A byte as two upper-case digits. */
export function upperHex(byte: number): string {
  return UPPER[byte]!;
}

/** Bytes as lower-case hex. */
export function encodeHex(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += LOWER[bytes[i]!];
  return text;
}

/** Bytes as upper-case hex. */
export function encodeHexUpper(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += UPPER[bytes[i]!];
  return text;
}

/**
 * The hex text that a `raw` field means: spaces, line feeds and carriage returns taken out. Tabs
 * and anything else stay, and so make it unreadable, as for CoreScope.
 */
export function stripHex(raw: string): string {
  return /[ \n\r]/.test(raw) ? raw.replace(/[ \n\r]/g, "") : raw;
}

/** The byte whose two digits stand at `at`; undefined where there are none. */
export function hexByteAt(text: string, at: number): number | undefined {
  const high = DIGIT[text.charCodeAt(at)] ?? 255;
  const low = DIGIT[text.charCodeAt(at + 1)] ?? 255;
  return high === 255 || low === 255 ? undefined : (high << 4) | low;
}

/** Reads hex digits of either case; undefined when a character is none or their number is odd. */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = text.charCodeAt(2 * i);
    const low = text.charCodeAt(2 * i + 1);
    if (high > 127 || low > 127) return undefined;
    if (DIGIT[high] === 255 || DIGIT[low] === 255) return undefined;
    bytes[i] = (DIGIT[high]! << 4) | DIGIT[low]!;
  }
  return bytes;
}
