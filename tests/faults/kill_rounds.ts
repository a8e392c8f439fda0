/** A service of both networks that is killed again and again while messages pour in. @module */
import assert from "node:assert/strict";
import { trafficConfig } from "../../src/meshcore/traffic_generator.ts";
import { Random } from "../../src/traffic/random.ts";
import type { Mosquitto } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import type { Scratch } from "../helpers/scratch.ts";
import { figures, queryDatabase, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { distinctReceptions, type Reception, rowsOf } from "../integration/meshcore_helper.ts";
import { distinctTraffic, publishAll, type Published } from "../integration/traffic_helper.ts";

/** Kills of one test. */
export const ROUNDS = 20;

/** Messages of each network that a round publishes. */
const MESHTASTIC_A_ROUND = 400;
const MESHCORE_A_ROUND = 200;

/** Messages of each network beyond those of the rounds. */
const SPARE = 10;

/** What is published at once, and the pause after it: about 1,000 messages a second. */
const STEP = 6;
const STEP_MS = 6;

/**
 * Numbers for this run's moments. The seed is printed; FAULTS_SEED in the environment sets it, so
 * that a failure can be looked at again.
 */
export function seededRandom(title: string): Random {
  const seed = Number(Deno.env.get("FAULTS_SEED") ?? Date.now() % 1_000_000_000);
  figures(title, { FAULTS_SEED: seed });
  return new Random(seed);
}

/** How {@linkcode killRounds} goes about it. */
export interface KillRoundsOptions {
  readonly broker: Mosquitto;
  readonly scratch: Scratch;
  readonly random: Random;
  readonly qos: 0 | 1;
  /** Version that each network's source speaks. */
  readonly protocols: { readonly meshtastic: string; readonly meshcore: string };
  readonly login?: { readonly username: string; readonly password: string };
}

/** What {@linkcode killRounds} leaves behind: everything was published, and the service runs. */
export interface KilledService extends AsyncDisposable {
  readonly service: ServiceProcess;
  /** Path of MeshCore's database. */
  readonly meshcore: string;
  /** What was published, in order. */
  readonly meshtasticTraffic: readonly Published[];
  readonly meshcoreTraffic: readonly Reception[];
  /** A few more of each network that were not. */
  readonly spare: {
    readonly meshtastic: readonly Published[];
    readonly meshcore: readonly Reception[];
  };
}

/** Runs the rounds. At the end the service runs again, and has been sent everything. */
export async function killRounds(options: KillRoundsOptions): Promise<KilledService> {
  const { broker, scratch, random, qos, protocols, login = {} } = options;
  const meshtasticTraffic = distinctTraffic(ROUNDS * MESHTASTIC_A_ROUND + SPARE, random.uint32());
  const meshcoreTraffic = await distinctReceptions(
    ROUNDS * MESHCORE_A_ROUND + SPARE,
    random.uint32(),
  );
  const meshcore = scratch.file("meshcore.db");
  const service = await ServiceProcess.start({
    scratch,
    sources: [
      { name: "mt", url: broker.url, protocol: protocols.meshtastic, ...login },
      {
        name: "mc",
        url: broker.url,
        protocol: protocols.meshcore,
        network: "meshcore",
        ...login,
      },
    ],
    // Smaller batches than usual: more moments at which a kill can hit.
    config: {
      storage: { batch_max: 150, commit_interval_ms: 20 },
      meshcore: { database: meshcore, ...trafficConfig },
    },
  });
  try {
    await using publisher = await Publisher.connect(broker.port, login);
    const began = performance.now();
    const rows = () => [service.rows(), rowsOf(meshcore, "observations")] as const;
    const publish = async (share: number, more: () => boolean) => {
      const queue = mixed(
        meshtasticTraffic.slice(share * MESHTASTIC_A_ROUND, (share + 1) * MESHTASTIC_A_ROUND),
        meshcoreTraffic.slice(share * MESHCORE_A_ROUND, (share + 1) * MESHCORE_A_ROUND),
      );
      for (let at = 0; at < queue.length;) {
        // What is left when the service is dead comes while it is.
        const alive = more();
        const step = queue.slice(at, alive ? at + STEP : queue.length);
        at += step.length;
        await publishAll(publisher, step, qos);
        if (alive) await new Promise((resolve) => setTimeout(resolve, STEP_MS));
      }
    };
    const killedAt: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) service.spawn();
      const before = rows();
      let dead = false;
      // Every third round dies at any moment since its start, the others while they store.
      const early = round % 3 === 2;
      const moment = random.range(0, early ? 1200 : 500);
      // A connected source is what makes messages at QoS 0 more than a publisher's word.
      const published = (async () => {
        if (!early) await connected(service, () => dead);
        await publish(round, () => !dead);
      })();
      if (!early) {
        await waitUntil(
          () => rows().some((n, network) => n > before[network]!),
          `a row of round ${round}`,
          30_000,
        ).catch((error) => {
          throw new Error(service.log, { cause: error });
        });
      }
      await new Promise((resolve) => setTimeout(resolve, moment));
      await service.kill();
      dead = true;
      killedAt.push(rows().join("+"));
      await published;
    }
    await service.run();
    await service.healthy(30_000);
    figures(`${ROUNDS} kills`, {
      "at rows": killedAt.join(" "),
      seconds: ((performance.now() - began) / 1000).toFixed(1),
    });
    return {
      service,
      meshcore,
      meshtasticTraffic: meshtasticTraffic.slice(0, -SPARE),
      meshcoreTraffic: meshcoreTraffic.slice(0, -SPARE),
      spare: {
        meshtastic: meshtasticTraffic.slice(-SPARE),
        meshcore: meshcoreTraffic.slice(-SPARE),
      },
      [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
    };
  } catch (error) {
    await service[Symbol.asyncDispose]();
    throw error;
  }
}

/** Asserts that the databases are sound. */
export function assertSound(...databases: string[]): void {
  for (const database of databases) {
    const [integrity] = queryDatabase(database, "PRAGMA integrity_check");
    assert.equal(integrity!["integrity_check"], "ok");
    assert.deepEqual(queryDatabase(database, "PRAGMA foreign_key_check"), []);
  }
}

/** Waits until the newest process has both its sources subscribed, or is `dead`. */
async function connected(service: ServiceProcess, dead: () => boolean): Promise<void> {
  await waitUntil(
    async () => {
      if (dead()) return true;
      const text = (await service.fetchText("/metrics"))?.text ?? "";
      return [...text.matchAll(/^meshcapture_source_up\{.*\} 1$/gm)].length === 2;
    },
    "both sources are up",
    30_000,
  ).catch((error) => {
    throw new Error(service.log, { cause: error });
  });
}

/** Two of `a`, one of `b`, and so on. */
function mixed(a: readonly Published[], b: readonly Published[]): Published[] {
  const all: Published[] = [];
  for (let n = 0; n < b.length; n++) all.push(a[2 * n]!, a[2 * n + 1]!, b[n]!);
  return all;
}
