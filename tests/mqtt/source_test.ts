/** MqttSource against a real mosquitto, at MQTT 3.1.1 and 5. */
import assert from "node:assert/strict";
import { MqttSource, type MqttSourceOptions } from "../../src/mqtt/source.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { acknowledge, Publisher, TestLedger, testParts, TestSink } from "../helpers/mqtt_fakes.ts";
import { waitUntil } from "../helpers/wait.ts";

const QUICK = { minMs: 20, maxMs: 200 };

function options(
  broker: Mosquitto,
  protocol: "5" | "3.1.1",
  more: Partial<MqttSourceOptions> = {},
): MqttSourceOptions {
  return {
    name: "test",
    url: broker.url,
    topics: ["msh/#"],
    clientId: "capture-test",
    protocol,
    reconnect: QUICK,
    ...more,
  };
}

async function subscribed(source: MqttSource): Promise<void> {
  await waitUntil(() => source.status().subscribed, "the source is subscribed");
}

for (const protocol of ["3.1.1", "5"] as const) {
  mosquittoTest(`MqttSource withholds the PUBACK until acknowledge() at ${protocol}`, async () => {
    await using broker = await Mosquitto.start(["max_inflight_messages 1"]);
    const parts = testParts();
    await using source = new MqttSource(options(broker, protocol, { receiveMaximum: 1 }), parts);
    await source.start();
    await subscribed(source);
    await using publisher = await Publisher.connect(broker.port);
    await publisher.publish("msh/a", "one");
    await publisher.publish("msh/a", "two");
    await waitUntil(() => parts.sink.all.length >= 1, "the first message");
    // With one message in flight the broker sends the second only after the first's PUBACK.
    await publisher.publish("other", "round trip through the broker");
    await publisher.publish("other", "and another");
    assert.deepEqual(parts.sink.texts(), ["one"]);
    assert.equal(source.status().withheldAcks, 1);
    acknowledge(parts.sink.take());
    await waitUntil(() => parts.sink.all.length === 2, "the second message");
    assert.deepEqual(parts.sink.texts(), ["one", "two"]);
    const [first] = parts.sink.all;
    assert.equal(first!.message.qos, 1);
    assert.equal(first!.message.redelivered, false);
    assert.ok(first!.message.messageId! > 0);
    const status = source.status();
    assert.equal(status.protocol, protocol);
    assert.equal(status.grantedQos, 1);
    assert.deepEqual(status.delivered, { qos0: 0, qos1: 2 });
  });

  mosquittoTest(
    `MqttSource admits a redelivery with DUP after a reconnect at ${protocol}`,
    async () => {
      await using broker = await Mosquitto.start();
      const parts = testParts();
      await using source = new MqttSource(options(broker, protocol), parts);
      await source.start();
      await subscribed(source);
      await using publisher = await Publisher.connect(broker.port);
      await publisher.publish("msh/a", "kept");
      await waitUntil(() => parts.sink.all.length === 1, "the message");
      const [before] = parts.sink.take();
      source.forceReconnect();
      await waitUntil(() => parts.sink.all.length === 2, "the redelivery");
      const [after] = parts.sink.take();
      assert.equal(after!.message.redelivered, true);
      assert.equal(after!.message.messageId, before!.message.messageId);
      assert.equal(after!.duplicate, true);
      assert.equal(after!.digest, before!.digest);
      assert.deepEqual(parts.ledger.connections, [false, true]);
      // The first connection is gone: its acknowledger must not acknowledge on the second.
      acknowledge([before!]);
      assert.equal(source.status().withheldAcks, 1);
      acknowledge([after!]);
      assert.equal(source.status().withheldAcks, 0);
      source.forceReconnect();
      await waitUntil(() => parts.ledger.connections.length === 3, "the third connection");
      await subscribed(source);
      await publisher.publish("msh/a", "new");
      await waitUntil(() => parts.sink.all.length === 3, "the new message");
      assert.equal(parts.sink.texts()[2], "new");
      assert.equal(source.status().reconnects, 2);
    },
  );

  mosquittoTest(
    `MqttSource loses nothing and stays connected while its sink is full at ${protocol}`,
    async () => {
      await using broker = await Mosquitto.start([
        "max_queued_messages 0",
        "max_inflight_messages 0",
      ]);
      const parts = testParts({ sink: new TestSink(50) });
      await using source = new MqttSource(
        options(broker, protocol, { keepaliveSeconds: 1 }),
        parts,
      );
      await source.start();
      await subscribed(source);
      await using publisher = await Publisher.connect(broker.port);
      const total = 5000;
      const body = "x".repeat(1000);
      for (let i = 0; i < total; i += 500) {
        await Promise.all(
          Array.from({ length: 500 }, (_, k) => publisher.publish("msh/a", `${i + k} ${body}`)),
        );
      }
      await waitUntil(() => source.status().paused, "the source pauses");
      assert.equal(parts.sink.all.length, 50, "not one more than the sink wants");
      const since = performance.now();
      // The broker ends a connection that is silent for 1.5 keep-alives; so would mqtt.js.
      await waitUntil(() => performance.now() - since > 3200, "more than three keep-alives pass");
      assert.equal(source.status().connected, true);
      const deliveries: readonly unknown[] = parts.sink.all;
      while (deliveries.length < total) {
        acknowledge(parts.sink.take());
        await waitUntil(() => parts.sink.size > 0, "more arrives");
      }
      acknowledge(parts.sink.take());
      assert.deepEqual(
        parts.sink.texts().map((text) => Number(text.split(" ")[0])),
        Array.from({ length: total }, (_, i) => i),
      );
      assert.equal(source.status().reconnects, 0);
      assert.equal(source.status().withheldAcks, 0);
    },
  );

  mosquittoTest(
    `MqttSource comes back after a broker restart and subscribes again at ${protocol}`,
    async () => {
      await using broker = await Mosquitto.start();
      const parts = testParts();
      const problems: (string | undefined)[] = [];
      await using source = new MqttSource(options(broker, protocol), {
        ...parts,
        events: { onStateChange: (status) => problems.push(status.problem?.reason) },
      });
      await source.start();
      await subscribed(source);
      await broker.stop();
      await waitUntil(() => !source.status().connected, "the source notices");
      await waitUntil(() => source.status().problem?.reason === "unreachable", "it says so");
      await broker.run();
      await subscribed(source);
      assert.equal(source.status().problem, undefined);
      // Without persistence the broker has forgotten us: a new session, a new subscription.
      assert.deepEqual(parts.ledger.connections, [false, false]);
      await using publisher = await Publisher.connect(broker.port);
      await publisher.publish("msh/a", "after");
      await waitUntil(() => parts.sink.all.length === 1, "a message after the restart");
      assert.ok(problems.includes("unreachable"));
      assert.equal(source.status().reconnects, 1);
    },
  );

  mosquittoTest(
    `MqttSource takes a burst of 20,000 at QoS 1 with later acknowledgements at ${protocol}`,
    async () => {
      await using broker = await Mosquitto.start([
        "max_queued_messages 0",
        "max_inflight_messages 4000",
      ]);
      const parts = testParts({ sink: new TestSink(8000) });
      await using source = new MqttSource(options(broker, protocol), parts);
      await source.start();
      await subscribed(source);
      await using publisher = await Publisher.connect(broker.port);
      const total = 20_000;
      const commits = setInterval(() => acknowledge(parts.sink.take()), 20);
      try {
        for (let i = 0; i < total; i += 1000) {
          await Promise.all(
            Array.from({ length: 1000 }, (_, k) => publisher.publish("msh/a", String(i + k))),
          );
        }
        await waitUntil(() => parts.sink.all.length >= total, "all have arrived", 30_000);
        await waitUntil(() => source.status().withheldAcks === 0, "all are acknowledged");
      } finally {
        clearInterval(commits);
      }
      assert.equal(parts.sink.all.length, total);
      assert.equal(new Set(parts.sink.texts()).size, total);
      source.forceReconnect();
      await waitUntil(() => parts.ledger.connections.length === 2, "a second connection");
      await publisher.publish("msh/a", "last");
      await waitUntil(() => parts.sink.all.length > total, "the next message");
      assert.equal(parts.sink.texts()[total], "last", "nothing was delivered again");
    },
  );
}

