import assert from "node:assert/strict";
import fc from "fast-check";
import { channelHash } from "../../src/meshtastic/channel_hash.ts";
import { Decryptor } from "../../src/meshtastic/decrypt.ts";
import { KeyRing } from "../../src/meshtastic/key_ring.ts";
import { decodeBase64 } from "./base64.ts";
import { encode, encrypt } from "./build.ts";

const CUSTOM = "lNgx6PeK7Ft3DKmANpo46g==";
const custom = decodeBase64(CUSTOM);
const name = (text: string) => new TextEncoder().encode(text);
const text = encode("Data", { portnum: 1, payload: name("hello") });

function decryptor(psk = CUSTOM): Decryptor {
  return new Decryptor(new KeyRing([{ name: "Home", psk }], "AQ=="));
}

Deno.test("decrypt() gives back what was encrypted, by hash, for every PSK length", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 32 }),
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.uint8Array({ minLength: 1, maxLength: 233 }),
      async (psk, id, from, payload) => {
        const ring = new KeyRing([{ name: "Home", psk: btoa(String.fromCharCode(...psk)) }], "");
        const key = ring.keys[0]!.bytes;
        const plaintext = encode("Data", { portnum: 256, payload });
        const ciphertext = await encrypt(key, id, from, plaintext);
        const channel = channelHash("Home", key);
        const found = await new Decryptor(ring)
          .decrypt({ id, from, channel, ciphertext }, name("Home"), "Home");
        assert.deepEqual(found, { plaintext, by: "hash", keyName: "Home" });
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("decrypt() tries every key when no hash leads to one, and says so", async () => {
  const ciphertext = await encrypt(custom, 1, 2, text);
  const channel = (channelHash("Other", custom) + 1) & 0xff;
  const found = await decryptor().decrypt({ id: 1, from: 2, channel, ciphertext }, name("X"), "X");
  assert.deepEqual(found, { plaintext: text, by: "trial", keyName: "Home" });
});

Deno.test("decrypt() refuses a port without a name on trial, but takes it by hash", async () => {
  const unnamed = encode("Data", { portnum: 300, payload: name("hello") });
  const ciphertext = await encrypt(custom, 1, 2, unnamed);
  const channel = channelHash("Home", custom);
  const packet = { id: 1, from: 2, ciphertext };
  const none = name("");
  const trial = await decryptor().decrypt({ ...packet, channel: channel ^ 0xff }, none, "");
  assert.equal(trial, undefined);
  const hash = await decryptor().decrypt({ ...packet, channel }, name("Home"), "Home");
  assert.equal(hash?.by, "hash");
});

Deno.test("decrypt() takes a port of 0 or above 511 only as the firmware writes it", async () => {
  const channel = channelHash("Home", custom);
  const read = async (plaintext: Uint8Array<ArrayBuffer>) => {
    const ciphertext = await encrypt(custom, 1, 2, plaintext);
    return await decryptor().decrypt({ id: 1, from: 2, channel, ciphertext }, name("Home"), "Home");
  };
  assert.ok(await read(encode("Data", { portnum: 512, payload: name("hi") })));
  assert.ok(await read(encode("Data", { payload: name("hi") })));
  assert.equal(await read(encode("Data", { portnum: 512 })), undefined);
  // Payload first: loose, which is good enough for a usual port alone.
  assert.equal(await read(Uint8Array.of(0x12, 1, 65, 0x08, 0x80, 0x04)), undefined);
  assert.ok(await read(Uint8Array.of(0x12, 1, 65, 0x08, 1)));
});

Deno.test("decrypt() reads an open channel's packet as it is", async () => {
  const packet = { id: 1, from: 2, channel: channelHash("Home", new Uint8Array(0)) };
  const found = await decryptor("AA==")
    .decrypt({ ...packet, ciphertext: text }, name("Home"), "Home");
  assert.deepEqual(found, { plaintext: text, by: "hash", keyName: "Home" });
});

Deno.test("decrypt() next to never takes random bytes for a message", async () => {
  const ring = new KeyRing(
    Array.from({ length: 12 }, (_, i) => ({ psk: btoa(String.fromCharCode(i + 1)) })),
    "",
  );
  const random = new Decryptor(ring);
  let seed = 1;
  const next = () => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0);
  const found = await Promise.all(Array.from({ length: 1000 }, (_, i) => {
    const ciphertext = Uint8Array.from({ length: 4 + (i % 60) }, () => next() >>> 24);
    const packet = { id: next(), from: next(), channel: next() >>> 24, ciphertext };
    return random.decrypt(packet, name("Secret"), "Secret");
  }));
  assert.deepEqual(found.filter((plaintext) => plaintext !== undefined), []);
});
