/**
 * JSON written as Go's `encoding/json` writes it, because CoreScope's readers compare and search
 * `decoded_json` as text: `<`, `>`, `&`, U+2028 and U+2029 escaped, negative zero kept.
 *
 * @module
 */

/** A value that JSON can hold. An undefined property is left out. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** What needs an escape: controls, quotes, backslash, and what Go adds. */
// deno-lint-ignore no-control-regex
const ESCAPED = /[\u0000-\u001f"\\<>&\u2028\u2029]/;
// deno-lint-ignore no-control-regex
const EACH_ESCAPED = /[\u0000-\u001f"\\<>&\u2028\u2029]/g;
const SHORT: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** Writes `value` with its keys in the order of insertion. Numbers must be finite, text well-formed. */
export function goJson(value: JsonValue): string {
  switch (typeof value) {
    case "string":
      return goString(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
      return value ? "true" : "false";
  }
  if (value === null) return "null";
  if (isList(value)) {
    let text = "";
    for (const item of value) text += (text === "" ? "" : ",") + goJson(item);
    return `[${text}]`;
  }
  let text = "";
  for (const key of Object.keys(value)) {
    const item = value[key];
    if (item === undefined) continue;
    text += `${text === "" ? "" : ","}${goString(key)}:${goJson(item)}`;
  }
  return `{${text}}`;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function goString(text: string): string {
  if (!ESCAPED.test(text)) return `"${text}"`;
  return `"${
    text.replace(
      EACH_ESCAPED,
      (c) => SHORT.get(c) ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )
  }"`;
}
