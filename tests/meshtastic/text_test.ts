import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeName, decodeText } from "../../src/meshtastic/text.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("decodeText() gives back every valid text", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
    assert.equal(decodeText(utf8(text)), text);
    assert.equal(decodeName(utf8(text)), text);
  }));
  assert.equal(decodeText([]), "");
  assert.equal(decodeText(utf8("\ufeffx")), "\ufeffx");
});

Deno.test("decodeText() replaces what is not UTF-8 and never throws", () => {
  assert.equal(decodeText(Uint8Array.of(0xff, 0x61)), "\ufffda");
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.ok(decodeText(bytes).isWellFormed());
    assert.ok(decodeName(bytes).isWellFormed());
  }));
});

Deno.test("decodeName() drops a last character that is cut short", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.nat(60), (text, length) => {
    const cut = utf8(text).subarray(0, length);
    const name = decodeName(cut);
    assert.ok(text.startsWith(name) && !name.includes("\ufffd"));
    assert.ok(utf8(name).length > cut.length - 4);
  }));
});

Deno.test("decodeName() keeps what stands before a broken byte inside", () => {
  assert.equal(decodeName(Uint8Array.of(0x61, 0xc3, 0x28)), "a\ufffd(");
  assert.equal(decodeName(Uint8Array.of(0x80, 0x80, 0x80, 0x80)), "\ufffd\ufffd\ufffd\ufffd");
});
