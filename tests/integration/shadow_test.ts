/** A shadow beside the real service, on the same configuration. @module */
import assert from "node:assert/strict";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { account, assertExactlyOnce, distinctTraffic, publishAll } from "./traffic_helper.ts";

mosquittoTest("run --shadow disturbs nothing and gets everything that comes", async () => {
  const traffic = distinctTraffic(600, 61);
  await using broker = await Mosquitto.start([
    "max_queued_messages 0",
    "log_type all",
  ]);
  using scratch = new Scratch("shadow");
  const sources = [{ name: "home", url: broker.url, client_id: "the-capture" }];
  await using real = await ServiceProcess.start({ scratch, sources });
  await using shadow = await ServiceProcess.prepare({
    scratch,
    sources,
    port: real.port,
    args: ["--shadow"],
  });
  const shadowDatabase = scratch.file("meshtastic.shadow.db");
  await using publisher = await Publisher.connect(broker.port);
  const subscribed = async () =>
    (await broker.log()).includes("Sending SUBACK to the-capture-shadow");
  shadow.spawn();
  await waitUntil(subscribed, "the shadow subscribes");
  await publishAll(publisher, traffic.slice(0, 300));
  await Promise.all([real.stored(300), shadow.stored(300, 30_000, shadowDatabase)]);
  // A clean session: nothing is kept for a shadow that is away.
  assert.equal((await shadow.stop()).code, 0);
  await publishAll(publisher, traffic.slice(300, 400));
  await real.stored(400);
  const log = (await broker.log()).length;
  shadow.spawn();
  await waitUntil(
    async () => (await broker.log()).slice(log).includes("Sending SUBACK to the-capture-shadow"),
    "the shadow is back",
  );
  await publishAll(publisher, traffic.slice(400));
  await Promise.all([real.stored(600), shadow.stored(500, 30_000, shadowDatabase)]);
  assert.equal((await shadow.stop()).code, 0);
  assert.equal((await real.stop()).code, 0);

  assertExactlyOnce(real, traffic);
  assert.deepEqual(account(shadowDatabase, [...traffic.slice(0, 300), ...traffic.slice(400)]), {
    lost: 0,
    twice: 0,
    strange: 0,
  });
  const connections = (await broker.log()).split("\n").filter((line) =>
    /New client connected .* as the-capture /.test(line)
  );
  assert.equal(connections.length, 1, "the real one was never thrown out");
  assert.ok(!real.log.includes("source in trouble"), real.log);
});
