/**
 * Pre-shared keys as the firmware understands them. A channel's name never enters the key.
 *
 * @module
 */

/** The key behind `AQ==`, known to everybody: it protects nothing, but most traffic uses it. */
const DEFAULT_KEY = "d4f1bb3a20290759f0bcffabcf4e6901";

/** Longest PSK that the firmware takes, in bytes. */
export const MAX_PSK_BYTES = 32;

/** A configured PSK that is no key. It says which one, never what was written. */
export class PskError extends Error {
  /** Survives minifying, so that logs can name it. */
  override readonly name = "PskError";
}

/**
 * Reads a PSK as settings write it: base64, standard or URL alphabet, padding optional.
 *
 * @throws {PskError} when it is not base64 or longer than 32 bytes.
 */
export function parsePsk(text: string): Uint8Array<ArrayBuffer> {
  const normal = text.trim().replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (!/^[A-Za-z0-9+/]*$/.test(normal) || normal.length % 4 === 1) {
    throw new PskError("a PSK must be base64, such as AQ==");
  }
  const bytes = Uint8Array.from(atob(normal), (c) => c.charCodeAt(0));
  if (bytes.length > MAX_PSK_BYTES) {
    throw new PskError(`a PSK has at most ${MAX_PSK_BYTES} bytes, this one has ${bytes.length}`);
  }
  return bytes;
}

/**
 * The AES key that a PSK stands for: 16 or 32 bytes, or none at all (an open channel).
 *
 * - 0 bytes: `primary`'s key, which is none on the primary channel itself;
 * - 1 byte: 0 is none, n is the default key with its last byte increased by n − 1;
 * - 2–15 bytes: padded with zeros to 16; 17–31: to 32; 16 and 32 as they are.
 *
 * @throws {PskError} when it is longer than 32 bytes.
 */
export function expandPsk(
  psk: Uint8Array,
  primary: Uint8Array<ArrayBuffer> = new Uint8Array(0),
): Uint8Array<ArrayBuffer> {
  if (psk.length > MAX_PSK_BYTES) {
    throw new PskError(`a PSK has at most ${MAX_PSK_BYTES} bytes, this one has ${psk.length}`);
  }
  if (psk.length === 0) return primary.slice();
  if (psk.length === 1) {
    const index = psk[0]!;
    if (index === 0) return new Uint8Array(0);
    const key = Uint8Array.from(DEFAULT_KEY.match(/../g)!, (pair) => parseInt(pair, 16));
    key[15] = (key[15]! + index - 1) & 0xff;
    return key;
  }
  const key = new Uint8Array(psk.length <= 16 ? 16 : 32);
  key.set(psk);
  return key;
}
