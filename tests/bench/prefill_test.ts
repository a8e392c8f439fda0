import assert from "node:assert/strict";
import { benchNetworks, rowMessages } from "../../bench/networks.ts";
import { createDatabase, multiplyRows } from "../../bench/prefill.ts";
import type { BenchMessage } from "../../bench/traffic_file.ts";
import { Scratch } from "../helpers/scratch.ts";
import { queryDatabase } from "../helpers/service_process.ts";

for (const network of Object.values(benchNetworks)) {
  Deno.test(`multiplyRows() makes lifelike rows of ${network.name}, with all indexes`, async () => {
    using scratch = new Scratch("prefill");
    const path = scratch.file("x.db");
    const pool: BenchMessage[] = [];
    for await (const message of rowMessages(network, 2, 1_760_000_000_000)) {
      if (pool.push(message) === 600) break;
    }
    await createDatabase(network, "full", path, pool);
    const indexes = () =>
      queryDatabase(path, "SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name");
    const before = indexes();
    // Every message of the pool is a row: that is what the traffic promises.
    assert.equal(count(path, `SELECT count(*) AS n FROM ${network.counted}`), 600);

    multiplyRows(network, path, 2000);

    assert.equal(count(path, `SELECT count(*) AS n FROM ${network.counted}`), 2000);
    assert.deepEqual(indexes(), before);
    const [integrity] = queryDatabase(path, "PRAGMA integrity_check");
    assert.equal(integrity?.["integrity_check"], "ok");
    assert.deepEqual(queryDatabase(path, "PRAGMA foreign_key_check"), []);
    // Received one after another, the last about now.
    const times = queryDatabase(
      path,
      `SELECT ${network.timeColumn} AS t FROM ${network.counted} ORDER BY id`,
    ).map((row) => Number(row["t"]));
    for (let i = 1; i < times.length; i++) assert.ok(times[i]! >= times[i - 1]! - 1);
    const age = Date.now() / 1000 - times.at(-1)!;
    assert.ok(age > 0 && age < 3600 * 2, `the last row is ${age} s old`);
  });
}

Deno.test("multiplyRows() gives copies of MeshCore packets hashes of their own", async () => {
  using scratch = new Scratch("prefill");
  const path = scratch.file("x.db");
  const network = benchNetworks.meshcore;
  const pool: BenchMessage[] = [];
  for await (const message of rowMessages(network, 2, 1_760_000_000_000)) {
    if (pool.push(message) === 200) break;
  }
  await createDatabase(network, "full", path, pool);
  const sent = count(path, "SELECT count(*) AS n FROM transmissions");
  multiplyRows(network, path, 600);
  assert.equal(count(path, "SELECT count(DISTINCT hash) AS n FROM transmissions"), 3 * sent);
  assert.equal(
    count(path, "SELECT count(DISTINCT transmission_id) AS n FROM observations"),
    3 * sent,
  );
});

function count(path: string, sql: string): number {
  return Number(queryDatabase(path, sql)[0]!["n"]);
}
