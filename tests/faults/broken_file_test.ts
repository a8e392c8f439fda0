/** Files that are no databases, or no whole ones. @module */
import assert from "node:assert/strict";
import { mosquittoTest } from "../helpers/mosquitto.ts";
import { Scratch } from "../helpers/scratch.ts";
import { queryDatabase } from "../helpers/service_process.ts";
import { BothNetworks, patientBroker } from "./both_networks.ts";

const FIRST = 400;
const REST = 300;

function livePages(path: string): { pages: number; pageBytes: number } {
  const value = (pragma: string) =>
    Number(Object.values(queryDatabase(path, `PRAGMA ${pragma}`)[0]!)[0]);
  return { pages: value("page_count"), pageBytes: value("page_size") };
}

/** Overwrites all pages of a file but the first, and returns what was there. */
function corrupt(path: string): Uint8Array<ArrayBuffer> {
  const { pages, pageBytes } = livePages(path);
  const before = Deno.readFileSync(path);
  const broken = before.slice();
  broken.fill(0xa5, pageBytes, pages * pageBytes);
  overwrite(path, broken);
  return before;
}

/** Writes into the file as it is: whoever has it open sees it. */
function overwrite(path: string, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { write: true });
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

mosquittoTest(
  "run is red while a database is corrupt, acknowledges nothing, and goes on when it is whole",
  async () => {
    await using broker = await patientBroker();
    using scratch = new Scratch("corrupt");
    const both = await BothNetworks.prepare(
      { scratch },
      broker,
      scratch.path,
      FIRST + 2 * REST,
      64,
    );
    await using service = both.service;
    await service.run();
    await service.healthy();
    await both.publish(FIRST);
    await both.stored();
    // Stopped and started, so that the log is empty and no page is in memory.
    assert.equal((await service.stop()).code, 0);
    await service.run();
    await service.healthy();
    const files = [both.meshtastic, both.meshcore];
    const whole = files.map((path) => corrupt(path));
    await both.publish(REST);
    await service.red([
      /^store:meshtastic: corrupt .*restore a copy/,
      /^store:meshcore: corrupt .*restore a copy/,
    ]);
    assert.equal(service.ended, undefined);
    // Nothing was acknowledged: the broker still has it all for whoever comes next.
    await service.kill();
    files.forEach((path, index) => overwrite(path, whole[index]!));
    await service.run();
    await both.stored();
    await service.healthy();
    await both.publish(REST);
    await both.stored();
    assert.equal((await service.stop()).code, 0);
    both.assertAll();
  },
);

mosquittoTest(
  "run refuses files that are no databases or corrupt, and leaves them as they are",
  async () => {
    await using broker = await patientBroker();
    using scratch = new Scratch("refused");
    const both = await BothNetworks.prepare({ scratch }, broker, scratch.path, FIRST, 65);
    await using service = both.service;
    const files = [both.meshtastic, both.meshcore];
    const letter = "this is a letter, no database. ".repeat(300);
    for (const path of files) Deno.writeTextFileSync(path, letter);
    service.spawn();
    assert.equal((await service.end(60_000)).code, 1);
    assert.match(service.log, /\.db is not an SQLite database: move it away, or name another file/);
    for (const path of files) assert.equal(Deno.readTextFileSync(path), letter);

    for (const path of files) Deno.removeSync(path);
    await service.run();
    await service.healthy();
    await both.publish(FIRST);
    await both.stored();
    assert.equal((await service.stop()).code, 0);
    const whole = files.map((path) => Deno.readFileSync(path));
    // The beginning of the file holds the schema.
    files.forEach((path, index) => {
      overwrite(path, whole[index]!.slice().fill(0xa5, 100, 4096));
    });
    service.spawn();
    assert.equal((await service.end(60_000)).code, 1);
    assert.match(service.log, /\.db is corrupt \(.*\): stop all programs .* restore a copy/);
    files.forEach((path, index) => overwrite(path, whole[index]!));
    await service.run();
    await service.healthy();
    assert.equal((await service.stop()).code, 0);
    both.assertAll();
  },
);

mosquittoTest(
  "run captures for one network while the other's database is refused, and opens that when it is mended",
  async () => {
    await using broker = await patientBroker();
    using scratch = new Scratch("one");
    const both = await BothNetworks.prepare({ scratch }, broker, scratch.path, FIRST, 66);
    await using service = both.service;
    await service.run();
    await service.healthy();
    assert.equal((await service.stop()).code, 0);
    const whole = Deno.readFileSync(both.meshcore);
    Deno.writeTextFileSync(both.meshcore, "no database at all. ".repeat(300));
    service.spawn();
    await both.publish(FIRST);
    await service.stored(FIRST, 60_000, both.meshtastic);
    await service.red([/^store:meshcore: not_a_database .*move it away/]);
    assert.equal(service.ended, undefined);
    Deno.removeSync(both.meshcore);
    Deno.writeFileSync(both.meshcore, whole);
    await both.stored();
    await service.healthy(60_000);
    assert.equal((await service.stop()).code, 0);
    both.assertAll();
  },
);

mosquittoTest("run reads what a crash left in the log, and no more than that", async () => {
  await using broker = await patientBroker();
  using scratch = new Scratch("log");
  const both = await BothNetworks.prepare({ scratch }, broker, scratch.path, FIRST + REST, 67);
  await using service = both.service;
  await service.run();
  await service.healthy();
  await both.publish(FIRST);
  await both.stored();
  await service.kill();
  for (const path of [both.meshtastic, both.meshcore]) {
    const log = `${path}-wal`;
    assert.ok(Deno.statSync(log).size > 32, "there is a log");
    // Half of a commit that had begun, and what the disk had there before.
    const bytes = Deno.readFileSync(log);
    const begun = bytes.subarray(32, 32 + 24 + 4096);
    using file = Deno.openSync(log, { append: true });
    file.writeSync(begun);
    file.writeSync(crypto.getRandomValues(new Uint8Array(10_000)));
    // The index of the log is made anew.
    Deno.removeSync(`${path}-shm`);
  }
  await service.run();
  await service.healthy();
  await both.publish(REST);
  await both.stored();
  assert.equal((await service.stop()).code, 0);
  both.assertAll();
});
