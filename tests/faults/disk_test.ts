/** Disks that are full, or may not be written. @module */
import assert from "node:assert/strict";
import { mosquittoTest } from "../helpers/mosquitto.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures } from "../helpers/service_process.ts";
import { BothNetworks, patientBroker } from "./both_networks.ts";
import { cannotMount, SmallDisk } from "./small_disk.ts";

/** Messages of each network that come while the disk is full: more than a queue of the test takes. */
const MEANWHILE = 3000;

const FULL = [/^store:meshtastic: disk_full /, /^store:meshcore: disk_full /];

mosquittoTest("run survives a disk that is full, and goes on when it is freed", async () => {
  await using disk = await SmallDisk.mount(48);
  await using broker = await patientBroker();
  using scratch = new Scratch("full");
  const config = { queue: { max_messages: 2000 }, storage: { batch_max: 500 } };
  const both = await BothNetworks.prepare(
    { scratch, config },
    broker,
    disk.path,
    2 * MEANWHILE + 400,
    61,
  );
  await using service = both.service;
  await service.run();
  await service.healthy();
  await both.publish(200);
  await both.stored();
  const calm = await both.rssMib();

  disk.fill();
  await both.publish(MEANWHILE);
  await service.red(FULL);
  const stuck = both.rows();
  assert.ok(stuck.packets < 200 + MEANWHILE && stuck.receptions < 200 + MEANWHILE);
  const busy = await both.rssMib();
  disk.free();
  const freedAt = performance.now();
  await both.stored();
  await service.healthy(60_000);
  const recoveredMs = performance.now() - freedAt;

  // Killed while it is full, and started so: it waits until there is room.
  disk.fill();
  await both.publish(MEANWHILE);
  await service.kill();
  service.spawn();
  await service.red([/^store:meshtastic: /, /^store:meshcore: /]);
  assert.equal(service.ended, undefined);
  disk.free();
  await both.publish(200);
  await both.stored();
  await service.healthy(60_000);
  const after = await both.rssMib();
  assert.equal((await service.stop()).code, 0);
  both.assertAll();
  figures("disk full", {
    "rows then": JSON.stringify(stuck),
    "RSS before, full, after (MiB)": `${calm} ${busy} ${after}`,
    "well again after (s)": (recoveredMs / 1000).toFixed(1),
  });
  assert.ok(Math.max(busy, after) < 300, `${busy} ${after} MiB`);
}, { ignore: cannotMount !== undefined });

mosquittoTest("run refuses a directory that may only be read, and says who owns it", async () => {
  await using disk = await SmallDisk.mount(16);
  await using broker = await patientBroker();
  using scratch = new Scratch("readonly");
  const both = await BothNetworks.prepare({ scratch }, broker, disk.path, 100, 62);
  await using service = both.service;
  await service.run();
  await service.healthy();
  await both.publish(50);
  await both.stored();
  assert.equal((await service.stop()).code, 0);
  await both.publish(50);
  await disk.readOnly(true);
  service.spawn();
  const { code } = await service.end();
  assert.equal(code, 1);
  assert.match(service.log, /meshtastic\.db cannot be (opened|written) .*directory uid \d+/);
  await disk.readOnly(false);
  await service.run();
  await both.stored();
  assert.equal((await service.stop()).code, 0);
  both.assertAll();
}, { ignore: cannotMount !== undefined });
