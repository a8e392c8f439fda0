/** Text as bytes. @module */

const ENCODER = new TextEncoder();

/** UTF-8 bytes of `text`. The copy is for the type: not every Deno says whose buffer it is. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(ENCODER.encode(text));
}
