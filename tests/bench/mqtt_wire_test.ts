import assert from "node:assert/strict";
import fc from "fast-check";
import { MqttLink } from "../../bench/mqtt_link.ts";
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
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { waitUntil } from "../helpers/wait.ts";

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

mosquittoTest(
  "MqttLink gets what another has published, and hears of what it publishes",
  async () => {
    await using broker = await Mosquitto.start();
    const received: string[] = [];
    using reader = await MqttLink.open(broker.port, "reader", true, (type, _, body) => {
      if (type === PUBLISH) received.push(new TextDecoder().decode(body));
    });
    await reader.subscribe("a/#", 1);
    const acknowledged: number[] = [];
    using writer = await MqttLink.open(broker.port, "writer", true, (type, _, body) => {
      if (type === PUBACK) acknowledged.push(body[0]! << 8 | body[1]!);
    });
    await writer.send(publishPacket("a/ü", new TextEncoder().encode("seven"), 1, 4711));
    await waitUntil(() => received.length > 0 && acknowledged.length > 0, "the message went round");
    assert.match(received[0]!, /a\/ü.*seven$/s);
    assert.deepEqual(acknowledged, [4711]);
  },
);

mosquittoTest(
  "MqttLink without a clean session is kept by the broker until a clean one",
  async () => {
    await using broker = await Mosquitto.start();
    const received: number[] = [];
    const open = (clean: boolean) =>
      MqttLink.open(broker.port, "keeper", clean, (type) => received.push(type));
    const first = await open(false);
    await first.subscribe("a/#", 1);
    await first.close();
    const publish = async () => {
      const writer = await MqttLink.open(broker.port, "writer", true);
      await writer.send(publishPacket("a/b", new Uint8Array(3), 1, 1));
      await writer.close();
    };
    await publish();
    const second = await open(false);
    await waitUntil(() => received.length > 0, "what was published meanwhile");
    await second.close();
    await (await open(true)).close();
    await publish();
    received.length = 0;
    // The broker answers in order: behind its answer to SUBSCRIBE nothing old can come.
    const third = await open(false);
    await third.subscribe("c", 1);
    await third.close();
    assert.deepEqual(received, []);
  },
);
