/** SIGTERM with messages in the queue, and a second one. @module */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { assertExactlyOnce, distinctTraffic, publishAll } from "./traffic_helper.ts";

mosquittoTest("run drains, commits and acknowledges at SIGTERM, and ends with 0", async () => {
  const traffic = distinctTraffic(6000, 41);
  await using broker = await Mosquitto.start([
    "max_queued_messages 0",
    "max_inflight_messages 4000",
  ]);
  using scratch = new Scratch("shutdown");
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ url: broker.url }],
    // What has come waits in the queue until the signal, for nothing else would commit it.
    config: {
      storage: { commit_interval_ms: 60_000, batch_max: 4000 },
      queue: { max_messages: 4000 },
    },
  });
  await using publisher = await Publisher.connect(broker.port);
  const published = publishAll(publisher, traffic);
  await service.stored(1);
  const began = performance.now();
  service.signal("SIGTERM");
  const { code } = await service.end();
  const seconds = (performance.now() - began) / 1000;
  await published;
  assert.equal(code, 0, service.log);
  assert.ok(seconds < 8, `${seconds} s`);
  const [summary] = /stopped.*stored.*not_stored.*/.exec(service.log) ?? [];
  assert.ok(summary !== undefined, service.log);
  assert.match(summary, new RegExp(`meshtastic\\D+${service.rows()}\\b`));
  assert.match(summary, /not_stored=0\b/);
  const atSignal = service.rows();

  // What was stored was acknowledged: the next run gets the rest, and nothing again.
  await service.run();
  await service.healthy();
  const rest = traffic.length - atSignal;
  await waitUntil(async () => await service.received(1) >= rest, "the rest");
  assert.equal(await service.received(1), rest);
  assert.equal((await service.stop()).code, 0);
  figures("SIGTERM in a burst", { "rows then": atSignal, seconds: seconds.toFixed(2) });
  assertExactlyOnce(service, traffic);
});

mosquittoTest("run stores at SIGTERM what was waiting in its queue", async () => {
  const traffic = distinctTraffic(305, 43);
  await using broker = await Mosquitto.start(["max_queued_messages 0"]);
  using scratch = new Scratch("shutdown");
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ url: broker.url }],
    // Nothing but the signal commits so few: those at QoS 1 are too few to be hurried for.
    config: { storage: { commit_interval_ms: 60_000 } },
  });
  await using publisher = await Publisher.connect(broker.port);
  await publishAll(publisher, traffic.slice(0, 5), 1);
  await publishAll(publisher, traffic.slice(5), 0);
  await waitUntil(
    async () => await service.received(0) + await service.received(1) === traffic.length,
    "all have come",
  );
  assert.equal(service.rows(), 0);
  assert.equal((await service.stop()).code, 0);
  assertExactlyOnce(service, traffic);
  // Those at QoS 1 were acknowledged: they are not delivered again.
  await service.run();
  await service.healthy();
  await publishAll(publisher, traffic.slice(0, 1), 0);
  await waitUntil(async () => await service.received(0) === 1, "one more");
  assert.equal(await service.received(1), 0);
});

mosquittoTest("run ends at once at a second signal, and what it had comes again", async () => {
  const traffic = distinctTraffic(300, 42);
  await using broker = await Mosquitto.start(["max_queued_messages 0"]);
  using scratch = new Scratch("shutdown");
  await using service = await ServiceProcess.start({ scratch, sources: [{ url: broker.url }] });
  await using publisher = await Publisher.connect(broker.port);
  const lock = new DatabaseSync(service.database);
  // The service writes now and then by itself.
  lock.exec("PRAGMA busy_timeout = 10000");
  // With the database locked, the shutdown cannot come to its end.
  lock.exec("BEGIN IMMEDIATE");
  try {
    await publishAll(publisher, traffic);
    await waitUntil(async () => await service.received(1) === traffic.length, "all have come");
    service.signal("SIGTERM");
    await waitUntil(() => service.log.includes("shutting down"), "it begins to shut down");
    const began = performance.now();
    service.signal("SIGINT");
    const { code } = await service.end();
    assert.equal(code, 1);
    assert.ok(performance.now() - began < 1500, "at once");
    assert.match(service.log, /second signal: ending at once/);
  } finally {
    lock.exec("ROLLBACK");
    lock.close();
  }
  assert.equal(service.rows(), 0);
  await service.run();
  await service.stored(traffic.length);
  assert.equal((await service.stop()).code, 0);
  assertExactlyOnce(service, traffic);
});
