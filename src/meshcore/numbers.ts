/**
 * Numbers in messages: as JSON numbers, or as text with a unit behind.
 *
 * @module
 */

/** Units that may follow, in the order in which they are tried; the case does not matter. */
const UNITS = ["dbm", "db", "mw", "km", "mi", "m"] as const;

/** Go's decimal literal. An underscore may stand between two digits. */
const DECIMAL = /^[+-]?(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:e[+-]?\d(?:_?\d)*)?$/i;
/** Go's hexadecimal literal: the exponent is a must. */
const HEXADECIMAL =
  /^([+-]?)0x((?:_?[0-9a-f])*)(?:\.((?:[0-9a-f](?:_?[0-9a-f])*)?))?p([+-]?\d(?:_?\d)*)$/i;

/**
 * Reads SNR, RSSI, score and the figures of a status: a JSON number, or text that Go's `ParseFloat`
 * reads once a unit (dBm, dB, mW, km, mi, m) is taken off.
 *
 * @returns null for anything else, and for what is not finite or beyond ±(2^53 − 1): CoreScope stores
 * `Infinity` and 1e300 (its main.go:1057), and its server, which squares them, then answers several
 * pages with nothing.
 */
export function parseNumber(value: unknown): number | null {
  if (typeof value === "number") return measurable(value);
  if (typeof value !== "string" || value.length > 400) return null;
  return measurable(parseLiteral(withoutUnit(value.trim())));
}

function measurable(value: number): number | null {
  return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : null;
}

/**
 * As {@linkcode parseNumber}, rounded to the nearest integer, halves away from zero.
 *
 * @returns null also beyond what a double holds exactly.
 */
export function parseInteger(value: unknown): number | null {
  const parsed = parseNumber(value);
  if (parsed === null) return null;
  const rounded = Math.sign(parsed) * Math.round(Math.abs(parsed));
  return Number.isSafeInteger(rounded) ? rounded + 0 : null;
}

function withoutUnit(text: string): string {
  const lower = text.toLowerCase();
  for (const unit of UNITS) {
    if (lower.endsWith(unit)) return text.slice(0, text.length - unit.length).trim();
  }
  return text;
}

function parseLiteral(text: string): number {
  if (DECIMAL.test(text)) return Number(text.replaceAll("_", ""));
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal === null) return NaN;
  const [, sign, whole = "", fraction = "", exponent] = hexadecimal;
  const digits = (whole + fraction).replaceAll("_", "");
  if (digits === "") return NaN;
  const scale = Number(exponent!.replaceAll("_", "")) - 4 * fraction.replaceAll("_", "").length;
  const value = Number(BigInt(`0x${digits}`)) * 2 ** scale;
  return sign === "-" ? -value : value;
}
