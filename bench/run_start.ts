/** Measures how long a service takes from its start to its first row. @module */
import { BenchBroker } from "./broker.ts";
import type { Figures } from "./figures.ts";
import { burstFile, RunFolder } from "./folder.ts";
import { MqttLink } from "./mqtt_link.ts";
import { publishPacket } from "./mqtt_wire.ts";
import { type BenchNetwork, benchNetworks } from "./networks.ts";
import { oneService } from "./one_service.ts";
import { percentile, round } from "./percentile.ts";
import { RowCounter } from "./row_counter.ts";
import type { RestartScenario, StartScenario } from "./scenario.ts";
import { BenchService } from "./service.ts";
import { readTraffic } from "./traffic_file.ts";
import { makeStartFile } from "./start_file.ts";
import { pause, until } from "./until.ts";

/** Milliseconds between two messages, and so how exact the times are. */
const EVERY_MS = 5;
/** More than are published, however long it takes. */
const MESSAGES = 20_000;
/** How long a broker stays away. */
const AWAY_MS = 1_000;

/**
 * Starts the service again and again on the same database, each time with messages that are on their
 * way already; times are from the start of the process to a row that a reader sees.
 */
export async function runStart(scenario: StartScenario, signal: AbortSignal): Promise<Figures> {
  const network = benchNetworks[scenario.network];
  using folder = new RunFolder(signal);
  const database = folder.file("service.db");
  await makeStartFile(network, scenario.indexes, scenario.prefill, database);
  await using broker = await BenchBroker.start(folder, "deploy");
  const publisher = await SteadyPublisher.of(network);
  const times: number[] = [];
  const bare: number[] = [];
  for (let i = 0; i < scenario.times; i++) {
    using counter = new RowCounter(database, network.counted);
    const start = performance.now();
    await using service = await BenchService.spawn(
      folder,
      oneService(network, scenario.indexes, database, broker.port),
      scenario.program,
    );
    await publisher.until(broker.port, () => counter.gained() > 0);
    times.push(performance.now() - start);
    await service.stop();
    bare.push(await emptyStart());
  }
  return {
    ...timesOf(times),
    bareP50Ms: round(percentile(bare, 0.5)),
    bareMaxMs: round(percentile(bare, 1)),
  };
}

/** Milliseconds of a process that does nothing. */
async function emptyStart(): Promise<number> {
  const start = performance.now();
  await new Deno.Command("deno", { args: ["run", "bench/nothing.ts"], stderr: "null" }).output();
  return performance.now() - start;
}

/**
 * Stops and starts the broker while the service runs; times are from the moment when the broker
 * answers again to the first row of a message published after that.
 */
export async function runRestart(scenario: RestartScenario, signal: AbortSignal): Promise<Figures> {
  const network = benchNetworks[scenario.network];
  using folder = new RunFolder(signal);
  const database = folder.file("service.db");
  await makeStartFile(network, scenario.indexes, scenario.prefill, database);
  await using broker = await BenchBroker.start(folder, "deploy");
  await using service = await BenchService.start(
    folder,
    oneService(network, scenario.indexes, database, broker.port),
    scenario,
  );
  const publisher = await SteadyPublisher.of(network);
  const times: number[] = [];
  for (let i = 0; i < scenario.times; i++) {
    await broker.stop();
    await pause(AWAY_MS);
    await broker.run();
    const start = performance.now();
    // All that was published before is stored: only what comes now can be seen.
    using counter = new RowCounter(database, network.counted);
    await publisher.until(broker.port, () => counter.gained() > 0);
    times.push(performance.now() - start);
    await settle(counter);
  }
  await service.stop();
  return timesOf(times);
}

function timesOf(times: readonly number[]): Figures {
  return {
    timed: times.length,
    p50Ms: round(percentile(times, 0.5)),
    maxMs: round(percentile(times, 1)),
  };
}

/** Waits until nothing more is stored. */
async function settle(counter: RowCounter): Promise<void> {
  let last = -1;
  await until(
    () => {
      const gained = counter.gained();
      const same = gained === last;
      last = gained;
      return same;
    },
    "all is stored",
    30_000,
    500,
  );
}

/** Publishes a message every few milliseconds until something has happened; never one twice. */
class SteadyPublisher {
  #next = 0;

  private constructor(private readonly packets: readonly Uint8Array[]) {}

  static async of(network: BenchNetwork): Promise<SteadyPublisher> {
    const traffic = readTraffic(await burstFile(network, MESSAGES));
    return new SteadyPublisher(
      traffic.map(({ topic, payload }) => publishPacket(topic, payload, 0, 0)),
    );
  }

  async until(port: number, condition: () => boolean): Promise<void> {
    const link = await MqttLink.open(port, "bench-steady", true);
    await until(
      async () => {
        const packet = this.packets[this.#next++];
        if (packet !== undefined) await link.send(packet);
        return condition();
      },
      "a row is there",
      60_000,
      EVERY_MS,
    );
    await link.close();
  }
}
