/** One service with a database of each network, and traffic for both. @module */
import { trafficConfig } from "../../src/meshcore/traffic_generator.ts";
import { Mosquitto } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import type { Scratch } from "../helpers/scratch.ts";
import { queryDatabase, type ServiceOptions, ServiceProcess } from "../helpers/service_process.ts";
import {
  assertReceptions,
  distinctReceptions,
  type Reception,
  rowsOf,
} from "../integration/meshcore_helper.ts";
import {
  assertExactlyOnce,
  distinctTraffic,
  publishAll,
  type Published,
} from "../integration/traffic_helper.ts";
import { waitUntil } from "../helpers/wait.ts";
import assert from "node:assert/strict";

/** A broker that keeps everything for a client that is away or slow; `lines`: what it shall do beside. */
export function patientBroker(...lines: string[]): Promise<Mosquitto> {
  return Mosquitto.start(["max_queued_messages 0", "max_inflight_messages 4000", ...lines]);
}

/** A service with both networks, and what it has to store. */
export class BothNetworks {
  readonly meshtastic: string;
  readonly meshcore: string;
  #packets: Published[] = [];
  #receptions: Reception[] = [];
  #published = { packets: 0, receptions: 0 };

  private constructor(
    readonly service: ServiceProcess,
    private readonly port: number,
    directory: string,
  ) {
    this.meshtastic = `${directory}/meshtastic.db`;
    this.meshcore = `${directory}/meshcore.db`;
  }

  /** Prepares the service and `n` messages for each network; the databases lie in `directory`. */
  static async prepare(
    options: Omit<ServiceOptions, "sources"> & { scratch: Scratch },
    broker: Mosquitto,
    directory: string,
    n: number,
    seed: number,
  ): Promise<BothNetworks> {
    const { config = {} } = options;
    const section = (name: string) => typeof config[name] === "object" ? config[name] : {};
    const service = await ServiceProcess.prepare({
      ...options,
      sources: [
        { name: "mesh", url: broker.url },
        { name: "core", url: broker.url, network: "meshcore" },
      ],
      config: {
        ...config,
        meshtastic: { database: `${directory}/meshtastic.db`, ...section("meshtastic") },
        meshcore: {
          database: `${directory}/meshcore.db`,
          ...trafficConfig,
          ...section("meshcore"),
        },
      },
    });
    const both = new BothNetworks(service, broker.port, directory);
    both.#packets = distinctTraffic(n, seed);
    both.#receptions = await distinctReceptions(n, seed);
    return both;
  }

  /** Publishes the next `n` messages of each network at QoS 1; the broker has them then. */
  async publish(n: number): Promise<void> {
    const { packets, receptions } = this.#published;
    this.#published = { packets: packets + n, receptions: receptions + n };
    await using publisher = await Publisher.connect(this.port);
    await Promise.all([
      publishAll(publisher, this.#packets.slice(packets, packets + n)),
      publishAll(publisher, this.#receptions.slice(receptions, receptions + n)),
    ]);
  }

  /** Rows stored: packets and receptions. */
  rows(): { packets: number; receptions: number } {
    return {
      packets: this.service.rows(this.meshtastic),
      receptions: rowsOf(this.meshcore, "observations"),
    };
  }

  /** Waits until all that was published is stored. */
  async stored(timeoutMs = 60_000): Promise<void> {
    try {
      await waitUntil(
        () => {
          const { packets, receptions } = this.rows();
          return packets >= this.#published.packets && receptions >= this.#published.receptions;
        },
        "all rows",
        timeoutMs,
      );
    } catch (error) {
      const rows = JSON.stringify(this.rows());
      throw new Error(`${rows}\n${this.service.log}`, { cause: error });
    }
  }

  /** Asserts that all that was published is there exactly once, in files that are whole. */
  assertAll(): void {
    assertExactlyOnce(
      { database: this.meshtastic },
      this.#packets.slice(0, this.#published.packets),
    );
    assertReceptions(this.meshcore, this.#receptions.slice(0, this.#published.receptions));
    for (const path of [this.meshtastic, this.meshcore]) {
      assert.deepEqual(
        queryDatabase(path, "PRAGMA integrity_check").map((row) => ({ ...row })),
        [{ integrity_check: "ok" }],
      );
    }
  }

  /** Resident memory of the service in MiB. */
  async rssMib(): Promise<number> {
    return Math.round((await this.service.metric("memory_rss_bytes") ?? 0) / 1_048_576);
  }
}
