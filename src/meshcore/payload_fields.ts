/**
 * What the payload readers share: CoreScope's way of leaving out what is empty.
 *
 * @module
 */
import type { JsonValue } from "./go_json.ts";
import { encodeHex, encodeHexUpper } from "./hex.ts";

/** A payload, ready for `goJson`. Undefined fields are left out. */
export type Payload = { readonly type: string; readonly [key: string]: JsonValue | undefined };

/** Hex, or undefined where CoreScope leaves an empty text out. */
export function hexOf(bytes: Uint8Array): string | undefined {
  return bytes.length === 0 ? undefined : encodeHex(bytes);
}

/** As {@linkcode hexOf}, in upper case. */
export function hexUpperOf(bytes: Uint8Array): string | undefined {
  return bytes.length === 0 ? undefined : encodeHexUpper(bytes);
}

/** A number that CoreScope leaves out when it is 0. */
export function nonZero(value: number): number | undefined {
  return value === 0 ? undefined : value;
}

/** A payload that ends too soon. */
export function tooShort(type: string, bytes: Uint8Array, error = "too short"): Payload {
  return { type, raw: hexOf(bytes), error };
}
