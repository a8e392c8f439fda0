/** Numbers, times, text and JSON as messages hold them. @module */
import assert from "node:assert/strict";
import { passesGeoFilter } from "../../src/meshcore/geo_filter.ts";
import { goJson } from "../../src/meshcore/go_json.ts";
import { decodeHex, stripHex } from "../../src/meshcore/hex.ts";
import {
  field,
  firstText,
  MAX_MESSAGE_BYTES,
  parseJsonMessage,
  rewritable,
  textField,
} from "../../src/meshcore/json_message.ts";
import { parseInteger, parseNumber } from "../../src/meshcore/numbers.ts";
import { parseTimestamp, resolveReceiveTime, rfc3339 } from "../../src/meshcore/receive_time.ts";
import { cutUtf8, lenientUtf8 } from "../../src/meshcore/utf8.ts";
import { utf8Bytes } from "./fixtures.ts";

Deno.test("parseNumber() reads what Go's ParseFloat reads, units taken off", () => {
  const expected: [unknown, number | null][] = [
    [7.25, 7.25],
    [0, 0],
    ["-110dBm", -110],
    [" 9.5 DB ", 9.5],
    ["3 km", 3],
    ["12mi", 12],
    ["5m", 5],
    ["1_000", 1000],
    ["1__0", null],
    ["_1", null],
    ["1_", null],
    ["1_23.50_0_0e+1_2", 1.235e14],
    ["0x1p-2", 0.25],
    ["0x1.8p3", 12],
    ["0X_1FFP-1_0", 0.4990234375],
    ["0x.8p0", 0.5],
    ["0x1", null],
    ["0xp1", null],
    ["1.", 1],
    [".5", 0.5],
    [".", null],
    ["+3", 3],
    ["1e", null],
    ["0b1", null],
    ["", null],
    ["garbage", null],
    [null, null],
    [true, null],
    [[1], null],
    [{}, null],
  ];
  for (const [given, wanted] of expected) assert.equal(parseNumber(given), wanted, String(given));
});

Deno.test("parseNumber() refuses what is not finite (G1)", () => {
  const refused = [
    "NaN",
    "Inf",
    "+Infinity",
    "-inf",
    "Infinity dB",
    "1e400",
    "0x1p2000",
    1e400,
    NaN,
  ];
  for (const given of refused) assert.equal(parseNumber(given), null, String(given));
});

Deno.test("parseNumber() refuses what CoreScope's server cannot square (G1)", () => {
  for (const given of [1e300, -1e300, "1e155 dB", 2 ** 53]) {
    assert.equal(parseNumber(given), null, String(given));
  }
  assert.equal(parseNumber(2 ** 53 - 1), Number.MAX_SAFE_INTEGER);
});

Deno.test("parseInteger() rounds halves away from zero and stays exact", () => {
  for (
    const [given, wanted] of [
      [2.5, 3],
      [-2.5, -3],
      ["3.49 mW", 3],
      [-0.4, 0],
      [2 ** 53, null],
      ["x", null],
    ] as const
  ) assert.equal(parseInteger(given), wanted);
});

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0, 500);
const NOW_SECONDS = Math.floor(NOW / 1000);

Deno.test("resolveReceiveTime() follows CoreScope's rules", () => {
  const at = (time: string) => Math.floor(Date.parse(time) / 1000);
  const cases: [unknown, ReturnType<typeof resolveReceiveTime>][] = [
    [undefined, { at: NOW_SECONDS, fallback: "missing" }],
    ["", { at: NOW_SECONDS, fallback: "missing" }],
    [5, { at: NOW_SECONDS, fallback: "missing" }],
    ["yesterday", { at: NOW_SECONDS, fallback: "unparseable" }],
    ["2026-02-30T10:00:00Z", { at: NOW_SECONDS, fallback: "unparseable" }],
    ["2026-11-22T11:59:00Z", { at: at("2026-11-22T11:59:00Z") }],
    ["2026-11-22T11:59:00.999+02:00", { at: at("2026-11-22T09:59:00Z") }],
    ["2026-11-22T12:02:00Z", { at: NOW_SECONDS, fallback: "ahead" }],
    ["2026-11-23T03:00:00Z", { at: NOW_SECONDS, fallback: "future" }],
    ["2026-10-20T12:00:00Z", { at: NOW_SECONDS, fallback: "stale" }],
    ["2026-11-21T12:00:00Z", { at: at("2026-11-21T12:00:00Z") }],
    ["2026-11-22T11:55:00.123456", { at: at("2026-11-22T11:55:00Z") }],
    ["2026-11-22T12:05:00", { at: NOW_SECONDS, fallback: "ahead" }],
    ["2026-11-22T10:00:00", { at: NOW_SECONDS, fallback: "naive_skew", clockSkewSeconds: -7200 }],
    ["2026-11-22T14:00:00", { at: NOW_SECONDS, fallback: "naive_skew", clockSkewSeconds: 7199 }],
  ];
  for (const [given, wanted] of cases) {
    assert.deepEqual(resolveReceiveTime(given, NOW), wanted, String(given));
  }
});

