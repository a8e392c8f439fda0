/** MeshCore exactly once, through kill −9. @module */
import assert from "node:assert/strict";
import { trafficConfig } from "../../src/meshcore/traffic_generator.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, queryDatabase, ServiceProcess } from "../helpers/service_process.ts";
import {
  assertReceptions,
  distinctReceptions,
  rowsOf,
  storedIn,
} from "../integration/meshcore_helper.ts";
import { publishAll } from "../integration/traffic_helper.ts";

const TOTAL = 12_000;

mosquittoTest(
  "run stores a burst of MeshCore packets exactly once although it is killed",
  async () => {
    const traffic = await distinctReceptions(TOTAL, 22);
    await using broker = await Mosquitto.start([
      "max_queued_messages 0",
      "max_inflight_messages 4000",
    ]);
    using scratch = new Scratch("mc-kill");
    const database = scratch.file("meshcore.db");
    await using service = await ServiceProcess.start({
      scratch,
      sources: [{ url: broker.url, network: "meshcore" }],
      // Smaller batches than usual: more moments at which a kill can hit.
      config: { storage: { batch_max: 500 }, meshcore: { database, ...trafficConfig } },
    });
    const began = performance.now();
    await using publisher = await Publisher.connect(broker.port);
    const published = publishAll(publisher, traffic);
    const killedAt: number[] = [];
    for (const share of [0, 0.3, 0.6]) {
      if (share > 0) await service.run();
      await storedIn(service, database, "observations", Math.max(1, TOTAL * share));
      await service.kill();
      const rows = rowsOf(database, "observations");
      assert.ok(rows < TOTAL, `killed in the middle of the burst, not at ${rows} rows`);
      killedAt.push(rows);
    }
    await service.run();
    await storedIn(service, database, "observations", TOTAL);
    await published;
    assert.equal((await service.stop()).code, 0);

    figures(`${TOTAL} MeshCore packets at QoS 1`, {
      "killed at rows": killedAt.join(" "),
      transmissions: rowsOf(database, "transmissions"),
      seconds: ((performance.now() - began) / 1000).toFixed(1),
    });
    assertReceptions(database, traffic);
    const [integrity] = queryDatabase(database, "PRAGMA integrity_check");
    assert.equal(integrity!["integrity_check"], "ok");
    assert.deepEqual(queryDatabase(database, "PRAGMA foreign_key_check"), []);
  },
);
