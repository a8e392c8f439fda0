import assert from "node:assert/strict";
import fc from "fast-check";
import { channelHash, xorBytes } from "../../src/meshtastic/channel_hash.ts";
import { expandPsk, parsePsk, PskError } from "../../src/meshtastic/psk.ts";

const hex = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

Deno.test("expandPsk() follows the firmware for every length", () => {
  assert.equal(hex(expandPsk(Uint8Array.of())), "");
  assert.equal(hex(expandPsk(Uint8Array.of(0))), "");
  assert.equal(hex(expandPsk(Uint8Array.of(1))), "d4f1bb3a20290759f0bcffabcf4e6901");
  assert.equal(hex(expandPsk(Uint8Array.of(10))), "d4f1bb3a20290759f0bcffabcf4e690a");
  assert.equal(hex(expandPsk(Uint8Array.of(255))), "d4f1bb3a20290759f0bcffabcf4e69ff");
  assert.equal(hex(expandPsk(Uint8Array.of(7, 8))), "0708" + "00".repeat(14));
  fc.assert(fc.property(fc.uint8Array({ minLength: 2, maxLength: 32 }), (psk) => {
    const key = expandPsk(psk);
    assert.equal(key.length, psk.length <= 16 ? 16 : 32);
    assert.deepEqual(key.subarray(0, psk.length), new Uint8Array(psk));
    assert.ok(key.subarray(psk.length).every((byte) => byte === 0));
  }));
});

Deno.test("expandPsk() gives an empty PSK the primary channel's key", () => {
  const primary = expandPsk(Uint8Array.of(3));
  assert.deepEqual(expandPsk(Uint8Array.of(), primary), primary);
  assert.equal(expandPsk(Uint8Array.of(0), primary).length, 0);
});

Deno.test("parsePsk() reads standard and URL base64, with and without padding", () => {
  assert.deepEqual([...parsePsk("AQ==")], [1]);
  assert.deepEqual([...parsePsk(" AQ ")], [1]);
  assert.deepEqual([...parsePsk("")], []);
  assert.deepEqual(parsePsk("-_-_"), parsePsk("+/+/"));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 32 }), (bytes) => {
    assert.deepEqual(parsePsk(btoa(String.fromCharCode(...bytes))), new Uint8Array(bytes));
  }));
});

Deno.test("parsePsk() refuses what is no PSK without repeating it", () => {
  for (const text of ["no key!", "B", "AAAAA", btoa("x".repeat(33))]) {
    assert.throws(() => parsePsk(text), (error) => {
      assert.ok(error instanceof PskError);
      assert.ok(!error.message.includes(text));
      return true;
    });
  }
  assert.throws(() => expandPsk(new Uint8Array(33)), PskError);
});

Deno.test("channelHash() gives what radios give", () => {
  assert.equal(channelHash("LongFast", expandPsk(Uint8Array.of(1))), 8);
  assert.equal(channelHash("", new Uint8Array(0)), 0);
  fc.assert(fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
    assert.equal(xorBytes([...a, ...b]), xorBytes(a) ^ xorBytes(b));
  }));
});
