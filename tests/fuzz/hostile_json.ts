/** JSON that nobody meant well with. @module */
import type { Random } from "../../src/traffic/random.ts";
import { hostileText } from "./mutate.ts";

/** Text that stands in JSON as it is: numbers that no `JSON.stringify` writes, or no JSON at all. */
export class RawJson {
  constructor(readonly text: string) {}
}

const NUMBERS = [
  "1e999",
  "-1e999",
  "-0",
  "-0.0",
  "0",
  "1",
  "-1",
  "255",
  "65536",
  "2147483648",
  "-2147483649",
  "4294967296",
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "18446744073709551616",
  "123456789012345678901234567890123456789012345678901234567890",
  "1e308",
  "5e-324",
  "0.1",
  "91.5",
  "-180.00001",
  "1760000000",
  "1760000000000",
].map((text) => new RawJson(text));

/** Numbers in other languages; JSON is none any more where one of them stands. */
const NO_NUMBERS = ["NaN", "-Infinity", "01", "0x10", "1.", "+1", "'1'"].map((text) =>
  new RawJson(text)
);

/** Keys that mean something to JavaScript, and such that several parsers read differently. */
const KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "valueOf",
  "toJSON",
  "then",
  "hasOwnProperty",
  "length",
  "",
  "\0",
  "0",
  "4294967295",
];

/** A value of any kind. `keys`: names that the reader knows. */
export function hostileValue(random: Random, keys: readonly string[], depth = 0): unknown {
  switch (random.between(0, depth > 3 ? 5 : 8)) {
    case 0:
    case 1:
      return random.pick(random.chance(0.01) ? NO_NUMBERS : NUMBERS);
    case 2:
    case 3:
      return hostileText(random);
    case 4:
      return random.pick([null, true, false]);
    case 5:
      return random.chance(0.002) ? deep(random) : "";
    case 6:
      return Array.from(
        { length: random.between(0, random.chance(0.001) ? 2000 : 5) },
        () => hostileValue(random, keys, depth + 2),
      );
    default:
      return hostileObject(random, keys, depth + 1);
  }
}

/** An object: `[key, value]` pairs, so that a key may come twice and `__proto__` is one. */
export function hostileObject(random: Random, keys: readonly string[], depth = 0): JsonPairs {
  const pairs: [string, unknown][] = [];
  for (let n = random.between(0, 8); n > 0; n--) {
    const key = random.pick(random.chance(0.7) && keys.length > 0 ? keys : KEYS);
    pairs.push([key, hostileValue(random, keys, depth)]);
  }
  return new JsonPairs(pairs);
}

/** An object as its text will have it. */
export class JsonPairs {
  constructor(readonly pairs: readonly (readonly [string, unknown])[]) {}
}

/** Nested as deep as a stack may not like, or a bomb of many small values. */
function deep(random: Random): RawJson {
  const levels = random.pick([10, 100, 1000, 20_000]);
  switch (random.between(0, 2)) {
    case 0:
      return new RawJson("[".repeat(levels) + "]".repeat(levels));
    case 1:
      return new RawJson('{"a":'.repeat(levels) + "1" + "}".repeat(levels));
    default:
      return new RawJson(`[${"[],".repeat(levels)}0]`);
  }
}

/** The text of a value made of the kinds above. Lone surrogates come out as escapes. */
export function writeJson(value: unknown): string {
  if (value instanceof RawJson) return value.text;
  if (value instanceof JsonPairs) {
    return `{${value.pairs.map(([k, v]) => `${JSON.stringify(k)}:${writeJson(v)}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const pairs = Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${writeJson(v)}`);
    return `{${pairs.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}
