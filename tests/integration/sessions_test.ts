/** Sessions that a broker keeps or loses, and what is known of the time in between. @module */
import assert from "node:assert/strict";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { assertExactlyOnce, distinctTraffic, publishAll } from "./traffic_helper.ts";

const PERSISTENT = [
  "persistence true",
  "persistence_location %DIR%/",
  "max_queued_messages 0",
];

mosquittoTest("run loses nothing when the broker is restarted with persistence", async () => {
  const traffic = distinctTraffic(900, 11);
  await using broker = await Mosquitto.start(PERSISTENT);
  using scratch = new Scratch("sessions");
  await using service = await ServiceProcess.start({ scratch, sources: [{ url: broker.url }] });
  {
    await using publisher = await Publisher.connect(broker.port);
    await publishAll(publisher, traffic.slice(0, 300));
  }
  await service.stored(300);
  // These wait at the broker, which is stopped with them.
  await service.stop();
  {
    await using publisher = await Publisher.connect(broker.port);
    await publishAll(publisher, traffic.slice(300, 600));
  }
  await broker.stop();
  await service.run();
  await broker.run();
  await service.stored(600);
  await broker.stop();
  await broker.run();
  await service.healthy();
  {
    await using publisher = await Publisher.connect(broker.port);
    await publishAll(publisher, traffic.slice(600));
  }
  await service.stored(900);
  assert.equal((await service.stop()).code, 0);
  assertExactlyOnce(service, traffic);
  assert.deepEqual(service.query("SELECT * FROM capture_gaps"), []);
});

mosquittoTest("run delivers after its restart what came while it was stopped", async () => {
  const traffic = distinctTraffic(400, 12);
  await using broker = await Mosquitto.start(["max_queued_messages 0"]);
  using scratch = new Scratch("sessions");
  for (const protocol of ["3.1.1", "5"]) {
    await using service = await ServiceProcess.start({
      scratch,
      sources: [{ name: protocol, url: broker.url, protocol }],
      config: { meshtastic: { database: scratch.file(`${protocol}.db`) } },
    });
    await service.stop();
    await using publisher = await Publisher.connect(broker.port);
    await publishAll(publisher, traffic);
    await service.run();
    await service.stored(traffic.length);
    assert.equal((await service.stop()).code, 0);
    assertExactlyOnce(service, traffic);
    assert.deepEqual(service.query("SELECT * FROM capture_gaps"), []);
  }
});

mosquittoTest("run writes a gap when the broker has lost its session", async () => {
  const traffic = distinctTraffic(20, 13);
  await using broker = await Mosquitto.start();
  using scratch = new Scratch("sessions");
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ name: "home", url: broker.url }],
  });
  {
    await using publisher = await Publisher.connect(broker.port);
    await publishAll(publisher, traffic.slice(0, 10));
  }
  await service.stored(10);
  const before = Date.now() / 1000;
  await broker.kill();
  await waitUntil(() => service.log.includes("source in trouble"), "it notices");
  await broker.run();
  await service.healthy();
  const gaps = () => service.query("SELECT * FROM capture_gaps");
  await waitUntil(() => gaps().length > 0, "the gap");
  const after = Date.now() / 1000;
  {
    await using publisher = await Publisher.connect(broker.port);
    await publishAll(publisher, traffic.slice(10));
  }
  await service.stored(20);
  assert.equal((await service.stop()).code, 0);
  assertExactlyOnce(service, traffic);
  const [gap, ...others] = gaps();
  assert.deepEqual(others, []);
  assert.equal(gap!["source"], "home");
  assert.equal(gap!["reason"], "session_lost");
  const [from, to] = [Number(gap!["from_time"]), Number(gap!["to_time"])];
  assert.ok(before <= from && from < to && to <= after, `${before} ≤ ${from} < ${to} ≤ ${after}`);
});

mosquittoTest("run writes a gap for messages at QoS 0 that came while it was away", async () => {
  const traffic = distinctTraffic(30, 14);
  await using broker = await Mosquitto.start();
  using scratch = new Scratch("sessions");
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ name: "home", url: broker.url }],
  });
  await using publisher = await Publisher.connect(broker.port);
  await publishAll(publisher, traffic.slice(0, 10), 0);
  await service.stored(10);
  await service.stop();
  await publishAll(publisher, traffic.slice(10, 20), 0);
  await service.run();
  await service.healthy();
  await publishAll(publisher, traffic.slice(20), 0);
  await service.stored(20);
  assert.equal((await service.stop()).code, 0);
  assert.equal(service.rows(), 20, "mosquitto's defaults keep nothing that comes at QoS 0");
  const gaps = service.query("SELECT source, reason FROM capture_gaps");
  assert.deepEqual(gaps.map((gap) => ({ ...gap })), [{ source: "home", reason: "qos0" }]);
});

mosquittoTest(
  "run writes a gap although it was killed again before a message showed it",
  async () => {
    const traffic = distinctTraffic(30, 15);
    await using broker = await Mosquitto.start();
    using scratch = new Scratch("sessions");
    await using service = await ServiceProcess.start({
      scratch,
      sources: [{ name: "home", url: broker.url }],
    });
    await using publisher = await Publisher.connect(broker.port);
    await publishAll(publisher, traffic.slice(0, 10), 0);
    await service.stored(10);
    await service.stop();
    const stopped = Date.now() / 1000;
    await publishAll(publisher, traffic.slice(10, 20), 0);
    // This run hears nothing, and knows nothing of the gap but that it may be one.
    await service.run();
    const running = Date.now() / 1000;
    await service.healthy();
    await waitUntil(() => {
      const [row] = service.query("SELECT heard_until FROM capture_sources");
      return Number(row!["heard_until"]) > stopped;
    }, "it notes that it listens");
    await service.kill();
    await service.run();
    await service.healthy();
    await publishAll(publisher, traffic.slice(20), 0);
    await service.stored(20);
    assert.equal((await service.stop()).code, 0);
    const gaps = service.query("SELECT * FROM capture_gaps ORDER BY from_time");
    assert.deepEqual(gaps.map((gap) => gap["reason"]), ["qos0", "qos0"]);
    const [first] = gaps;
    assert.ok(Number(first!["from_time"]) <= stopped && Number(first!["to_time"]) <= running + 5);
    assert.deepEqual(
      service.query("SELECT pending_gaps FROM capture_sources").map((row) => row["pending_gaps"]),
      [null],
    );
  },
);
