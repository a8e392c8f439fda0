import assert from "node:assert/strict";
import fc from "fast-check";
import { createServer, type Socket } from "node:net";
import { connect } from "mqtt";
import {
  connectPacket,
  PacketStream,
  PUBACK,
  pubackPackets,
  PUBLISH,
  publishId,
  publishPacket,
  subscribePacket,
} from "../../bench/mqtt_wire.ts";

Deno.test("connectPacket() and subscribePacket() are what the standard says", () => {
  assert.deepEqual(
    [...connectPacket("ab", true)],
    [0x10, 14, 0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, 2, 97, 98],
  );
  assert.equal(connectPacket("ab", false)[9], 0);
  assert.deepEqual([...subscribePacket(258, "a/#", 1)], [0x82, 8, 1, 2, 0, 3, 97, 47, 35, 1]);
});

Deno.test("PacketStream gives back what was published, however the stream is cut", () => {
  const message = fc.record({
    topic: fc.string({ minLength: 1, maxLength: 20 }),
    payload: fc.uint8Array({ maxLength: 400 }),
    qos: fc.constantFrom(0 as const, 1 as const),
    id: fc.integer({ min: 1, max: 65_535 }),
  });
  const cuts = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(fc.array(message, { maxLength: 10 }), cuts, (messages, sizes) => {
    const bytes = messages.flatMap(({ topic, payload, qos, id }) => [
      ...publishPacket(topic, payload, qos, id),
    ]);
    const found: unknown[] = [];
    const stream = new PacketStream();
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const size = sizes[i % sizes.length]!;
      stream.feed(Uint8Array.from(bytes.slice(at, at + size)), (type, flags, body) => {
        const qos = flags >> 1;
        const head = 2 + (body[0]! << 8 | body[1]!);
        found.push({
          type,
          qos,
          topic: new TextDecoder("utf-8", { ignoreBOM: true }).decode(body.slice(2, head)),
          id: qos === 1 ? publishId(body) : undefined,
          payload: [...body.slice(head + (qos === 1 ? 2 : 0))],
        });
      });
      at += size;
    }
    const expected = messages.map(({ topic, payload, qos, id }) => ({
      type: PUBLISH,
      qos,
      // As UTF-8 can say it.
      topic: topic.toWellFormed(),
      id: qos === 1 ? id : undefined,
      payload: [...payload],
    }));
    assert.deepEqual(found, expected);
  }));
});

Deno.test("pubackPackets() is read as one PUBACK an id", () => {
  const found: number[] = [];
  new PacketStream().feed(pubackPackets([1, 65_535]), (type, _, body) => {
    assert.equal(type, PUBACK);
    found.push(body[0]! << 8 | body[1]!);
  });
  assert.deepEqual(found, [1, 65_535]);
});

Deno.test("publishPacket() is what a client library reads as a message", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.once("data", () => {
      socket.write(Uint8Array.of(0x20, 2, 0, 0));
      socket.write(publishPacket("a/ü", new Uint8Array(300).fill(7), 1, 4711));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const client = connect(`mqtt://127.0.0.1:${port}`);
  try {
    const [topic, payload, packet] = await new Promise<
      [string, Uint8Array, { messageId?: number }]
    >(
      (resolve) => client.on("message", (...parts) => resolve(parts)),
    );
    assert.equal(topic, "a/ü");
    assert.deepEqual(new Uint8Array(payload), new Uint8Array(300).fill(7));
    assert.equal(packet.messageId, 4711);
  } finally {
    await client.endAsync(true);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
});
