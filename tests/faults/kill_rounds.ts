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

/** Messages of each network that a round publishes at each broker. */
const MESHTASTIC_A_ROUND = 200;
const MESHCORE_A_ROUND = 100;

/** Messages of each network and broker beyond those of the rounds. */
const SPARE = 10;

/** What is published at once at a broker, and the pause after it: about 500 messages a second. */
const STEP = 6;
const STEP_MS = 10;

/**
 * Numbers for this run's moments. The seed is printed; FAULTS_SEED in the environment sets it, so
 * that a failure can be looked at again.
 */
export function seededRandom(title: string): Random {
  const seed = Number(Deno.env.get("FAULTS_SEED") ?? Date.now() % 1_000_000_000);
  figures(title, { FAULTS_SEED: seed });
  return new Random(seed);
}

/** A broker that the service has a source of each network at. */
export interface Stream {
  /** Its sources are named after it: see {@linkcode sourceOf}. */
  readonly name: string;
  readonly broker: Mosquitto;
  /** QoS at which is published. */
  readonly qos: 0 | 1;
  /** Version that each network's source speaks. */
  readonly protocols: { readonly meshtastic: string; readonly meshcore: string };
  readonly login?: { readonly username: string; readonly password: string };
}

/** What was published at a broker, in order, and a few more that were not. */
export interface StreamTraffic {
  readonly meshtastic: readonly Published[];
  readonly meshcore: readonly Reception[];
  readonly spare: {
    readonly meshtastic: readonly Published[];
    readonly meshcore: readonly Reception[];
  };
}

/** What {@linkcode killRounds} leaves behind: everything was published, and the service runs. */
export interface KilledService extends AsyncDisposable {
  readonly service: ServiceProcess;
  /** Path of MeshCore's database. */
  readonly meshcore: string;
  /** By the name of the stream. */
  readonly traffic: Readonly<Record<string, StreamTraffic>>;
}

/** Name of a stream's source. */
export function sourceOf(stream: string, network: "meshtastic" | "meshcore"): string {
  return `${stream} ${network}`;
}

/** Runs the rounds. At the end the service runs again, and has been sent everything. */
export async function killRounds(
  { streams, scratch, random }: {
    readonly streams: readonly Stream[];
    readonly scratch: Scratch;
    readonly random: Random;
  },
): Promise<KilledService> {
  const traffic = await trafficFor(streams, random);
  const meshcore = scratch.file("meshcore.db");
  const service = await ServiceProcess.start({
    scratch,
    sources: streams.flatMap(({ name, broker, protocols, login }) =>
      (["meshtastic", "meshcore"] as const).map((network) => ({
        name: sourceOf(name, network),
        url: broker.url,
        network,
        protocol: protocols[network],
        ...login,
      }))
    ),
    // Smaller batches than usual: more moments at which a kill can hit.
    config: {
      storage: { batch_max: 150, commit_interval_ms: 20 },
      meshcore: { database: meshcore, ...trafficConfig },
    },
  });
  const publishers: Publisher[] = [];
  try {
    for (const { broker, login } of streams) {
      publishers.push(await Publisher.connect(broker.port, login ?? {}));
    }
    const began = performance.now();
    const rows = () => [service.rows(), rowsOf(meshcore, "observations")] as const;
    const killedAt: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) service.spawn();
      let dead = false;
      // Every third round dies at any moment since its start, the others while messages pour in.
      const early = round % 3 === 2;
      const moment = random.range(0, early ? 2000 : 500);
      // A source that is connected is what makes messages at QoS 0 more than a publisher's word.
      if (!early) await connected(service, 2 * streams.length);
      const before = rows();
      const published = Promise.all(
        streams.map(({ name, qos }, index) =>
          publishSteps(publishers[index]!, ofRound(traffic[name]!, round), qos, () => !dead)
        ),
      );
      if (!early) {
        await waitUntil(
          () => rows().some((n, network) => n > before[network]!),
          `a row of round ${round}`,
          60_000,
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
    await service.healthy(60_000);
    figures(`${ROUNDS} kills`, {
      "at rows": killedAt.join(" "),
      seconds: ((performance.now() - began) / 1000).toFixed(1),
    });
    return {
      service,
      meshcore,
      traffic,
      [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
    };
  } catch (error) {
    await service[Symbol.asyncDispose]();
    throw error;
  } finally {
    await Promise.all(publishers.map((one) => one[Symbol.asyncDispose]()));
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

async function trafficFor(
  streams: readonly Stream[],
  random: Random,
): Promise<Record<string, StreamTraffic>> {
  const share = { meshtastic: ROUNDS * MESHTASTIC_A_ROUND, meshcore: ROUNDS * MESHCORE_A_ROUND };
  const n = streams.length;
  const envelopes = distinctTraffic(n * (share.meshtastic + SPARE), random.uint32());
  const receptions = await distinctReceptions(n * (share.meshcore + SPARE), random.uint32());
  return Object.fromEntries(streams.map(({ name }) => {
    const meshtastic = envelopes.splice(0, share.meshtastic);
    const meshcore = receptions.splice(0, share.meshcore);
    const spare = { meshtastic: envelopes.splice(0, SPARE), meshcore: receptions.splice(0, SPARE) };
    return [name, { meshtastic, meshcore, spare }];
  }));
}

/** Two of Meshtastic, one of MeshCore, and so on. */
function ofRound({ meshtastic, meshcore }: StreamTraffic, round: number): Published[] {
  const all: Published[] = [];
  for (let n = round * MESHCORE_A_ROUND; n < (round + 1) * MESHCORE_A_ROUND; n++) {
    all.push(meshtastic[2 * n]!, meshtastic[2 * n + 1]!, meshcore[n]!);
  }
  return all;
}

async function publishSteps(
  publisher: Publisher,
  messages: readonly Published[],
  qos: 0 | 1,
  alive: () => boolean,
): Promise<void> {
  for (let at = 0; at < messages.length;) {
    // What is left when the service is dead comes while it is.
    const stepwise = alive();
    const step = messages.slice(at, stepwise ? at + STEP : messages.length);
    at += step.length;
    await publishAll(publisher, step, qos);
    if (stepwise) await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

/** Waits until `n` sources are subscribed. */
async function connected(service: ServiceProcess, n: number): Promise<void> {
  await waitUntil(
    async () => {
      const text = (await service.fetchText("/metrics"))?.text ?? "";
      return [...text.matchAll(/^meshcapture_source_up\{.*\} 1$/gm)].length === n;
    },
    "all sources are up",
    60_000,
  ).catch((error) => {
    throw new Error(service.log, { cause: error });
  });
}
