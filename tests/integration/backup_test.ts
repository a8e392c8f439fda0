/** Backup, restore and compact, as a person types them beside a running service. @module */
import assert from "node:assert/strict";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { queryDatabase, runCommand, ServiceProcess } from "../helpers/service_process.ts";
import { assertExactlyOnce, distinctTraffic, publishAll } from "./traffic_helper.ts";

mosquittoTest(
  "backup copies what is committed while the service writes; restore brings it back",
  async () => {
    const traffic = distinctTraffic(7_000, 91);
    await using broker = await Mosquitto.start(["max_queued_messages 0"]);
    using scratch = new Scratch("backup");
    await using service = await ServiceProcess.start({
      scratch,
      sources: [{ name: "home", url: broker.url }],
    });
    const config = ["--config", service.configFile];
    await using publisher = await Publisher.connect(broker.port);
    await publishAll(publisher, traffic.slice(0, 1_000));
    await service.stored(1_000);

    const folder = scratch.file("copies");
    let backedUp = false;
    let published = 1_000;
    const writing = (async () => {
      while (!backedUp && published < 6_000) {
        await publishAll(publisher, traffic.slice(published, published + 20));
        published += 20;
      }
    })();
    const backup = await runCommand(["backup", ...config, "--to", folder, "--json"]);
    backedUp = true;
    assert.equal(backup.code, 0, backup.stderr);
    const { target, rows, network } = JSON.parse(backup.stdout);
    assert.equal(network, "meshtastic");
    assert.ok(rows >= 1_000);
    await writing;
    await service.stored(published);
    const copied = queryDatabase(target, "SELECT count(*) AS n FROM packet_history")[0]!["n"];
    assert.ok(Number(copied) >= 1_000 && Number(copied) <= published, String(copied));
    // Whatever is in the copy is in the original, the same in every column.
    const diff = await runCommand(["diff", target, service.database, "--json"]);
    const { tables } = JSON.parse(diff.stdout);
    assert.equal(tables[0].table, "packet_history");
    assert.deepEqual([tables[0].onlyInA, tables[0].differing], [0, 0], diff.stdout);

    const refused = await runCommand(["restore", target, ...config]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /in use by another meshcapture/);
    const compacting = await runCommand(["compact", ...config]);
    assert.equal(compacting.code, 1);
    assert.match(compacting.stderr, /in use by another meshcapture/);

    assert.equal((await service.stop()).code, 0);
    const restored = await runCommand(["restore", target, ...config]);
    assert.equal(restored.code, 0, restored.stderr);
    assert.match(restored.stdout, /restored from .*, verified; what was there before is /);
    assert.equal(service.rows(), copied);
    const compacted = await runCommand(["compact", "--force", ...config]);
    assert.equal(compacted.code, 0, compacted.stderr);
    assert.match(compacted.stdout, /rebuilt, \d+ rows compared/);

    await service.run();
    await service.healthy();
    await publishAll(publisher, traffic.slice(6_000));
    await service.stored(Number(copied) + 1_000);
    const gaps = service.query(
      "SELECT source, reason, to_time > from_time AS forward FROM capture_gaps",
    );
    assert.deepEqual(gaps.map((gap) => ({ ...gap })), [{
      source: "home",
      reason: "restored",
      forward: 1,
    }]);
    assert.equal((await service.stop()).code, 0);
    const kept = [...Deno.readDirSync(scratch.path)].find(({ name }) =>
      /before-restore/.test(name)
    )!;
    assertExactlyOnce({ database: scratch.file(kept.name) }, traffic.slice(0, published));
  },
);
