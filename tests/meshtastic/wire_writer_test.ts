import assert from "node:assert/strict";
import fc from "fast-check";
import protobuf from "protobufjs";
import { WireWriter } from "../../src/meshtastic/traffic/wire_writer.ts";

const ALL = protobuf.parse(
  `
  syntax = "proto3";
  message All {
    uint32 u = 1; int32 i = 2; fixed32 f = 3; sfixed32 s = 4; float r = 5; string t = 6; bytes b = 7;
    repeated fixed32 pf = 8; repeated int32 pi = 9; uint64 big = 10; All inner = 41;
  }
`,
  { keepCase: true },
).root.lookupType("All");

interface Fields {
  u: number;
  i: number;
  f: number;
  s: number;
  r: number;
  t: string;
  b: Uint8Array;
  pf: number[];
  pi: number[];
  big: number;
}

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const fields: fc.Arbitrary<Fields> = fc.record({
  u: uint32,
  i: int32,
  f: uint32,
  s: int32,
  r: fc.float({ noNaN: true }),
  t: fc.string({ unit: "grapheme", maxLength: 300 }),
  b: fc.uint8Array({ maxLength: 20_000 }),
  pf: fc.array(uint32),
  pi: fc.array(int32),
  big: fc.maxSafeNat(),
});

function write(w: WireWriter, v: Fields, always: boolean): void {
  w.uint(1, v.u, always).int(2, v.i, always).fixed(3, v.f, always).fixed(4, v.s, always)
    .float(5, v.r, always).text(6, v.t).bytes(7, v.b, always).packedFixed(8, v.pf)
    .packedInt(9, v.pi).uint64(10, v.big, always);
}

function plain(message: protobuf.Message): Record<string, unknown> {
  const { inner: _, ...rest } = ALL.toObject(message, {
    defaults: true,
    longs: Number,
    bytes: Array,
  });
  return rest;
}

Deno.test("WireWriter writes what protobufjs reads back, nested messages of any size included", () => {
  const writer = new WireWriter();
  fc.assert(fc.property(fields, fields, fc.boolean(), (outer, inner, always) => {
    writer.reset();
    write(writer, outer, always);
    writer.message(41, (w) => write(w, inner, always));
    const read = ALL.decode(writer.finish()) as protobuf.Message & { inner: protobuf.Message };
    const expected = (v: Fields) => ({ ...v, b: [...v.b] });
    // -0 is not written as a plain field, so it comes back as 0.
    const zero = (o: Record<string, unknown>) => ({ ...o, r: (o["r"] as number) + 0 });
    assert.deepEqual(zero(plain(read)), zero(expected(outer)));
    assert.deepEqual(zero(plain(read.inner)), zero(expected(inner)));
  }));
});

Deno.test("WireWriter leaves out what is zero unless it is asked to write it", () => {
  const writer = new WireWriter();
  writer.uint(1, 0).int(2, 0).fixed(3, 0).float(4, 0).text(5, "").bytes(6, new Uint8Array());
  assert.equal(writer.finish().length, 0);
  assert.deepEqual([...writer.uint(1, 0, true).finish()], [8, 0]);
});
