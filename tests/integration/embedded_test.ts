/** The embedded broker in the real service: a radio publishes straight to it. @module */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { freePort } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { assertExactlyOnce, distinctTraffic, publishAll } from "./traffic_helper.ts";

Deno.test("run with an embedded broker stores what is published at QoS 0 and 1", async () => {
  const traffic = distinctTraffic(2000, 71);
  using scratch = new Scratch("embedded");
  const port = await freePort();
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ name: "radio", url: `embedded://127.0.0.1:${port}` }],
  });
  const began = performance.now();
  {
    await using publisher = await Publisher.connect(port);
    await publishAll(publisher, traffic.slice(0, 1000), 1);
    // Acknowledged is stored: nothing has to be waited for.
    assert.equal(service.rows(), 1000);
    await publishAll(publisher, traffic.slice(1000), 0);
    await service.stored(2000);
  }
  const seconds = (performance.now() - began) / 1000;
  assert.equal((await service.stop()).code, 0, service.log);
  assert.match(service.log, /stopped.*not_stored=0\b/);
  assertExactlyOnce(service, traffic);
  const levels = service.query("SELECT qos, count(*) AS n FROM packet_history GROUP BY qos");
  assert.deepEqual(levels.map(({ qos, n }) => [qos, n]), [[0, 1000], [1, 1000]]);
  figures("embedded broker", { rows: 2000, seconds: seconds.toFixed(1) });
});

Deno.test("run with an embedded broker sends no PUBACK before the commit", async () => {
  const traffic = distinctTraffic(50, 72);
  using scratch = new Scratch("embedded");
  const port = await freePort();
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ name: "radio", url: `embedded://127.0.0.1:${port}` }],
  });
  await using publisher = await Publisher.connect(port);
  let acknowledged = 0;
  const lock = new DatabaseSync(service.database);
  // The service writes now and then by itself.
  lock.exec("PRAGMA busy_timeout = 10000");
  lock.exec("BEGIN IMMEDIATE");
  const published = Promise.all(
    traffic.map(async ({ topic, payload }) => {
      await publisher.publish(topic, payload);
      acknowledged++;
    }),
  );
  try {
    await waitUntil(async () => await service.received(1) > 0, "some have come");
    assert.equal(acknowledged, 0);
    assert.equal(service.rows(), 0);
  } finally {
    lock.exec("ROLLBACK");
    lock.close();
  }
  await published;
  assert.equal(service.rows(), traffic.length);
  assert.equal((await service.stop()).code, 0);
  assertExactlyOnce(service, traffic);
});

Deno.test("run with an embedded broker has stored what it acknowledged when it is killed", async () => {
  const traffic = distinctTraffic(10_000, 73);
  using scratch = new Scratch("embedded");
  const port = await freePort();
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ name: "radio", url: `embedded://127.0.0.1:${port}` }],
  });
  const acknowledged = new Set<number>();
  {
    await using publisher = await Publisher.connect(port);
    traffic.forEach(({ topic, payload }, n) =>
      void publisher.publish(topic, payload).then(() => acknowledged.add(n), () => {})
    );
    await waitUntil(() => acknowledged.size > 0, "the first acknowledgements");
    await service.kill();
    await publisher.client.endAsync(true);
  }
  const kept = new Set(
    service.query("SELECT raw_service_envelope AS raw FROM packet_history")
      .map(({ raw }) => (raw as Uint8Array).toString()),
  );
  assert.ok(kept.size < traffic.length, "killed in the middle");
  for (const n of acknowledged) {
    assert.ok(kept.has(traffic[n]!.payload.toString()), "what was acknowledged is stored");
  }
  assert.equal(service.query("PRAGMA integrity_check")[0]!["integrity_check"], "ok");
});
