/** Shows values without their secrets. @module */
import { holdsSecret, type SettingNode } from "./tree.ts";

/** What stands for a secret. */
export const MASK = "***";

const MAX_SHOWN = 120;

/** An address without user information and query; also where it is not quite an address. */
export function maskUrl(text: string): string {
  // Greedy up to the last @: a password may hold one.
  const scheme = /^[^@]*?:\/\//.exec(text)?.[0] ?? "";
  let rest = text.slice(scheme.length);
  const at = rest.lastIndexOf("@");
  if (at >= 0) rest = `${MASK}@${rest.slice(at + 1)}`;
  return scheme + rest.replace(/\?.*$/s, `?${MASK}`);
}

/** A setting's value as one line of text, secrets replaced by {@linkcode MASK}. */
export function shownValue(node: SettingNode | undefined, value: unknown): string {
  return shorten(render(masked(node, value)));
}

/**
 * A value for an error message: as {@linkcode shownValue}, but undefined where it is absent or where
 * something of the wrong form stands in the place of a group that holds secrets.
 */
export function shownInError(node: SettingNode | undefined, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const misplaced = typeof value === "object" && value !== null
    ? node === undefined || holdsSecret(node) || node.kind === "value"
    : node !== undefined && node.kind !== "value" && holdsSecret(node);
  if (Array.isArray(value) && value.length === 0) return "an empty list";
  if (misplaced) return Array.isArray(value) ? "a list" : `a ${kindOf(value)}`;
  return shownValue(node, value);
}

/** A copy of a value in which every secret is replaced. */
export function masked(node: SettingNode | undefined, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (node?.secret) return MASK;
  if (typeof value === "string") {
    return node?.url || value.includes("://") ? maskUrl(value) : value;
  }
  if (node?.url) return MASK;
  if (Array.isArray(value)) return value.map((item) => masked(node?.item, item));
  if (typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([key, v]) => [key, masked(node?.children.get(key), v)]),
    );
  }
  return value;
}

function kindOf(value: unknown): string {
  if (typeof value === "object") return "group";
  return typeof value === "string" ? "text" : typeof value;
}

function render(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return "something that cannot be shown";
  }
}

function shorten(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1)}…`;
}
