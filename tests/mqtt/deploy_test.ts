/** deploy/mosquitto.conf, with nothing changed but port, paths and the address listened on. */
import assert from "node:assert/strict";
import { MqttSource } from "../../src/mqtt/source.ts";
import { DEPLOYED_CONFIG, LOGIN, startDeployedMosquitto } from "../helpers/deploy_broker.ts";
import { mosquittoTest } from "../helpers/mosquitto.ts";
import { acknowledge, Publisher, testParts } from "../helpers/mqtt_fakes.ts";
import { waitUntil } from "../helpers/wait.ts";

Deno.test("deploy/mosquitto.conf says why of every setting", () => {
  const lines = DEPLOYED_CONFIG.split("\n");
  lines.forEach((line, index) => {
    if (line === "" || line.startsWith("#")) return;
    // A setting follows a comment, or another setting of the same comment.
    assert.ok(lines[index - 1] !== "", `no comment above: ${line}`);
  });
});

for (const protocol of ["3.1.1", "5"] as const) {
  mosquittoTest(
    `deploy/mosquitto.conf keeps every message while we are away, at ${protocol}`,
    async () => {
      await using broker = await startDeployedMosquitto();
      const parts = testParts();
      const options = {
        name: "test",
        url: broker.url,
        topics: ["msh/#"],
        clientId: "capture-test",
        protocol,
        reconnect: { minMs: 10, maxMs: 60 },
        ...LOGIN,
      };
      {
        await using source = new MqttSource(options, parts);
        await source.start();
        await waitUntil(() => source.status().subscribed, "subscribed");
      }
      const total = 3000;
      {
        await using publisher = await Publisher.connect(broker.port, LOGIN);
        for (let i = 0; i < total; i += 100) {
          await Promise.all(
            Array.from(
              { length: 100 },
              (_, k) => publisher.publish("msh/a", String(i + k), { qos: k % 2 === 0 ? 0 : 1 }),
            ),
          );
        }
      }
      await broker.stop();
      await broker.run();
      await using source = new MqttSource(options, parts);
      await source.start();
      await waitUntil(() => parts.sink.all.length >= total, "all have arrived");
      acknowledge(parts.sink.take());
      assert.equal(parts.sink.all.length, total);
      assert.equal(new Set(parts.sink.texts()).size, total);
      assert.ok(parts.sink.all.every((delivery) => delivery.message.qos === 1));
      assert.deepEqual(parts.ledger.connections, [false, true]);
    },
  );
}
