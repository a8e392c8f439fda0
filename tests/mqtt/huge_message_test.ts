/** Somebody publishes what fills the memory of whoever reads it. @module */
import { MqttSource } from "../../src/mqtt/source.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { acknowledge, Publisher, testParts } from "../helpers/mqtt_fakes.ts";
import { waitUntil } from "../helpers/wait.ts";
import assert from "node:assert/strict";

mosquittoTest(
  "MqttSource has a broker of MQTT 5 keep messages to itself that fill the memory",
  async () => {
    await using broker = await Mosquitto.start();
    const parts = testParts();
    await using source = new MqttSource({
      name: "s",
      url: broker.url,
      topics: ["msh/#"],
      clientId: "huge",
      protocol: "5",
    }, parts);
    await source.start();
    await waitUntil(() => source.status().subscribed, "subscribed");
    await using publisher = await Publisher.connect(broker.port);
    await publisher.publish("msh/huge", new Uint8Array(40 * 2 ** 20));
    await publisher.publish("msh/large", new Uint8Array(2 ** 20));
    await waitUntil(() => parts.sink.all.length > 0, "what follows", 30_000);
    acknowledge(parts.sink.take());
    await publisher.publish("msh/next", "x");
    await waitUntil(() => parts.sink.all.length > 1, "the next", 30_000);
    const topics = parts.sink.all.map(({ message }) => message.topic);
    assert.deepEqual(topics, ["msh/large", "msh/next"]);
    assert.equal(source.status().reconnects, 0);
  },
);