class SlowLedger extends TestLedger {
  asked = 0;
  ready = () => {};
  fail = (_error: Error) => {};
  override async connected(present: boolean): Promise<boolean> {
    await new Promise<void>((resolve, reject) => {
      this.ready = resolve;
      this.fail = reject;
      this.asked++;
    });
    return await super.connected(present);
  }
}

mosquittoTest(
  "MqttSource goes on when the connection ends before the ledger is ready",
  async () => {
    await using broker = await Mosquitto.start();
    const ledger = new SlowLedger();
    const parts = testParts({ ledger });
    await using publisher = await Publisher.connect(broker.port);
    await using source = new MqttSource(options(broker, "3.1.1"), parts);
    await source.start();
    await waitUntil(() => ledger.asked === 1, "the ledger is asked");
    ledger.ready();
    await subscribed(source);
    await publisher.publish("msh/a", "1");
    await waitUntil(() => parts.sink.all.length === 1, "the message");
    source.forceReconnect();
    await waitUntil(() => ledger.asked === 2, "the ledger is asked again");
    // The redelivery is here, or will be; and the connection ends.
    source.forceReconnect();
    ledger.ready();
    await waitUntil(() => ledger.asked === 3, "the ledger is asked a third time");
    assert.equal(source.status().connected, false);
    ledger.ready();
    await subscribed(source);
    await waitUntil(() => parts.sink.all.length >= 2, "the redelivery");
    assert.equal(parts.sink.all.filter((delivery) => !delivery.duplicate).length, 1);
  },
);

