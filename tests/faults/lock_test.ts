/** Databases that somebody else has locked. @module */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { BothNetworks, patientBroker } from "./both_networks.ts";

/** Milliseconds that another program holds its locks: a minute, and what a waiting writer adds. */
const HELD_MS = 61_000;

/** Messages of each network: more than a queue of the test takes. */
const TOTAL = 4000;

/** Another program's write transaction. */
class Locked implements Disposable {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    // The service writes now and then by itself.
    this.#db.exec("PRAGMA busy_timeout = 20000");
    this.#db.exec("BEGIN IMMEDIATE");
  }

  [Symbol.dispose](): void {
    this.#db.exec("ROLLBACK");
    this.#db.close();
  }
}

/** What a second service on the same files says, and how it ends. */
async function second(scratch: Scratch, broker: Mosquitto, both: BothNetworks) {
  const code: Record<string, number> = {};
  const said: Record<string, string> = {};
  for (const network of ["meshtastic", "meshcore"] as const) {
    await using rival = await ServiceProcess.prepare({
      scratch,
      file: `${network}-rival.yaml`,
      sources: [{ name: "rival", url: broker.url, network }],
      config: {
        meshtastic: { database: both.meshtastic },
        meshcore: { database: both.meshcore },
      },
    });
    rival.spawn();
    code[network] = (await rival.end(60_000)).code;
    said[network] = rival.log;
  }
  return { code, said };
}

mosquittoTest(
  "run survives a minute in which others lock its databases, and takes no second writer beside it",
  async () => {
    await using broker = await patientBroker();
    using scratch = new Scratch("lock");
    const config = { queue: { max_messages: 2000 }, storage: { batch_max: 500 } };
    const both = await BothNetworks.prepare({ scratch, config }, broker, scratch.path, TOTAL, 63);
    await using service = both.service;
    await service.run();
    await service.healthy();
    await both.publish(200);
    await both.stored();
    const calm = await both.rssMib();
    let busy: number;
    let rivals: Awaited<ReturnType<typeof second>>;
    {
      using _meshtastic = new Locked(both.meshtastic);
      using _meshcore = new Locked(both.meshcore);
      const lockedAt = performance.now();
      await both.publish(TOTAL - 400);
      await service.red([/^store:meshtastic: locked /, /^store:meshcore: locked /]);
      // The others' locks keep no second meshcapture from seeing that there is a first.
      rivals = await second(scratch, broker, both);
      await waitUntil(
        () => performance.now() - lockedAt >= HELD_MS,
        "a minute has passed",
        2 * HELD_MS,
      );
      assert.deepEqual(both.rows(), { packets: 200, receptions: 200 });
      assert.equal((await service.health())?.status, 503);
      busy = await both.rssMib();
    }
    const freeAt = performance.now();
    await both.stored();
    await service.healthy(60_000);
    const recoveredMs = performance.now() - freeAt;
    assert.equal(await service.metric("source_reconnects_total"), 0, "the connections lasted");
    await both.publish(200);
    await both.stored();
    const after = await both.rssMib();
    assert.equal((await service.stop()).code, 0);
    both.assertAll();
    assert.deepEqual(rivals.code, { meshtastic: 1, meshcore: 1 });
    for (const said of Object.values(rivals.said)) {
      assert.match(said, /\.db is in use by another meshcapture: stop that one first/);
      assert.ok(!said.includes("connected"), "it took nothing from the broker");
    }
    figures("locked for a minute", {
      "RSS before, locked, after (MiB)": `${calm} ${busy} ${after}`,
      "well again after (s)": (recoveredMs / 1000).toFixed(1),
    });
    assert.ok(Math.max(busy, after) < 300, `${busy} ${after} MiB`);
  },
);
