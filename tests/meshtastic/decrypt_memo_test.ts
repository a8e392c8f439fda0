import assert from "node:assert/strict";
import fc from "fast-check";
import { channelHash } from "../../src/meshtastic/channel_hash.ts";
import { createMeshtasticDecoder } from "../../src/meshtastic/decoder.ts";
import type { EncryptedPacket } from "../../src/meshtastic/decrypt.ts";
import { DecryptMemo } from "../../src/meshtastic/decrypt_memo.ts";
import { expandPsk } from "../../src/meshtastic/psk.ts";
import { encode, encrypt, envelope, message } from "./build.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const done = Promise.resolve();

function packet(rest: Partial<EncryptedPacket> = {}): EncryptedPacket {
  return { id: 1, from: 2, channel: 3, ciphertext: Uint8Array.of(4, 5, 6), ...rest };
}

Deno.test("find() gives an entry for exactly the same input alone", () => {
  const memo = new DecryptMemo<string>();
  const entry = memo.add(packet(), utf8("A"), done);
  assert.equal(memo.find(packet(), utf8("A")), entry);
  assert.equal(memo.find(packet(), utf8("B")), undefined);
  assert.equal(memo.find(packet(), utf8("")), undefined);
  for (
    const other of [{ id: 9 }, { from: 9 }, { channel: 9 }, { ciphertext: Uint8Array.of(4, 5, 7) }]
  ) assert.equal(memo.find(packet(other), utf8("A")), undefined);
  memo.forget(entry);
  assert.equal(memo.find(packet(), utf8("A")), undefined);
});

Deno.test("add() keeps own copies, nothing above 256 bytes, and at most 2,048 entries", () => {
  const memo = new DecryptMemo<string>();
  const ciphertext = Uint8Array.of(1, 2, 3);
  memo.add(packet({ ciphertext }), utf8("A"), done);
  ciphertext.fill(0);
  assert.ok(memo.find(packet({ ciphertext: Uint8Array.of(1, 2, 3) }), utf8("A")));

  const large = packet({ id: 7, ciphertext: new Uint8Array(257) });
  memo.add(large, utf8("A"), done);
  assert.equal(memo.find(large, utf8("A")), undefined);

  for (let id = 1000; id < 5000; id++) memo.add(packet({ id }), utf8("A"), done);
  let found = 0;
  for (let id = 0; id < 5000; id++) found += memo.find(packet({ id }), utf8("A")) ? 1 : 0;
  assert.ok(found > 1000 && found <= 2048, `${found}`);
});

Deno.test("decode() says of repeated receptions what a decoder says that never saw them", async () => {
  const key = expandPsk(Uint8Array.of(1));
  const reception = fc.record({
    id: fc.integer({ min: 1, max: 3 }),
    from: fc.integer({ min: 1, max: 2 }),
    text: fc.constantFrom("one", "two"),
    known: fc.boolean(),
    channelId: fc.constantFrom("LongFast", "Other"),
    gateway: fc.constantFrom("!00000007", "!00000008"),
    snr: fc.integer({ min: -20, max: 10 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(reception, { maxLength: 12 }), fc.nat(12), async (all, cut) => {
      const messages = await Promise.all(
        all.map(async ({ id, from, text, known, channelId, gateway, snr }) => {
          const plain = encode("Data", { portnum: 1, payload: utf8(text) });
          const encrypted = await encrypt(
            known ? key : new Uint8Array(16).fill(9),
            id,
            from,
            plain,
          );
          const channel = channelHash("LongFast", key);
          const header = { id, from, channel, encrypted, rx_snr: snr };
          return message(envelope(header, channelId, gateway));
        }),
      );
      const alone = await Promise.all(
        messages.map(async (one) => (await createMeshtasticDecoder().decode([one]))[0]),
      );
      const decoder = createMeshtasticDecoder();
      // Two calls at once, then everything again from memory.
      const parts = await Promise.all([
        decoder.decode(messages.slice(0, cut)),
        decoder.decode(messages.slice(cut)),
      ]);
      assert.deepEqual(parts.flat(), alone);
      assert.deepEqual(await decoder.decode(messages), alone);
    }),
    { numRuns: 30 },
  );
});
