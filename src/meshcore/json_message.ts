/**
 * The JSON of a message, read without trust: own properties only, well-formed text, a bounded size.
 *
 * @module
 */
import type { JsonValue } from "./go_json.ts";

/** Bytes above which a message is not looked at; a packet in its envelope has about 1,000. */
export const MAX_MESSAGE_BYTES = 262_144;

/** Levels of nesting that a value keeps which is written again. */
const MAX_DEPTH = 16;

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** A JSON object as it was parsed. Read its fields with the functions of this file. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Why a payload is no message. */
export type JsonFault = "too_large" | "not_json" | "not_an_object";

/** Parses a payload that must be a JSON object; broken UTF-8 in it is replaced. Never throws. */
export function parseJsonMessage(payload: Uint8Array<ArrayBuffer>): JsonObject | JsonFault {
  if (payload.byteLength > MAX_MESSAGE_BYTES) return "too_large";
  let value: unknown;
  try {
    value = JSON.parse(DECODER.decode(payload));
  } catch {
    return "not_json";
  }
  return asObject(value) ?? "not_an_object";
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as JsonObject
    : undefined;
}

/** An own field; undefined when it is absent. `null` is present. */
export function field(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** The first of the fields that is present, whatever it holds. */
export function firstField(object: JsonObject, ...keys: readonly string[]): unknown {
  for (const key of keys) {
    if (Object.hasOwn(object, key)) return object[key];
  }
  return undefined;
}

/** A field that holds text, without lone surrogates; undefined for anything else. */
export function textField(object: JsonObject, key: string): string | undefined {
  const value = field(object, key);
  return typeof value === "string" ? value.toWellFormed() : undefined;
}

/** The first of the fields that holds text. */
export function firstText(object: JsonObject, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = textField(object, key);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** A field that holds text that is not empty; null for anything else. */
export function nonEmpty(object: JsonObject, key: string): string | null {
  return textField(object, key) || null;
}

/** A field that holds an object. */
export function objectField(object: JsonObject, key: string): JsonObject | undefined {
  return asObject(field(object, key));
}

/**
 * A value to be written again as Go would after reading it: objects with sorted keys.
 *
 * @returns undefined when it is nested too deep or holds a number that is not finite
 */
export function rewritable(value: unknown, depth = 0): JsonValue | undefined {
  if (depth > MAX_DEPTH) return undefined;
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) {
    const items: JsonValue[] = [];
    for (const item of value) {
      const kept = rewritable(item, depth + 1);
      if (kept === undefined) return undefined;
      items.push(kept);
    }
    return items;
  }
  const object = asObject(value);
  if (object === undefined) return undefined;
  // A key such as `__proto__` must stay a key; integer-like ones would be moved to the front, which
  // no reader minds.
  const sorted: Record<string, JsonValue> = Object.create(null);
  for (const key of Object.keys(object).sort()) {
    const kept = rewritable(object[key], depth + 1);
    if (kept === undefined) return undefined;
    sorted[key.toWellFormed()] = kept;
  }
  return sorted;
}
