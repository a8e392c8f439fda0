import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { PayloadCopies } from "../../src/mqtt/payload_copies.ts";

Deno.test("copy() gives copies that stay as they are, in buffers of at most 64 KiB", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(300), fc.nat(20_000)), { maxLength: 60 }),
      (lengths) => {
        const copies = new PayloadCopies();
        const made = lengths.map((length, index) => {
          const bytes = new Uint8Array(length).fill(index + 1);
          const copy = copies.copy(bytes);
          bytes.fill(0);
          return copy;
        });
        made.forEach((copy, index) => {
          assert.equal(copy.length, lengths[index]);
          assert.ok(copy.every((byte) => byte === index + 1));
          assert.ok(copy.buffer.byteLength <= 65_536);
        });
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test("copy() of something long has a buffer of its own", () => {
  const copies = new PayloadCopies();
  copies.copy(Uint8Array.of(1));
  assert.equal(copies.copy(new Uint8Array(8193)).buffer.byteLength, 8193);
});

Deno.test("copy() of a long Buffer is a copy, though a Buffer's own slice() is a view", () => {
  const socket = Buffer.alloc(65_536, 1);
  const payload = socket.subarray(0, 8193);
  const copy = new PayloadCopies().copy(payload);
  assert.ok(copy.buffer !== payload.buffer);
  assert.equal(copy.buffer.byteLength, 8193);
  socket.fill(0);
  assert.ok(copy.every((byte) => byte === 1));
});
