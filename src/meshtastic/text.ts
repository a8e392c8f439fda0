/**
 * Text that came over the radio. It is meant to be UTF-8 and often is not quite, so every string
 * field is read as bytes and decoded here.
 *
 * @module
 */

// Holds no state between calls (none of them streams). A byte order mark is kept, as Python does.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Valid Unicode from any bytes: what is not UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array | readonly number[]): string {
  const length = bytes.length;
  if (length === 0) return "";
  if (length <= 64) {
    // Names and ids are short ASCII: three times faster than the decoder.
    let ascii = true;
    for (let i = 0; i < length; i++) {
      if (bytes[i]! > 0x7f) {
        ascii = false;
        break;
      }
    }
    if (ascii) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  }
  return utf8.decode(bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes));
}

/**
 * A node's name. The firmware cuts names at a fixed number of bytes, also within a character: the
 * broken tail is dropped. Other invalid bytes become U+FFFD.
 */
export function decodeName(bytes: Uint8Array | readonly number[]): string {
  const end = completeLength(bytes);
  if (end === bytes.length) return decodeText(bytes);
  return decodeText(Uint8Array.from(bytes).subarray(0, end));
}

/** Length of `bytes` without a last character that is cut short. */
function completeLength(bytes: Uint8Array | readonly number[]): number {
  const length = bytes.length;
  for (let back = 1; back <= 3 && back <= length; back++) {
    const byte = bytes[length - back]!;
    if (byte < 0x80) return length;
    if (byte < 0xc0) continue;
    const wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < wanted ? length - back : length;
  }
  return length;
}
