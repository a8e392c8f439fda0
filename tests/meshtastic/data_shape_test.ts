import assert from "node:assert/strict";
import fc from "fast-check";
import { inspectData } from "../../src/meshtastic/data_shape.ts";
import { loadProtobuf } from "../../src/meshtastic/protobuf.ts";
import { encode } from "./build.ts";

Deno.test("inspectData() recognises whatever an encoder writes", () => {
  const u32 = fc.integer({ min: 1, max: 0xffffffff });
  fc.assert(fc.property(
    fc.record({
      portnum: fc.integer({ min: 1, max: 0x7fffffff }),
      payload: fc.uint8Array({ minLength: 1, maxLength: 233 }),
      want_response: fc.constant(true),
      dest: u32,
      request_id: u32,
      emoji: u32,
      bitfield: u32,
    }, { requiredKeys: ["portnum"] }),
    (data) => {
      const found = inspectData(encode("Data", data));
      assert.equal(found.shape, "firmware");
      assert.equal(found.portnum, data.portnum);
      assert.equal(found.payloadLength, data.payload?.length ?? 0);
    },
  ));
});

Deno.test("inspectData() calls a reordered or unusual message loose", () => {
  assert.equal(inspectData(Uint8Array.of(0x12, 1, 65, 0x08, 1)).shape, "loose");
  assert.equal(inspectData(Uint8Array.of(0x08, 1, 0x18, 0)).shape, "loose");
  assert.equal(inspectData(Uint8Array.of(0x08, 1, 0xf8, 0x7f, 1)).shape, "loose");
});

Deno.test("inspectData() says none for wrong wire types, truncation and nothing at all", () => {
  for (const bytes of [[], [0x0a, 0], [0x08], [0x08, 1, 0x12, 5, 1], [0x08, 1, 0x25, 1], [0, 0]]) {
    assert.equal(inspectData(Uint8Array.from(bytes)).shape, "none", bytes.join());
  }
});

Deno.test("inspectData() agrees with the protobuf reader and never throws", () => {
  const { data } = loadProtobuf();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const { shape, portnum } = inspectData(bytes);
      if (shape !== "firmware") return;
      const read = data.read(bytes);
      assert.ok(read !== undefined);
      assert.equal(read.portnum, portnum);
    }),
    { numRuns: 2000 },
  );
});
