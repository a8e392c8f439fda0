import assert from "node:assert/strict";
import fc from "fast-check";
import { type Publish, PublishReader } from "../../src/mqtt/publish_reader.ts";

/** A packet: first byte, length in its shortest form, body. */
function framed(first: number, body: readonly number[]): number[] {
  const length: number[] = [];
  let left = body.length;
  do {
    const byte = left % 128;
    left = Math.floor(left / 128);
    length.push(left > 0 ? byte | 0x80 : byte);
  } while (left > 0);
  return [first, ...length, ...body];
}

const text = (value: string) => {
  const bytes = [...new TextEncoder().encode(value)];
  return [bytes.length >> 8, bytes.length & 0xff, ...bytes];
};

interface Sent {
  readonly version: 4 | 5;
  readonly topic: string;
  readonly payload: readonly number[];
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly id: number;
  readonly properties: readonly number[];
}

function publishBytes(sent: Sent): number[] {
  const { version, topic, payload, qos, retain, dup, id, properties } = sent;
  const first = 0x30 | (dup ? 8 : 0) | qos << 1 | (retain ? 1 : 0);
  return framed(first, [
    ...text(topic),
    ...(qos > 0 ? [id >> 8, id & 0xff] : []),
    // The properties' length as a packet's.
    ...(version === 5 ? framed(0, properties).slice(1) : []),
    ...payload,
  ]);
}

/** Every property that a PUBLISH may have, but for the topic alias. */
const PROPERTIES = [
  [0x01, 1],
  [0x02, 0, 0, 1, 44],
  [0x03, ...text("application/json")],
  [0x08, ...text("answers/here")],
  [0x09, ...text("correlation")],
  [0x0b, 0x80, 0x01],
  [0x26, ...text("key"), ...text("value")],
];

const sent = (version: 4 | 5): fc.Arbitrary<Sent> =>
  fc.record({
    version: fc.constant(version),
    topic: fc.constantFrom("a", "msh/EU_868/2/e/LongFast/!0a0b0c0d", "münchen/✓", "x".repeat(300)),
    payload: fc.array(fc.nat(255), { maxLength: 200 }),
    qos: fc.constantFrom(0 as const, 1 as const),
    retain: fc.boolean(),
    dup: fc.boolean(),
    id: fc.integer({ min: 1, max: 65_535 }),
    properties: fc.subarray(PROPERTIES).map((some) => some.flat()),
  });

/** What mqtt.js sees to: PINGRESP, SUBACK, a long one, and a PUBLISH of QoS 2. */
const others = [
  [0xd0, 0],
  [0x90, 3, 0, 1, 1],
  framed(0xf0, new Array(300).fill(0x30)),
  framed(0x34, [...text("t"), 0, 9, 1, 2, 3]),
];

Deno.test("PublishReader hands on each message and passes the rest, however the bytes are cut", () => {
  for (const version of [4, 5] as const) {
    const packet = fc.oneof(
      sent(version).map((one) => ({ sent: one, bytes: publishBytes(one) })),
      fc.constantFrom(...others).map((bytes) => ({ sent: undefined, bytes })),
    );
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(5), { minLength: 1, maxLength: 10 }),
        (packets, cuts, holds) => {
          const got: unknown[] = [];
          let count = 0;
          const reader: PublishReader = new PublishReader(version, (publish: Publish) => {
            got.push({ ...publish, payload: [...publish.payload] });
            if (holds[count++ % holds.length] === 0) reader.hold();
          });
          const passed: number[] = [];
          const take = (pieces: readonly Uint8Array[]) => {
            for (const piece of pieces) passed.push(...piece);
          };
          const stream = Uint8Array.from(packets.flatMap(({ bytes }) => bytes));
          for (let at = 0, i = 0; at < stream.length; i++) {
            const size = cuts[i % cuts.length]!;
            take(reader.feed(stream.slice(at, at + size)));
            at += size;
            if (i % 3 === 0) take(reader.release());
          }
          do take(reader.release()); while (reader.stuck);
          const expected = packets.flatMap(({ sent: one }) =>
            one === undefined ? [] : [{
              topic: one.topic,
              payload: [...one.payload],
              qos: one.qos,
              retain: one.retain,
              dup: one.dup,
              messageId: one.qos === 1 ? one.id : undefined,
            }]
          );
          assert.deepEqual(got, expected);
          assert.deepEqual(
            passed,
            packets.flatMap(({ sent: one, bytes }) => one === undefined ? bytes : []),
          );
        },
      ),
      { numRuns: 300 },
    );
  }
});

Deno.test("PublishReader holds back the first message and all behind it until it is released", () => {
  const got: string[] = [];
  const reader = new PublishReader(4, ({ topic }) => got.push(topic));
  const message = framed(0x30, text("a"));
  const passed = reader.feed(Uint8Array.from([0x20, 2, 1, 0, ...message, 0xd0, 0]));
  assert.deepEqual(passed.map((piece) => [...piece]), [[0x20, 2, 1, 0]]);
  assert.ok(reader.stuck);
  assert.deepEqual(reader.feed(Uint8Array.from(message)), []);
  assert.deepEqual(got, []);
  assert.deepEqual(reader.release().map((piece) => [...piece]), [[0xd0, 0]]);
  assert.deepEqual(got, ["a", "a"]);
  assert.equal(reader.stuck, false);
});

Deno.test("PublishReader leaves to mqtt.js what is malformed or needs a topic alias", () => {
  const cases: [4 | 5, number[]][] = [
    [4, framed(0x30, [0, 9, 0x61])],
    [4, framed(0x30, [0])],
    [4, framed(0x30, [])],
    [4, framed(0x30, text(""))],
    [4, framed(0x32, text("a"))],
    [4, framed(0x32, [...text("a"), 0, 0])],
    [4, framed(0x36, [...text("a"), 0, 1])],
    [4, [0x30, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]],
    [5, framed(0x30, [...text("a"), 3, 0x23, 0, 1])],
    [5, framed(0x30, [...text("a"), 9, 1])],
    [5, framed(0x30, [...text("a"), 2, 0x7e, 0])],
    [5, framed(0x30, [...text("a"), 3, 0x03, 0, 9])],
    [5, framed(0x30, text("a"))],
  ];
  for (const [version, bytes] of cases) {
    const reader = new PublishReader(version, () => assert.fail(`took ${bytes}`));
    reader.release();
    const passed = reader.feed(Uint8Array.from(bytes));
    assert.deepEqual(passed.flatMap((piece) => [...piece]), bytes);
  }
});

Deno.test("PublishReader answers any bytes without a throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (chunks) => {
      for (const version of [4, 5] as const) {
        const reader = new PublishReader(version, () => {});
        reader.release();
        for (const chunk of chunks) reader.feed(chunk);
        reader.discard();
      }
    }),
  );
});
