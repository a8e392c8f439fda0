import assert from "node:assert/strict";
import fc from "fast-check";
import { HeaderCache } from "../../src/meshtastic/header_cache.ts";
import { envelopeHeader } from "../../src/meshtastic/packet_row.ts";
import { decodeText } from "../../src/meshtastic/text.ts";

Deno.test("get() gives the header that is made anew of the same bytes", () => {
  const cache = new HeaderCache();
  const id = fc.oneof(
    fc.uint8Array({ maxLength: 70 }),
    fc.constantFrom("!0A0b0c0d", "!12345678", "LongFast", "münchen").map((text) =>
      new TextEncoder().encode(text)
    ),
    fc.constant([]),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(id, id), { maxLength: 30 }), (pairs) => {
      for (const [gateway, channel] of [...pairs, ...pairs]) {
        const own = gateway.slice();
        const expected = envelopeHeader(decodeText(gateway), decodeText(channel));
        assert.deepEqual(cache.get(own, channel), expected);
        if (own instanceof Uint8Array) own.fill(0);
        assert.deepEqual(cache.get(gateway, channel), expected);
      }
    }),
  );
});
