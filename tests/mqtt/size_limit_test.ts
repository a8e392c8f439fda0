import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { SizeLimit } from "../../src/mqtt/size_limit.ts";
import { settle } from "../helpers/manual_clock.ts";

/** PINGREQ: the shortest packet. */
const PING = new Uint8Array([0xc0, 0x00]);

function innerStream(): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

Deno.test("SizeLimit.read() gives no second piece while the first is being parsed, and it afterwards", async () => {
  const inner = innerStream();
  const limited = new SizeLimit(inner, 100);
  const read: (number | null)[] = [];
  const length = (piece: Uint8Array | null) => piece === null ? null : piece.length;
  limited.on("readable", () => {
    read.push(length(limited.read(2)));
    // As aedes does when a packet was handled at once.
    read.push(length(limited.read(2)));
  });
  inner.push(PING);
  inner.push(PING);
  await settle(50);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(read.filter((one) => one !== null).length, 2, JSON.stringify(read));
  assert.equal(read[1], null, "the second piece was refused");
  limited.destroy();
});

Deno.test("SizeLimit ends a connection when a packet is longer than allowed", async () => {
  const inner = innerStream();
  const limited = new SizeLimit(inner, 100);
  const errors: string[] = [];
  limited.on("error", (error) => errors.push(error.name));
  limited.on("readable", () => limited.read());
  inner.push(new Uint8Array([0x30, 0x65, 0, 1, 0x74]));
  await settle(50);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(errors, ["PacketScanError"]);
});
