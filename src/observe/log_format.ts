/**
 * One log record as one line of text or JSON. A line cannot be forged: whatever a node calls
 * itself, its control characters, line ends and direction marks come out escaped. Secrets do not
 * come out at all.
 *
 * @module
 */
import type { LogFields } from "../capture/log.ts";
import { maskUrlsInText } from "../capture/mask_url.ts";

/** Levels of a line, lowest first. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** What a line is made of. */
export interface LogEntry {
  /** Unix milliseconds. */
  readonly timestamp: number;
  /** How grave it is. */
  readonly level: LogLevel;
  /** Room that it comes from, such as `mqtt`. */
  readonly category: string;
  /** Constant text. */
  readonly message: string;
  /** What varies. */
  readonly fields: LogFields;
}

/** Longest text of one value; a payload must not fill the log. */
const MAX_TEXT = 2000;
const MAX_DEPTH = 4;
const MAX_ITEMS = 50;

/** Names of fields whose value is a secret, whatever it is. */
const SECRET_NAME =
  /((^|[_-]|user)pass|passw(or)?d|passphrase|secret|token|psk|private_?key|(channel|default)_?key|credentials?|authorization|cookie)$/i;

/**
 * Characters that end a line, drive a terminal or turn the direction of writing: C0, DEL, C1, line
 * and paragraph separators, bidirectional controls, zero-width ones, lone surrogates.
 */
const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** `text` with every character that could break a line or mislead a reader escaped: `\u` and four hex digits. */
export function escapeUnsafe(text: string): string {
  return text.replace(UNSAFE, escapeCharacter);
}

function safeText(text: string): string {
  // Masking comes before cutting: a cut may take away the `@` that shows where a password ends.
  const masked = maskUrlsInText(text.length > 8 * MAX_TEXT ? text.slice(0, 8 * MAX_TEXT) : text);
  return masked.length > MAX_TEXT ? `${masked.slice(0, MAX_TEXT)}…` : masked;
}

/** A value as JSON can hold it: bounded in depth and size, without secrets; never throws. */
export function plainValue(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case "string":
      return safeText(value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "bigint":
      return String(value);
    case "undefined":
      return undefined;
    case "function":
    case "symbol":
      return `[${typeof value}]`;
  }
  if (value === null) return null;
  try {
    return plainObject(value as object, depth);
  } catch {
    return "[unreadable]"; // a getter or proxy that throws must not cost the line
  }
}

function plainObject(value: object, depth: number): unknown {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  }
  if (value instanceof Error) return errorText(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof URL) return safeText(value.href);
  if (depth >= MAX_DEPTH) return "[…]";
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_ITEMS).map((item) => plainValue(item, depth + 1) ?? null);
    return value.length > MAX_ITEMS ? [...items, `… ${value.length - MAX_ITEMS} more`] : items;
  }
  if (value instanceof Map) return plainEntries([...value.entries()], depth);
  if (value instanceof Set) return plainObject([...value], depth);
  return plainEntries(Object.entries(value), depth);
}

function plainEntries(entries: readonly (readonly [unknown, unknown])[], depth: number): unknown {
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, value] of entries.slice(0, MAX_ITEMS)) {
    const name = safeText(String(key));
    result[name] = SECRET_NAME.test(name) && value !== undefined && value !== null
      ? "***"
      : plainValue(value, depth + 1);
  }
  return result;
}

/** Errors that are a fault of ours: there the place matters, in others it is only noise. */
const FAULTS = new Set(["Error", "TypeError", "RangeError", "ReferenceError", "AssertionError"]);

function place(error: Error): string {
  const frames = (error.stack ?? "").split("\n").map((line) => line.trim())
    .filter((line) => line.startsWith("at ") && !/\b(ext|node):/.test(line)).slice(0, 4);
  return frames.length > 0 ? ` (${frames.join("; ")})` : "";
}

/** Name and message of an error and of its causes, in one line. */
function errorText(error: Error): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let i = 0; i < 5 && current !== undefined && current !== null; i++) {
    if (!(current instanceof Error)) {
      parts.push(String(current));
      break;
    }
    const where = FAULTS.has(current.name) ? place(current) : "";
    parts.push(`${current.name}: ${current.message}${where}`);
    current = current.cause;
  }
  return safeText(parts.join("; caused by "));
}

/** Fields with secrets masked and every value plain. */
function plainFields(fields: LogFields): Record<string, unknown> {
  return plainValue(fields) as Record<string, unknown>;
}

function isoTime(timestamp: number): string {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? "0000-00-00T00:00:00.000Z" : date.toISOString();
}

/** JSON text that is also free of what JSON itself would leave as it is (U+2028, bidi marks). */
function jsonText(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value) ?? "null");
}

/** A JSON object and a line end: `time`, `level`, `category`, `message`, and `fields` where there are any. */
export function formatJson(entry: LogEntry): string {
  const fields = plainFields(entry.fields);
  return jsonText({
    time: isoTime(entry.timestamp),
    level: entry.level,
    category: entry.category,
    message: safeText(entry.message),
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
  }) + "\n";
}

/** Text that needs no quotes: no space, no quote, no `=`, nothing to escape. */
const BARE = /^[^\s"'=\\{}[\],]+$/u;

function textValue(value: unknown): string {
  if (typeof value !== "string") return jsonText(value);
  const escaped = jsonText(value);
  // Bare only when quoting changed nothing and nobody could take it for two fields.
  return escaped === `"${value}"` && BARE.test(value) ? value : escaped;
}

/** `2026-05-01T12:00:00.000Z INFO  mqtt: connected source=home` and a line end. */
export function formatText(entry: LogEntry): string {
  const time = isoTime(entry.timestamp);
  const level = entry.level.toUpperCase().padEnd(5);
  const message = escapeUnsafe(safeText(entry.message));
  return `${time} ${level} ${escapeUnsafe(entry.category)}: ${message}${
    fieldsText(entry.fields)
  }\n`;
}

/** Fields as they stand at the end of a line: ` name=value` each, the first with its space, too. */
export function fieldsText(fields: LogFields): string {
  let text = "";
  for (const [name, value] of Object.entries(plainFields(fields))) {
    if (value === undefined) continue;
    text += ` ${BARE.test(name) ? escapeUnsafe(name) : jsonText(name)}=${textValue(value)}`;
  }
  return text;
}