Deno.test("parseTimestamp() reads RFC 3339 and python's isoformat, and nothing else", () => {
  assert.deepEqual(parseTimestamp("1970-01-01T00:00:01Z"), { ms: 1000, naive: false });
  assert.deepEqual(parseTimestamp("1970-01-01T00:00:01,5"), { ms: 1500, naive: true });
  assert.deepEqual(parseTimestamp("1970-01-01T05:30:00+05:30"), { ms: 0, naive: false });
  for (
    const text of [
      "1970-01-01",
      "1970-01-01 00:00:00Z",
      "1970-01-01T24:00:00Z",
      "1970-01-01T00:00:60Z",
      "1970-13-01T00:00:00Z",
      "1970-01-01T00:00:00z",
      "1970-01-01T00:00:00+0200",
      "x".repeat(1e6),
    ]
  ) assert.equal(parseTimestamp(text), undefined);
  assert.equal(rfc3339(0), "1970-01-01T00:00:00Z");
});

Deno.test("goJson() escapes as Go does", () => {
  assert.equal(
    goJson({
      a: '<a>&\u2028\u2029\b\f\v\n\r\t\x7f"\\é🚀',
      b: undefined,
      c: [1, -0, 1e21, 1e-7],
      d: null,
    }),
    '{"a":"\\u003ca\\u003e\\u0026\\u2028\\u2029\\b\\f\\u000b\\n\\r\\t\x7f\\"\\\\é🚀","c":[1,-0,1e+21,1e-7],"d":null}',
  );
});

Deno.test("lenientUtf8() replaces each byte that belongs to no character, as Go does", () => {
  const text = (...bytes: number[]) => lenientUtf8(Uint8Array.from(bytes));
  assert.equal(text(0xff, 0xfe, 0x62), "\ufffd\ufffdb");
  assert.equal(text(0xe2, 0x82), "\ufffd\ufffd");
  assert.equal(text(0x61, 0xf0, 0x9f, 0x9a, 0x80), "a🚀");
  assert.equal(text(0xed, 0xa0, 0x80), "\ufffd\ufffd\ufffd");
});

Deno.test("cutUtf8() splits no character (G14)", () => {
  assert.equal(cutUtf8("aé🚀b", 6), "aé");
  assert.equal(cutUtf8("aé🚀b", 7), "aé🚀");
  assert.equal(cutUtf8("abc", 32), "abc");
});

Deno.test("stripHex() takes out spaces and line ends, and a tab stays unreadable", () => {
  assert.equal(stripHex("0d 02\r\n49"), "0d0249");
  assert.equal(decodeHex(stripHex("0d\t02")), undefined);
  assert.equal(decodeHex("0d0"), undefined);
  assert.equal(decodeHex("0x0d"), undefined);
  assert.equal(decodeHex("é0"), undefined);
});

Deno.test("parseJsonMessage() takes objects alone", () => {
  assert.deepEqual(parseJsonMessage(utf8Bytes('{"a":1,"a":2}')), { a: 2 });
  for (const text of ["null", "[]", "5", '"x"', "true"]) {
    assert.equal(parseJsonMessage(utf8Bytes(text)), "not_an_object");
  }
  for (const text of ["", "{", "0d00", '{"a":1} x', '\ufeff{"a":1}', "{'a':1}"]) {
    assert.equal(parseJsonMessage(utf8Bytes(text)), "not_json");
  }
  assert.equal(parseJsonMessage(new Uint8Array(MAX_MESSAGE_BYTES + 1)), "too_large");
});

Deno.test("parseJsonMessage() survives depth, prototype keys and broken text", () => {
  const deep = parseJsonMessage(utf8Bytes(`{"a":${"[".repeat(1e5)}${"]".repeat(1e5)}}`));
  assert.ok(typeof deep === "object");
  assert.equal(rewritable(field(deep, "a")), undefined);

  const hostile = parseJsonMessage(utf8Bytes('{"__proto__":{"raw":"0d00"},"toString":5}'));
  assert.ok(typeof hostile === "object");
  assert.equal(textField(hostile, "raw"), undefined);
  assert.equal(field(hostile, "valueOf"), undefined);
  assert.equal(firstText(hostile, "constructor", "toString"), undefined);
  assert.equal(goJson(rewritable(hostile)!), '{"__proto__":{"raw":"0d00"},"toString":5}');

  const lone = parseJsonMessage(utf8Bytes('{"a":"x\\ud800"}'));
  assert.ok(typeof lone === "object");
  assert.equal(textField(lone, "a"), "x\ufffd");
  assert.equal(rewritable(1e400), undefined);
});

Deno.test("passesGeoFilter() asks the polygon with its margin, else the box, and trusts (0, 0)", () => {
  const polygon = [[38, -122.8], [38, -121.5], [37, -121.5], [37, -122.8]] as const;
  const inside = (lat: number | null, lon: number | null, bufferKm = 0) =>
    passesGeoFilter({ polygon, bufferKm, latMin: 0, latMax: 0, lonMin: 0, lonMax: 0 }, lat, lon);
  assert.equal(inside(37.5, -122), true);
  assert.equal(inside(38.1, -122), false);
  assert.equal(inside(38.1, -122, 20), true);
  assert.equal(inside(38.3, -122, 20), false);
  assert.equal(inside(0, 0), true);
  assert.equal(inside(null, 5), true);
  const box = { latMin: 10, latMax: 20, lonMin: 10, lonMax: 20 };
  assert.equal(passesGeoFilter(box, 15, 15), true);
  assert.equal(passesGeoFilter(box, 15, 21), false);
  assert.equal(passesGeoFilter({ latMin: 10 }, 5, 5), true);
  assert.equal(passesGeoFilter(undefined, 5, 5), true);
});
