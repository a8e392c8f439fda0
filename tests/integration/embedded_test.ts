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

Deno.test("run refuses and counts at its embedded broker what is beyond the limits", async () => {
  using scratch = new Scratch("embedded");
  const port = await freePort();
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{
      name: "radio",
      url: `embedded://127.0.0.1:${port}`,
      username: "radio",
      password: "secret",
      broker: { max_clients: 2, max_packet_bytes: 1000 },
    }],
  });
  const login = { username: "radio", password: "secret" };
  await assert.rejects(Publisher.connect(port));
  await using _first = await Publisher.connect(port, login);
  await using second = await Publisher.connect(port, login);
  await assert.rejects(Publisher.connect(port, login));
  second.publish("msh/a", new Uint8Array(2000), { qos: 0 }).catch(() => {});
  const refusals = async (reason: string) => {
    const text = (await service.fetchText("/metrics"))?.text ?? "";
    const line = new RegExp(
      `^meshcapture_broker_refusals_total\\{broker="127\\.0\\.0\\.1:${port}",reason="${reason}"\\} (\\d+)$`,
      "m",
    );
    return Number(line.exec(text)?.[1] ?? 0);
  };
  for (const reason of ["bad_credentials", "too_many_clients", "packet_too_large"]) {
    await waitUntil(async () => await refusals(reason) > 0, reason);
  }
  const text = (await service.fetchText("/metrics"))?.text ?? "";
  assert.match(text, /^meshcapture_broker_clients\{broker="127\.0\.0\.1:\d+"\} \d+$/m);
  assert.equal((await service.stop()).code, 0);
});

Deno.test("run --shadow beside a service with an embedded broker hears what that one stores", async () => {
  const traffic = distinctTraffic(2000, 74);
  using scratch = new Scratch("embedded");
  using beside = new Scratch("embedded-shadow");
  const port = await freePort();
  const source = {
    name: "radio",
    url: `embedded://0.0.0.0:${port}`,
    username: "radio",
    password: "secret",
  };
  await using service = await ServiceProcess.start({ scratch, sources: [source] });
  await using shadow = await ServiceProcess.prepare({
    scratch: beside,
    sources: [source],
    args: ["--shadow"],
  });
  shadow.spawn();
  const copy = shadow.database.replace(/\.db$/, ".shadow.db");
  await using publisher = await Publisher.connect(port, {
    username: "radio",
    password: "secret",
  });
  // What is published before the shadow has subscribed is none of its affair.
  let sent = 0;
  await waitUntil(
    async () => {
      await publishAll(publisher, traffic.slice(sent, ++sent), 1);
      return sent === traffic.length || shadow.rows(copy) > 0;
    },
    "the shadow hears something",
    60_000,
  );
  const [before, missed] = [sent, sent - shadow.rows(copy)];
  await publishAll(publisher, traffic.slice(before, before + 30), 1);
  await publishAll(publisher, traffic.slice(before + 30), 0);
  await service.stored(traffic.length);
  await shadow.stored(traffic.length - missed, 30_000, copy);
  assert.doesNotMatch(shadow.log, /in use/);
  assert.equal((await shadow.stop()).code, 0);
  assert.equal((await service.stop()).code, 0);
});
