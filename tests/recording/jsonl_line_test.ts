import assert from "node:assert/strict";
import fc from "fast-check";
import type { Message } from "../../src/capture/message.ts";
import { formatLine, parseLine } from "../../src/recording/jsonl_line.ts";
import { arbitraryMessage } from "./arbitrary_message.ts";

function reasonOf(line: unknown): string {
  const entry = parseLine(typeof line === "string" ? line : JSON.stringify(line), 7, "s");
  if (entry.kind === "message") return "message";
  assert.equal(entry.position, 7);
  assert.notEqual(entry.detail, "");
  return entry.reason;
}

function messageOf(line: unknown): Message {
  const entry = parseLine(JSON.stringify(line), 1, "given");
  assert.equal(entry.kind, "message");
  return (entry as { message: Message }).message;
}

const MINIMAL = { ts: 1_760_000_000.016, topic: "t", payload_b64: "Cg==" };

Deno.test("parseLine() fills in the defaults when only the needed keys are there", () => {
  assert.deepEqual(messageOf(MINIMAL), {
    source: "given",
    topic: "t",
    payload: new Uint8Array([10]),
    receivedAt: 1_760_000_000_016,
    qos: 0,
    retained: false,
    redelivered: false,
  });
});

Deno.test("parseLine() reads the optional keys and ignores unknown ones", () => {
  const message = messageOf({
    ...MINIMAL,
    qos: 1,
    retain: true,
    source: "north",
    seq: 3,
    case: "x",
  });
  assert.deepEqual([message.qos, message.retained, message.source], [1, true, "north"]);
});

Deno.test("parseLine() takes null for absent, and a level of 2 for 1", () => {
  const message = messageOf({ ...MINIMAL, qos: null, retain: null, source: null });
  assert.deepEqual([message.qos, message.retained, message.source], [0, false, "given"]);
  assert.equal(messageOf({ ...MINIMAL, qos: 2 }).qos, 1);
});

Deno.test("parseLine() keeps microseconds of ts", () => {
  assert.equal(messageOf({ ...MINIMAL, ts: 1.0006004 }).receivedAt, 1000.6);
  assert.equal(messageOf({ ...MINIMAL, ts: 1_760_000_000.999 }).receivedAt, 1_760_000_000_999);
  assert.equal(messageOf({ ...MINIMAL, ts: 5 }).receivedAt, 5000);
});

Deno.test("parseLine() gives payloads that own their memory", () => {
  const payload = messageOf(MINIMAL).payload;
  assert.equal(payload.buffer.byteLength, payload.byteLength);
});

Deno.test("parseLine() names what is wrong when a line is broken", () => {
  assert.equal(reasonOf(""), "not_json");
  assert.equal(reasonOf('{"ts": 1, "topic"'), "not_json");
  for (const value of ["[]", "null", "3", '"x"']) assert.equal(reasonOf(value), "not_an_object");
  for (const ts of ["1", null, undefined, -1, 1_760_000_000_016]) {
    assert.equal(reasonOf({ ...MINIMAL, ts }), "bad_ts", String(ts));
  }
  assert.equal(reasonOf('{"ts":1e999,"topic":"t","payload_b64":""}'), "bad_ts");
  for (const topic of ["", 1, null, undefined]) {
    assert.equal(reasonOf({ ...MINIMAL, topic }), "bad_topic");
  }
  for (const qos of [3, "1", -1, 0.5]) assert.equal(reasonOf({ ...MINIMAL, qos }), "bad_qos");
  for (const retain of [1, "true"]) assert.equal(reasonOf({ ...MINIMAL, retain }), "bad_retain");
  for (const source of ["", 1]) assert.equal(reasonOf({ ...MINIMAL, source }), "bad_source");
});

Deno.test("parseLine() takes base64 only as an encoder writes it", () => {
  for (
    const text of ["Cg", "Cg=", "C", "Ch==", " Cg==", "Cg==\n", "C_-=", "=", "Cg==Cg==", "AAAAA", 1]
  ) {
    assert.equal(reasonOf({ ...MINIMAL, payload_b64: text }), "bad_payload", String(text));
  }
  assert.equal(messageOf({ ...MINIMAL, payload_b64: "" }).payload.length, 0);
  assert.deepEqual([...messageOf({ ...MINIMAL, payload_b64: "+/8=" }).payload], [0xfb, 0xff]);
});

Deno.test("parseLine() never throws on any text or JSON", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseLine(text, 1, "s")));
  fc.assert(fc.property(fc.json(), (text) => void parseLine(text, 1, "s")));
  const value = fc.record({
    ts: fc.jsonValue(),
    topic: fc.jsonValue(),
    payload_b64: fc.jsonValue(),
    qos: fc.jsonValue(),
    retain: fc.jsonValue(),
    source: fc.jsonValue(),
  }, { requiredKeys: [] });
  fc.assert(fc.property(value, (line) => void parseLine(JSON.stringify(line), 1, "s")));
});

Deno.test("formatLine() writes one line that parseLine() reads back as the same message", () => {
  fc.assert(fc.property(arbitraryMessage, (message) => {
    const line = formatLine(message);
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.deepEqual(parseLine(line.slice(0, -1), 1, "other"), { kind: "message", message });
  }));
});

Deno.test("formatLine() writes only the view's bytes when the payload is part of a buffer", () => {
  const payload = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const line = formatLine({ ...messageOf(MINIMAL), payload });
  assert.equal(JSON.parse(line).payload_b64, "AgM=");
});
