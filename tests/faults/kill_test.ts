/** Exactly once, through kill −9 at any moment, and what is known of it where that cannot be. @module */
import assert from "node:assert/strict";
import { LOGIN, startDeployedMosquitto } from "../helpers/deploy_broker.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import {
  assertReceptions,
  observationKey,
  OBSERVATIONS,
  storedIn,
} from "../integration/meshcore_helper.ts";
import {
  account,
  assertExactlyOnce,
  messageKey,
  publishAll,
} from "../integration/traffic_helper.ts";
import {
  assertSound,
  type KilledService,
  killRounds,
  seededRandom,
  sourceOf,
} from "./kill_rounds.ts";

/** What is kept of a source is rounded to a millisecond, in seconds. */
const ROUNDING_S = 0.001;

/** Streams of which nothing may be lost. */
const KEPT = ["qos1", "deployed"] as const;

mosquittoTest(
  "run, killed 20 times, stores once what a broker keeps, and shows as gaps what one does not",
  async () => {
    await using plain = await Mosquitto.start([
      "max_queued_messages 0",
      "max_inflight_messages 4000",
    ]);
    await using deployed = await startDeployedMosquitto();
    await using defaults = await Mosquitto.start();
    using scratch = new Scratch("kill");
    await using killed = await killRounds({
      streams: [
        {
          name: "qos1",
          broker: plain,
          qos: 1,
          protocols: { meshtastic: "5", meshcore: "3.1.1" },
        },
        // As radios publish.
        {
          name: "deployed",
          broker: deployed,
          qos: 0,
          protocols: { meshtastic: "3.1.1", meshcore: "5" },
          login: LOGIN,
        },
        {
          name: "defaults",
          broker: defaults,
          qos: 0,
          protocols: { meshtastic: "5", meshcore: "3.1.1" },
        },
      ],
      scratch,
      random: seededRandom("20 kills"),
    });
    const { service, meshcore, traffic } = killed;
    const { spare } = traffic["defaults"]!;
    // The publisher's last, which end the last gap; what is not stored when they are never will be.
    await using publisher = await Publisher.connect(defaults.port);
    await publishAll(publisher, [...spare.meshtastic, ...spare.meshcore], 0);
    await waitUntil(
      () =>
        account(service.database, spare.meshtastic.slice(-1)).lost === 0 &&
        receptions(killed).has(spare.meshcore.at(-1)!.key),
      "the last of each network",
      60_000,
    );
    const lost = {
      meshtastic: lostRuns(
        [...traffic["defaults"]!.meshtastic, ...spare.meshtastic],
        ({ topic, payload }) => messageKey(topic, payload),
        envelopes(killed),
      ),
      meshcore: lostRuns(
        [...traffic["defaults"]!.meshcore, ...spare.meshcore],
        ({ key }) => key,
        receptions(killed),
      ),
    };
    const published = {
      meshtastic: [...KEPT.flatMap((name) => traffic[name]!.meshtastic), ...lost.meshtastic.stored],
      meshcore: [...KEPT.flatMap((name) => traffic[name]!.meshcore), ...lost.meshcore.stored],
    };
    await service.stored(published.meshtastic.length, 60_000);
    await storedIn(service, meshcore, "observations", published.meshcore.length, 60_000);
    assert.equal((await service.stop()).code, 0);

    assertExactlyOnce(service, published.meshtastic);
    assertReceptions(meshcore, published.meshcore);
    assertSound(service.database, meshcore);
    for (const network of ["meshtastic", "meshcore"] as const) {
      const database = network === "meshtastic" ? service.database : meshcore;
      const all = gapsOf(killed, database);
      const gaps = all.filter(({ source }) => source === sourceOf("defaults", network));
      assert.equal(all.length, gaps.length, `gaps of others: ${JSON.stringify(all)}`);
      assert.deepEqual(new Set(gaps.map(({ reason }) => reason)), new Set(["qos0"]));
      const { runs } = lost[network];
      assert.ok(runs.length > 0, "mosquitto's defaults keep nothing while we are away");
      assert.ok(runs.length <= gaps.length);
      if (network === "meshtastic") runs.forEach((run) => assertCovered(run, gaps));
      figures(`${network}, at a broker with mosquitto's defaults`, {
        lost: `${runs.reduce((sum, run) => sum + run.lost, 0)} of ${
          traffic["defaults"]![network].length
        } in ${runs.length} stretches`,
        gaps: gaps.length,
      });
      figures(`${network}, at brokers that keep what they get`, {
        published: KEPT.reduce((sum, name) => sum + traffic[name]![network].length, 0),
        lost: 0,
        twice: 0,
      });
    }
  },
);

interface Gap {
  readonly source: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

function gapsOf({ service }: KilledService, database: string): Gap[] {
  return service.query("SELECT * FROM capture_gaps ORDER BY id", database).map((row) => ({
    source: String(row["source"]),
    from: Number(row["from_time"]),
    to: Number(row["to_time"]),
    reason: String(row["reason"]),
  }));
}

/** When each stored envelope was received, in seconds. */
function envelopes({ service }: KilledService): Map<string, number> {
  const rows = service.query(
    "SELECT topic, timestamp, raw_service_envelope AS raw FROM packet_history",
  );
  return new Map(rows.map((row) => [
    messageKey(String(row["topic"]), row["raw"] as Uint8Array),
    Number(row["timestamp"]),
  ]));
}

/** The place of each stored reception. */
function receptions({ service, meshcore }: KilledService): Map<string, number> {
  return new Map(
    service.query(OBSERVATIONS, meshcore).map((row) => [
      observationKey(row["hash"], row["observer"], row["path_json"]),
      Number(row["id"]),
    ]),
  );
}

/** What was not stored one after another, and when what was stored before and after it came. */
interface LostRun {
  lost: number;
  readonly after: number;
  before: number;
}

/**
 * Stretches of what was not stored. A single stored message in between is no end of one: mosquitto
 * holds a message at QoS 0 whose sending failed, and delivers it with the next connection.
 */
function lostRuns<T>(
  published: readonly T[],
  key: (one: T) => string,
  found: ReadonlyMap<string, number>,
): { runs: LostRun[]; stored: T[] } {
  const times = published.map((one) => found.get(key(one)));
  const runs: LostRun[] = [];
  let after = -Infinity;
  let open: LostRun | undefined;
  times.forEach((at, n) => {
    if (at === undefined) {
      if (open === undefined) runs.push(open = { lost: 0, after, before: Infinity });
      open.lost++;
      return;
    }
    if (open !== undefined) open.before = at;
    if (n + 1 < times.length && times[n + 1] !== undefined) open = undefined;
    after = at;
  });
  return { runs, stored: published.filter((_, n) => times[n] !== undefined) };
}

function assertCovered({ after, before }: LostRun, gaps: readonly Gap[]): void {
  const covered = gaps.some(({ from, to }) =>
    from >= after - ROUNDING_S && from < to && to <= before + ROUNDING_S
  );
  assert.ok(covered, `no gap between ${after} and ${before}: ${JSON.stringify(gaps)}`);
}
