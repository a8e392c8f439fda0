/**
 * Every distinct packet of the recorded traffic against CoreScope's own decoding of it, byte for
 * byte. What differs is counted and has a name.
 *
 * @module
 */
import assert from "node:assert/strict";
import { advertFault, advertRole, parseAdvert, verifyAdvert } from "../../src/meshcore/advert.ts";
import { describePacket } from "../../src/meshcore/description.ts";
import { goJson } from "../../src/meshcore/go_json.ts";
import { contentHash } from "../../src/meshcore/hash.ts";
import { decodeHex, stripHex } from "../../src/meshcore/hex.ts";
import { type PacketFrame, parsePacket } from "../../src/meshcore/packet.ts";
import { readPayload } from "../../src/meshcore/payload.ts";
import { fixture, fixtureOptions } from "./fixtures.ts";

/** Where CoreScope is wrong, with the fault of it, and how often in the fixture. */
const DEVIATIONS = {
  /** Its db.go:1712 hashes the text as sent: with spaces in it, its first 16 characters. */
  "hash of a raw text with spaces": 2,
  /** The same for what is no packet; here that has a hash only when a payload begins somewhere. */
  "hash of no packet": 68,
};

Deno.test("readPayload() and contentHash() meet CoreScope's answer for every recorded packet", async () => {
  const { keys } = fixtureOptions();
  const lines = fixture("decode.jsonl").trim().split("\n");
  const seen = new Map<string, number>();
  const deviation = (name: keyof typeof DEVIATIONS) => seen.set(name, (seen.get(name) ?? 0) + 1);
  let packets = 0, faults = 0, adverts = 0;
  for (const line of lines) {
    const expected = JSON.parse(line);
    const stripped = stripHex(expected.hex);
    const bytes = decodeHex(stripped);
    const parsed = bytes && parsePacket(bytes);
    const hash = bytes && contentHash(bytes);
    if (expected.error !== undefined) {
      faults++;
      assert.notEqual(parsed?.ok, true, `accepted: ${expected.hex}`);
      if (hash === undefined) deviation("hash of no packet");
      else assert.equal(hash, expected.hash, expected.hex);
      continue;
    }
    packets++;
    assert.ok(parsed?.ok, `refused: ${expected.hex}`);
    const { frame } = parsed;
    if (stripped === expected.hex) assert.equal(hash, expected.hash, expected.hex);
    else deviation("hash of a raw text with spaces");
    const signatureValid = await verdict(frame);
    const ours = goJson(describePacket(frame, readPayload(frame, { keys: keys!, signatureValid })));
    assert.ok(line.includes(`"decoded":${ours},"hash":`), `${ours}\n${line}`);
    if (expected.role !== undefined) {
      adverts++;
      const advert = parseAdvert(frame.payload)!;
      assert.equal(advertRole(advert.flags), expected.role);
      assert.equal(
        advertFault(advert) === undefined,
        expected.advert_valid,
        expected.advert_reason,
      );
    }
  }
  assert.deepEqual({ packets, faults, adverts }, { packets: 1699, faults: 74, adverts: 461 });
  assert.deepEqual(Object.fromEntries(seen), DEVIATIONS);
});

async function verdict(frame: PacketFrame): Promise<boolean | undefined> {
  return parseAdvert(frame.payload) !== undefined && frame.payloadName === "ADVERT"
    ? await verifyAdvert(frame.payload)
    : undefined;
}
