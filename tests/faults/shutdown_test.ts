/** SIGTERM with a long queue. @module */
import assert from "node:assert/strict";
import { trafficConfig } from "../../src/meshcore/traffic_generator.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { assertReceptions, distinctReceptions, rowsOf } from "../integration/meshcore_helper.ts";
import { assertExactlyOnce, distinctTraffic, publishAll } from "../integration/traffic_helper.ts";

const PACKETS = 40_000;
const RECEPTIONS = 10_000;

mosquittoTest("run stores at SIGTERM 50,000 messages that wait in its queues", async () => {
  const packets = distinctTraffic(PACKETS, 69);
  const receptions = await distinctReceptions(RECEPTIONS, 69);
  // At QoS 0, or the pauses between them would commit them; a broker may keep as many for a reader.
  await using broker = await Mosquitto.start(["max_queued_messages 0"]);
  using scratch = new Scratch("sigterm");
  const meshcore = scratch.file("meshcore.db");
  await using service = await ServiceProcess.start({
    scratch,
    sources: [
      { name: "mesh", url: broker.url },
      { name: "core", url: broker.url, network: "meshcore" },
    ],
    config: {
      shutdown_timeout: 120,
      queue: { max_messages: PACKETS + 1000, max_bytes: 268_435_456 },
      storage: { commit_interval_ms: 60_000, batch_max: PACKETS + 1000 },
      meshcore: { database: meshcore, ...trafficConfig },
    },
  });
  {
    await using publisher = await Publisher.connect(broker.port);
    await publishAll(publisher, packets, 0);
    await publishAll(publisher, receptions, 0);
    await waitUntil(
      async () => await service.metric("storage_queue_depth") === PACKETS + RECEPTIONS,
      "all wait in the queues",
      45_000,
    );
  }
  assert.deepEqual([service.rows(), rowsOf(meshcore, "observations")], [0, 0]);
  const waitingMib = Math.round((await service.metric("memory_rss_bytes"))! / 1_048_576);
  const began = performance.now();
  service.signal("SIGTERM");
  const { code } = await service.end(120_000);
  assert.equal(code, 0, service.log);
  assert.match(service.log, /stopped.*not_stored=0\b/);
  figures("SIGTERM with 50,000 in the queues", {
    seconds: ((performance.now() - began) / 1000).toFixed(1),
    "RSS with them (MiB)": waitingMib,
  });
  assertExactlyOnce(service, packets);
  assertReceptions(meshcore, receptions);
  assert.ok(waitingMib < 400, `${waitingMib} MiB`);
});
