/** Bytes that outlive the message they came in. @module */
import type { FieldBytes } from "./messages.ts";

/**
 * An own copy of a field. protobufjs gives views of the whole message, which would pin it, and `[]`
 * for an absent field, which SQLite refuses to bind.
 */
export function copyBytes(bytes: FieldBytes): Uint8Array<ArrayBuffer> {
  return bytes.length === 0 ? new Uint8Array(0) : new Uint8Array(bytes);
}
