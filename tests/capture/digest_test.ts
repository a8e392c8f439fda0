import fc from "fast-check";
import assert from "node:assert/strict";
import { digest } from "../../src/capture/digest.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("digest() is a 64-bit number, the same for the same message", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.uint8Array({ maxLength: 300 }), (topic, body) => {
      const first = digest(topic, body);
      assert.ok(first >= 0n && first < 1n << 64n);
      assert.equal(digest(topic, Uint8Array.from([0, ...body]).subarray(1)), first);
    }),
  );
});

Deno.test("digest() tells the border of topic and payload", () => {
  assert.notEqual(digest("ab", bytes("c")), digest("a", bytes("bc")));
  assert.notEqual(digest("abcd", bytes("")), digest("", bytes("abcd")));
  assert.notEqual(digest("a", new Uint8Array(1)), digest("a", new Uint8Array(2)));
  assert.notEqual(digest("é", bytes("")), digest("e", bytes("")));
});

Deno.test("digest() differs for 200,000 messages that differ little", () => {
  const seen = new Set<bigint>();
  const payload = new Uint8Array(40);
  const view = new DataView(payload.buffer);
  for (let i = 0; i < 100_000; i++) {
    view.setUint32(i % 36, i);
    seen.add(digest("msh/EU_868/2/e/LongFast/!12345678", payload));
    view.setUint32(i % 36, 0);
    seen.add(digest(`msh/${i}`, payload));
  }
  assert.equal(seen.size, 200_000);
});

Deno.test("digest() changes about half of its bits with one bit of the payload", () => {
  const payload = bytes("a payload of some bytes, as they come from a radio");
  const before = digest("msh/a", payload);
  let flipped = 0;
  let cases = 0;
  const perBit = new Array<number>(64).fill(0);
  for (let bit = 0; bit < payload.length * 8; bit++) {
    payload[bit >> 3]! ^= 1 << (bit & 7);
    let difference = before ^ digest("msh/a", payload);
    payload[bit >> 3]! ^= 1 << (bit & 7);
    for (let i = 0; i < 64; i++, difference >>= 1n) {
      if (difference & 1n) {
        flipped++;
        perBit[i]!++;
      }
    }
    cases++;
  }
  assert.ok(Math.abs(flipped / cases / 64 - 0.5) < 0.02, `${flipped / cases} of 64 bits`);
  for (const count of perBit) assert.ok(count / cases > 0.35 && count / cases < 0.65);
});

Deno.test("digest() fills low, middle and high bits evenly", () => {
  const buckets = [0n, 24n, 56n].map(() => new Array<number>(256).fill(0));
  const total = 64_000;
  for (let i = 0; i < total; i++) {
    const value = digest("t", bytes(String(i)));
    [0n, 24n, 56n].forEach((shift, k) => buckets[k]![Number((value >> shift) & 255n)]!++);
  }
  const expected = total / 256;
  for (const counts of buckets) {
    const chi = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: beyond 350 is one case in ten thousand.
    assert.ok(chi < 350, `chi squared ${chi}`);
  }
});
