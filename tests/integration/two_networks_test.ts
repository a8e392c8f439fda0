/** Both networks in one process, from one configuration. @module */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { trafficConfig } from "../../src/meshcore/traffic_generator.ts";
import { readOnly } from "../helpers/read_only.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import {
  assertReceptions,
  distinctReceptions,
  observationKey,
  OBSERVATIONS,
  type Reception,
  rowsOf,
  storedIn,
} from "./meshcore_helper.ts";
import { assertExactlyOnce, distinctTraffic, publishAll } from "./traffic_helper.ts";

/** Meshtastic messages at least. */
const FLOOD = 20_000;
/** And at most, on a machine that stores {@link FLOOD} before {@link BESIDE} packets were sent. */
const FLOOD_LIMIT = 100_000;
/** Messages after which is looked whether the flood may end. */
const FLOOD_STEP = 2000;
/** Milliseconds between two MeshCore packets. */
const PACE_MS = 50;
/** Packets before the flood, to compare with. */
const QUIET = 40;
/** Packets during the flood at least: it lasts that long, however fast the machine is. */
const BESIDE = 24;
/** Longest time from publishing a MeshCore packet to its row, in milliseconds, on a machine at ease. */
const BOUND_MS = 3000;
/** The same as a share of the flood's duration, on one that is not: nobody waits for its end. */
const BOUND_SHARE = 0.5;

/** Publishes packets at a steady pace and sees when each becomes a row. */
class Paced implements Disposable {
  /** Packets published so far. */
  sent = 0;
  /** Milliseconds from publishing to the row, in the order of the rows. */
  readonly waits: number[] = [];
  readonly #publishedAt = new Map<string, number>();
  readonly #db: DatabaseSync;
  #last = 0;

  constructor(
    private readonly traffic: readonly Reception[],
    private readonly publisher: Publisher,
    database: string,
  ) {
    this.#db = new DatabaseSync(database, { readOnly: true });
  }

  /** Publishes while `more` says so, then waits until every packet is a row. */
  async run(more: () => boolean): Promise<void> {
    const began = performance.now();
    const select = this.#db.prepare(`${OBSERVATIONS} WHERE seen.id > ? ORDER BY seen.id`);
    const publishing: Promise<void>[] = [];
    let n = 0;
    await waitUntil(
      () => {
        const now = performance.now();
        if (more() && now >= began + n * PACE_MS) {
          n++;
          const message = this.traffic[this.sent++]!;
          this.#publishedAt.set(message.key, now);
          publishing.push(this.publisher.publish(message.topic, message.payload, { qos: 1 }));
        }
        for (const row of select.all(this.#last)) {
          this.#last = Number(row["id"]);
          const key = observationKey(row["hash"], row["observer"], row["path_json"]);
          this.waits.push(performance.now() - this.#publishedAt.get(key)!);
        }
        return !more() && this.waits.length === this.sent;
      },
      "every MeshCore packet is a row",
      60_000,
    );
    await Promise.all(publishing);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

function summary(waits: readonly number[]): Record<string, string> {
  const sorted = waits.toSorted((a, b) => a - b);
  const at = (share: number) =>
    `${Math.round(sorted[Math.floor(share * (sorted.length - 1))]!)} ms`;
  return { packets: String(sorted.length), p50: at(0.5), p95: at(0.95), max: at(1) };
}

mosquittoTest(
  "run stores both networks, and a flood on one leaves the other's commits coming",
  async () => {
    const messages = distinctTraffic(FLOOD_LIMIT, 31);
    const packets = await distinctReceptions(1500, 32);
    await using broker = await Mosquitto.start([
      "max_queued_messages 0",
      "max_inflight_messages 4000",
    ]);
    using scratch = new Scratch("two");
    const database = scratch.file("meshcore.db");
    await using service = await ServiceProcess.start({
      scratch,
      sources: [
        { name: "tastic", url: broker.url },
        { name: "core", url: broker.url, network: "meshcore" },
      ],
      config: { meshcore: { database, ...trafficConfig } },
    });
    await using flooder = await Publisher.connect(broker.port);
    await using publisher = await Publisher.connect(broker.port);
    using paced = new Paced(packets, publisher, database);
    await paced.run(() => paced.sent < QUIET);
    const quiet = paced.waits.slice();

    using own = readOnly(service.database);
    const newest = own.prepare("SELECT max(id) AS id FROM packet_history");
    const began = performance.now();
    let seconds = 0;
    let published = 0;
    let flooding = true;
    const publishFlood = async () => {
      while (published < FLOOD || (paced.sent < QUIET + BESIDE && published < FLOOD_LIMIT)) {
        await publishAll(flooder, messages.slice(published, published + FLOOD_STEP));
        published += FLOOD_STEP;
      }
      flooding = false;
    };
    const stored = () => !flooding && Number(newest.get()!["id"] ?? 0) >= published;
    await Promise.all([
      publishFlood(),
      paced.run(() => {
        if (seconds === 0 && stored()) seconds = (performance.now() - began) / 1000;
        return seconds === 0;
      }),
    ]);
    const beside = paced.waits.slice(QUIET);
    figures("MeshCore, nothing else", summary(quiet));
    const title = `MeshCore beside ${published} Meshtastic messages in ${seconds.toFixed(1)} s`;
    figures(title, summary(beside));
    const slowest = Math.max(...beside);
    assert.ok(beside.length >= BESIDE, `${beside.length} packets during the flood`);
    const bound = Math.max(BOUND_MS, seconds * 1000 * BOUND_SHARE);
    assert.ok(slowest < bound, `${slowest} ms of ${bound}`);

    assert.equal((await service.stop()).code, 0);
    assertExactlyOnce(service, messages.slice(0, published));
    assertReceptions(database, packets.slice(0, paced.sent));
  },
);

mosquittoTest("run goes on with one network while the other's database is locked", async () => {
  const meshtastic = distinctTraffic(1000, 33);
  const packets = await distinctReceptions(1000, 34);
  await using broker = await Mosquitto.start(["max_queued_messages 0"]);
  using scratch = new Scratch("two");
  const database = scratch.file("meshcore.db");
  await using service = await ServiceProcess.start({
    scratch,
    sources: [
      { name: "tastic", url: broker.url },
      { name: "core", url: broker.url, network: "meshcore" },
    ],
    config: { meshcore: { database, ...trafficConfig } },
  });
  await using publisher = await Publisher.connect(broker.port);
  const lock = new DatabaseSync(database);
  try {
    // The service writes now and then by itself.
    lock.exec("PRAGMA busy_timeout = 10000");
    lock.exec("BEGIN IMMEDIATE");
    await publishAll(publisher, packets);
    await publishAll(publisher, meshtastic);
    await service.stored(meshtastic.length, 10_000);
    let troubled: string[] = [];
    await waitUntil(async () => {
      const { components } = JSON.parse((await service.fetchText("/healthz"))!.text) as {
        components: Record<string, { troubles: unknown[] }>;
      };
      troubled = Object.keys(components).filter((name) => components[name]!.troubles.length > 0);
      return troubled.length > 0;
    }, "health knows of a trouble");
    assert.deepEqual(troubled, ["store:meshcore"]);
    assert.equal(rowsOf(database, "observations"), 0);
    lock.exec("ROLLBACK");
  } finally {
    lock.close();
  }
  await storedIn(service, database, "observations", packets.length);
  await service.healthy();
  assert.equal((await service.stop()).code, 0);
  assertExactlyOnce(service, meshtastic);
  assertReceptions(database, packets);
});
