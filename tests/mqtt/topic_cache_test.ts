import assert from "node:assert/strict";
import fc from "fast-check";
import { TopicCache } from "../../src/mqtt/topic_cache.ts";

Deno.test("get() gives what the decoder gives, again and again", () => {
  const cache = new TopicCache();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.string({ unit: "grapheme", maxLength: 300 }).map((text) => new TextEncoder().encode(text)),
  );
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 20 }), fc.nat(5), (topics, offset) => {
      for (const topic of [...topics, ...topics]) {
        const within = new Uint8Array(topic.length + offset + 3);
        within.set(topic, offset);
        assert.equal(cache.get(within, offset, offset + topic.length), decoder.decode(topic));
      }
    }),
  );
});