mosquittoTest("MqttSource says that the ledger failed, and tries again", async () => {
  await using broker = await Mosquitto.start();
  const ledger = new SlowLedger();
  const told: string[] = [];
  const parts = testParts({
    ledger,
    events: {
      onConnected: () => void told.push("connected"),
      onSubscribed: ({ granted }) => told.push(`subscribed ${granted}`),
      onDisconnected: () => told.push("disconnected"),
    },
  });
  await using source = new MqttSource(options(broker, "5"), parts);
  await source.start();
  await waitUntil(() => ledger.asked === 1, "the ledger is asked");
  ledger.fail(new Error("the disk is full"));
  await waitUntil(() => source.status().problem?.reason === "ledger", "it says so");
  assert.match(source.status().problem!.detail, /the disk is full/);
  assert.equal(source.status().connected, false);
  assert.deepEqual(told, [], "a connection without a ledger covers nothing");
  await waitUntil(() => ledger.asked === 2, "the ledger is asked again");
  ledger.ready();
  await subscribed(source);
  assert.equal(source.status().problem, undefined);
  assert.deepEqual(told, ["connected", "subscribed true"]);
});

mosquittoTest("MqttSource holds messages back until the ledger is ready", async () => {
  await using broker = await Mosquitto.start();
  const ledger = new SlowLedger();
  const parts = testParts({ ledger });
  await using source = new MqttSource(options(broker, "3.1.1"), parts);
  await source.start();
  await waitUntil(() => ledger.asked === 1, "the source waits for its ledger");
  assert.equal(source.status().connected, false);
  ledger.ready();
  await subscribed(source);
  await using publisher = await Publisher.connect(broker.port);
  await publisher.publish("msh/a", "1");
  await waitUntil(() => parts.sink.all.length === 1, "the message");
  source.forceReconnect();
  await waitUntil(() => ledger.asked === 2, "the source waits again");
  assert.equal(parts.sink.all.length, 1, "the redelivery waits too");
  ledger.ready();
  await waitUntil(() => parts.sink.all.length === 2, "the redelivery");
  assert.equal(parts.sink.all[1]!.duplicate, true);
});

mosquittoTest("MqttSource hands on what it held when the connection ended while full", async () => {
  await using broker = await Mosquitto.start();
  const parts = testParts({ sink: new TestSink(5) });
  await using source = new MqttSource(options(broker, "3.1.1"), parts);
  await source.start();
  await subscribed(source);
  await using publisher = await Publisher.connect(broker.port);
  // Side by side: what comes in one piece with the fifth is what is held.
  await Promise.all(Array.from({ length: 20 }, (_, i) => publisher.publish("msh/a", String(i))));
  await waitUntil(() => parts.sink.full, "the sink is full");
  source.forceReconnect();
  // With nothing to hand on, the next connection may be there before we look.
  await waitUntil(
    () => !source.status().connected || source.status().reconnects === 1,
    "the connection has ended",
  );
  assert.equal(parts.sink.all.length, 5);
  const kept = () => parts.sink.all.filter((delivery) => !delivery.duplicate);
  const drain = setInterval(() => acknowledge(parts.sink.take()), 5);
  try {
    await waitUntil(() => source.status().reconnects === 1, "it reconnects when there is room");
    await waitUntil(() => kept().length === 20, "all have arrived");
    await waitUntil(() => source.status().withheldAcks === 0, "all are acknowledged");
  } finally {
    clearInterval(drain);
  }
  await publisher.publish("msh/a", "end");
  await waitUntil(() => kept().length === 21, "the next message");
  assert.deepEqual(
    kept().map((delivery) => new TextDecoder().decode(delivery.message.payload)),
    [...Array.from({ length: 20 }, (_, i) => String(i)), "end"],
  );
});

mosquittoTest("MqttSource gives up the subscriptions of an earlier configuration", async () => {
  await using broker = await Mosquitto.start();
  const parts = testParts();
  {
    await using before = new MqttSource(options(broker, "5"), parts);
    await before.start();
    await subscribed(before);
  }
  const topics = ["msh/a/#"];
  const formerTopics = ["msh/#", ...topics];
  await using source = new MqttSource(options(broker, "5", { topics, formerTopics }), parts);
  await source.start();
  await subscribed(source);
  await using publisher = await Publisher.connect(broker.port);
  await waitUntil(async () => {
    await publisher.publish("msh/b", "unwanted");
    await publisher.publish("msh/a/1", "wanted");
    await waitUntil(() => parts.sink.texts().at(-1) === "wanted", "what is wanted");
    return parts.sink.texts().at(-2) !== "unwanted";
  }, "nothing else comes any more");
});
