import fc from "fast-check";
import assert from "node:assert/strict";
import { PacketScanError, PacketScanner, PUBACK } from "../../src/mqtt/packet_scanner.ts";

/** Any MQTT packet: type, flags, body. */
const packets = fc.array(
  fc.record({
    type: fc.integer({ min: 1, max: 15 }),
    flags: fc.integer({ min: 0, max: 15 }),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 6 }),
      fc.uint8Array({ minLength: 120, maxLength: 300 }),
      fc.constant(new Uint8Array(20_000)),
    ),
  }),
  { maxLength: 20 },
);

function encode({ type, flags, body }: { type: number; flags: number; body: Uint8Array }) {
  const bytes = [(type << 4) | flags];
  let rest = body.length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? digit | 128 : digit);
  } while (rest > 0);
  return [...bytes, ...body];
}

/** Cuts `bytes` at random places. */
function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const place of [...places, bytes.length]) {
    pieces.push(bytes.subarray(from, place));
    from = place;
  }
  return pieces;
}

Deno.test("PacketScanner passes all but the swallowed type, however the bytes are cut", () => {
  fc.assert(
    fc.property(packets, fc.array(fc.nat(), { maxLength: 40 }), (list, cuts) => {
      const scanner = new PacketScanner({ swallow: PUBACK });
      const bytes = Uint8Array.from(list.flatMap(encode));
      const passed = cut(bytes, cuts).flatMap((piece) => scanner.feed(piece));
      const expected = list.filter((packet) => packet.type !== PUBACK).flatMap(encode);
      assert.deepEqual(passed.flatMap((piece) => [...piece]), expected);
      assert.equal(scanner.swallowed, list.filter((packet) => packet.type === PUBACK).length);
      assert.equal(scanner.atBoundary, true);
    }),
  );
});

Deno.test("PacketScanner passes every byte when nothing is swallowed, one byte at a time", () => {
  fc.assert(
    fc.property(packets, (list) => {
      const scanner = new PacketScanner();
      const bytes = list.flatMap(encode).slice(0, 3000);
      const passed = bytes.flatMap((byte) => scanner.feed(Uint8Array.of(byte)));
      assert.deepEqual(passed.flatMap((piece) => [...piece]), bytes);
    }),
    { numRuns: 30 },
  );
});

Deno.test("PacketScanner knows that it is inside a packet", () => {
  const scanner = new PacketScanner({ swallow: PUBACK });
  assert.equal(scanner.atBoundary, true);
  scanner.feed(Uint8Array.of(0x30));
  assert.equal(scanner.atBoundary, false);
  scanner.feed(Uint8Array.of(2, 0));
  assert.equal(scanner.atBoundary, false);
  scanner.feed(Uint8Array.of(0));
  assert.equal(scanner.atBoundary, true);
});

Deno.test("PacketScanner.feed() throws nothing but PacketScanError on random bytes", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
      const scanner = new PacketScanner({ swallow: PUBACK, maxBytes: 1000 });
      try {
        for (const piece of pieces) scanner.feed(piece);
      } catch (error) {
        assert.ok(error instanceof PacketScanError);
      }
    }),
  );
});

Deno.test("PacketScanner.feed() refuses lengths that are malformed or over the limit", () => {
  const malformed = new PacketScanner();
  assert.throws(
    () => malformed.feed(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff)),
    (error: PacketScanError) => error.reason === "malformed",
  );
  const limited = new PacketScanner({ maxBytes: 100 });
  limited.feed(Uint8Array.of(0x30, 100));
  limited.feed(new Uint8Array(100));
  assert.throws(
    () => limited.feed(Uint8Array.of(0x30, 101)),
    (error: PacketScanError) => error.reason === "too_large",
  );
});
