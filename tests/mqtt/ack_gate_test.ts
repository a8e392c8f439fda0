import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { AckGate } from "../../src/mqtt/ack_gate.ts";
import { waitUntil } from "../helpers/wait.ts";

/** A socket that notes what is written to it. */
class FakeSocket extends Duplex {
  readonly writes: number[][] = [];
  reads = 0;

  override _read(): void {
    this.reads++;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    this.writes.push([...chunk]);
    done();
  }

  get bytes(): number[] {
    return this.writes.flat();
  }
}

const PUBACK_7 = [0x40, 2, 0, 7];
const PINGREQ = [0xc0, 0];

Deno.test("AckGate swallows PUBACKs that come in several corked writes", async () => {
  const socket = new FakeSocket();
  const gate = new AckGate(socket);
  gate.cork();
  for (const piece of [[0x40], [2], [0, 7], [0xc0], [0]]) gate.write(Uint8Array.from(piece));
  gate.uncork();
  await waitUntil(() => socket.bytes.length === 2, "the ping");
  assert.deepEqual(socket.bytes, PINGREQ);
  assert.equal(gate.swallowed, 1);
  gate.destroy();
});

Deno.test("AckGate.acknowledge() writes all PUBACKs in one write", () => {
  const socket = new FakeSocket();
  const gate = new AckGate(socket);
  gate.acknowledge([7, 0x1234, 65_535]);
  assert.deepEqual(socket.writes, [[...PUBACK_7, 0x40, 2, 0x12, 0x34, 0x40, 2, 0xff, 0xff]]);
  assert.equal(gate.acknowledged, 3);
  gate.acknowledge([]);
  assert.equal(socket.writes.length, 1);
  gate.destroy();
});

Deno.test("AckGate.acknowledge() never writes into the middle of another packet", async () => {
  const socket = new FakeSocket();
  const gate = new AckGate(socket);
  gate.write(Uint8Array.of(0x82, 3, 1));
  await waitUntil(() => socket.bytes.length === 3, "the first part");
  gate.acknowledge([7]);
  assert.equal(socket.bytes.length, 3);
  gate.write(Uint8Array.of(2, 3, ...PINGREQ));
  await waitUntil(() => socket.bytes.length === 11, "the rest");
  assert.deepEqual(socket.bytes, [0x82, 3, 1, 2, 3, ...PINGREQ, ...PUBACK_7]);
  gate.destroy();
});

Deno.test("AckGate.acknowledge() does nothing when the connection has ended", async () => {
  const socket = new FakeSocket();
  const gate = new AckGate(socket);
  let closed = false;
  gate.on("close", () => closed = true);
  socket.destroy();
  await waitUntil(() => closed, "the gate closes with its socket");
  gate.acknowledge([7]);
  assert.deepEqual(socket.writes, []);
  assert.equal(gate.acknowledged, 0);
});

Deno.test("AckGate.pauseReading() keeps bytes in the socket until resumeReading()", async () => {
  const socket = new FakeSocket();
  const gate = new AckGate(socket);
  const got: number[] = [];
  gate.on("data", (chunk: Uint8Array) => got.push(...chunk));
  socket.push(Uint8Array.of(1));
  await waitUntil(() => got.length === 1, "the first byte");
  gate.pauseReading();
  socket.push(Uint8Array.of(2));
  socket.push(Uint8Array.of(3));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(got, [1]);
  assert.equal(socket.readableLength, 2);
  gate.resumeReading();
  await waitUntil(() => got.length === 3, "the others");
  assert.deepEqual(got, [1, 2, 3]);
  gate.destroy();
});

Deno.test("AckGate.disconnect() writes DISCONNECT after what was acknowledged", async () => {
  const socket = new FakeSocket();
  const gate = new AckGate(socket);
  gate.acknowledge([7]);
  const deadline = new AbortController();
  const ended = gate.disconnect(deadline.signal);
  deadline.abort();
  await ended;
  assert.deepEqual(socket.bytes, [...PUBACK_7, 0xe0, 0]);
  assert.equal(gate.destroyed, true);
});
