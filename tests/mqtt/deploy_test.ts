/** deploy/mosquitto.conf, with nothing changed but port, paths and the address listened on. */
import assert from "node:assert/strict";
import { MqttSource } from "../../src/mqtt/source.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { acknowledge, Publisher, testParts } from "../helpers/mqtt_fakes.ts";
import { fromFileUrl } from "../helpers/paths.ts";
import { waitUntil } from "../helpers/wait.ts";

const CONFIG = Deno.readTextFileSync(
  fromFileUrl(new URL("../../deploy/mosquitto.conf", import.meta.url)),
);

/** mosquitto_passwd's line for the user `capture` with the password `right:pass word`. */
const PASSWORDS =
  "capture:$7$101$49t8UFMw/cSnPaZ7$3G2dXmlki/C8P6iWbIJuPQW2w6Q9Lj+KzEBOxrsfm6zok00Q" +
  "Y970BCLXwd6/qMcDUcNAdeWfo+iypHIATWf93Q==\n";
const LOGIN = { username: "capture", password: "right:pass word" };

Deno.test("deploy/mosquitto.conf says why of every setting", () => {
  const lines = CONFIG.split("\n");
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
      const lines = CONFIG
        .replace("listener 1883", "listener %PORT% 127.0.0.1")
        .replaceAll("/etc/mosquitto/passwords", "%DIR%/passwords")
        .replaceAll("/var/lib/mosquitto/", "%DIR%/")
        .split("\n");
      await using broker = await Mosquitto.start(lines, {
        whole: true,
        files: { passwords: PASSWORDS },
      });
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
