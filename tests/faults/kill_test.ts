/** Exactly once, through kill −9. @module */
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import assert from "node:assert/strict";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, queryDatabase, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { account, distinctTraffic, publishAll } from "../integration/traffic_helper.ts";

const TOTAL = 20_000;

mosquittoTest("run stores a burst at QoS 1 exactly once although it is killed", async () => {
  const traffic = distinctTraffic(TOTAL, 21);
  await using broker = await Mosquitto.start([
    "max_queued_messages 0",
    "max_inflight_messages 4000",
  ]);
  using scratch = new Scratch("kill");
  await using service = await ServiceProcess.start({ scratch, sources: [{ url: broker.url }] });
  const began = performance.now();
  await using publisher = await Publisher.connect(broker.port);
  const published = publishAll(publisher, traffic);
  const killedAt: number[] = [];
  const kill = async () => {
    await service.kill();
    const rows = service.rows();
    assert.ok(rows < TOTAL, `killed in the middle of the burst, not at ${rows} rows`);
    killedAt.push(rows);
  };

  // As soon as the first rows are there.
  await service.stored(1);
  await kill();
  // While it still connects: the first redeliveries are on their way.
  service.spawn();
  const before = service.log.length;
  await waitUntil(() => service.log.slice(before).includes("connected"), "it connects");
  await kill();
  // Twice more, further on.
  for (const share of [0.3, 0.6]) {
    await service.run();
    await service.stored(TOTAL * share);
    await kill();
  }
  await service.run();
  await service.stored(TOTAL);
  await published;
  const { code } = await service.stop();
  assert.equal(code, 0);

  const found = account(service.database, traffic);
  figures(`${TOTAL} messages at QoS 1`, {
    "killed at rows": killedAt.join(" "),
    lost: found.lost,
    twice: found.twice,
    seconds: ((performance.now() - began) / 1000).toFixed(1),
  });
  assert.deepEqual(found, { lost: 0, twice: 0, strange: 0 });
  const [integrity] = queryDatabase(service.database, "PRAGMA integrity_check");
  assert.equal(integrity!["integrity_check"], "ok");
});
