/** Turns what people write into the type that a setting has. @module */
import type { SettingNode } from "./tree.ts";

/** Spellings of a truth value, as the peers take them. */
const TRUE = new Set(["true", "yes", "on", "1"]);
const FALSE = new Set(["false", "no", "off", "0"]);

/** `true`, `yes`, `on`, `1` and their opposites, in any case; undefined for anything else. */
export function parseFlag(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  return TRUE.has(word) ? true : FALSE.has(word) ? false : undefined;
}

/** A whole decimal number; undefined for anything else. */
export function parseInteger(text: string): number | undefined {
  return /^\s*[+-]?\d{1,15}\s*$/.test(text) ? Number(text) : undefined;
}

/**
 * A typed value from a file: names of a closed set in any case, and a number where text is wanted as
 * it is written (`password: 0123`). Anything else stays as it is, for the schema to judge.
 */
export function coerceValue(node: SettingNode, value: unknown, text: string): unknown {
  if (typeof value === "string") return choice(node, value) ?? value;
  const onlyText = node.kind === "value" && node.types.size === 1 && node.types.has("string");
  if (typeof value === "number" && onlyText) return text;
  return value;
}

/** A single value from a variable or flag, where everything is text. */
export function coerceText(node: SettingNode, text: string): unknown {
  const chosen = choice(node, text.trim());
  if (chosen !== undefined) return chosen;
  if (node.types.has("boolean")) {
    const flag = parseFlag(text);
    if (flag !== undefined) return flag;
  }
  if (node.types.has("integer") || node.types.has("number")) {
    if (/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)) return Number(text);
  }
  return text;
}

function choice(node: SettingNode, text: string): string | number | boolean | undefined {
  const word = text.toLowerCase();
  // Python's name of the level; everybody writes one of the two.
  const alias = word === "warning" ? "warn" : word;
  return node.choices.find((one) =>
    String(one).toLowerCase() === word ||
    (alias !== word && one === alias)
  );
}
