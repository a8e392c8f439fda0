/** Exactly once, through kill −9 at any moment. @module */
import assert from "node:assert/strict";
import { LOGIN, startDeployedMosquitto } from "../helpers/deploy_broker.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures } from "../helpers/service_process.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import {
  assertReceptions,
  observationKey,
  OBSERVATIONS,
  storedIn,
} from "../integration/meshcore_helper.ts";
import { assertExactlyOnce, messageKey, publishAll } from "../integration/traffic_helper.ts";
import { waitUntil } from "../helpers/wait.ts";
import { assertSound, type KilledService, killRounds, seededRandom } from "./kill_rounds.ts";

async function assertAllOnce(killed: KilledService): Promise<void> {
  const { service, meshcore, meshtasticTraffic, meshcoreTraffic } = killed;
  await service.stored(meshtasticTraffic.length);
  await storedIn(service, meshcore, "observations", meshcoreTraffic.length);
  assert.equal((await service.stop()).code, 0);
  assertExactlyOnce(service, meshtasticTraffic);
  assertReceptions(meshcore, meshcoreTraffic);
  assertSound(service.database, meshcore);
  for (const database of [service.database, meshcore]) {
    assert.deepEqual(service.query("SELECT * FROM capture_gaps", database), []);
  }
}

mosquittoTest("run stores exactly once what comes at QoS 1, killed 20 times", async () => {
  await using broker = await Mosquitto.start([
    "max_queued_messages 0",
    "max_inflight_messages 4000",
  ]);
  using scratch = new Scratch("kill");
  await using killed = await killRounds({
    broker,
    scratch,
    random: seededRandom("killed at QoS 1"),
    qos: 1,
    protocols: { meshtastic: "5", meshcore: "3.1.1" },
  });
  await assertAllOnce(killed);
});

mosquittoTest("run stores exactly once what comes at QoS 0 to deploy/mosquitto.conf", async () => {
  await using broker = await startDeployedMosquitto();
  using scratch = new Scratch("kill");
  await using killed = await killRounds({
    broker,
    scratch,
    random: seededRandom("killed at QoS 0, deploy/mosquitto.conf"),
    qos: 0,
    protocols: { meshtastic: "3.1.1", meshcore: "5" },
    login: LOGIN,
  });
  await assertAllOnce(killed);
  figures("killed at QoS 0, deploy/mosquitto.conf", { lost: 0, twice: 0 });
});

mosquittoTest("run shows as gaps what mosquitto's defaults lose of QoS 0", async () => {
  await using broker = await Mosquitto.start();
  using scratch = new Scratch("kill");
  await using killed = await killRounds({
    broker,
    scratch,
    random: seededRandom("killed at QoS 0, mosquitto's defaults"),
    qos: 0,
    protocols: { meshtastic: "5", meshcore: "3.1.1" },
  });
  const { service, meshcore, meshtasticTraffic, meshcoreTraffic, spare } = killed;
  // The publisher's last, which end the last gap; what was not stored before them never will be.
  await using publisher = await Publisher.connect(broker.port);
  await publishAll(publisher, [...spare.meshtastic, ...spare.meshcore], 0);
  const last = spare.meshtastic.at(-1)!;
  const lastReception = spare.meshcore.at(-1)!;
  await waitUntil(
    () =>
      envelopes(killed).has(messageKey(last.topic, last.payload)) &&
      receptions(killed).has(lastReception.key),
    "the last of each network",
    30_000,
  );
  assert.equal((await service.stop()).code, 0);
  assertSound(service.database, meshcore);

  const gapsOf = (database: string) =>
    service.query("SELECT from_time, to_time, reason FROM capture_gaps ORDER BY id", database)
      .map((row) => ({
        from: Number(row["from_time"]),
        to: Number(row["to_time"]),
        reason: String(row["reason"]),
      }));
  const gaps = gapsOf(service.database);
  const stored = envelopes(killed);
  const runs = lostRuns(
    [...meshtasticTraffic, ...spare.meshtastic].map((one) =>
      stored.get(messageKey(one.topic, one.payload))
    ),
  );
  for (const { after, before } of runs) {
    assert.ok(
      gaps.some(({ from, to }) =>
        from >= after - ROUNDING_S && from < to && to <= before + ROUNDING_S
      ),
      `no gap between ${after} and ${before}: ${JSON.stringify(gaps)}`,
    );
  }
  const seen = receptions(killed);
  const receptionRuns = lostRuns(
    [...meshcoreTraffic, ...spare.meshcore].map(({ key }) => seen.get(key)),
  );
  const receptionGaps = gapsOf(meshcore);
  assert.ok(receptionRuns.length <= receptionGaps.length);
  for (const list of [gaps, receptionGaps]) {
    assert.deepEqual(new Set(list.map(({ reason }) => reason)), new Set(["qos0"]));
  }
  const lost = runs.reduce((sum, { lost }) => sum + lost, 0);
  const receptionsLost = receptionRuns.reduce((sum, { lost }) => sum + lost, 0);
  figures("killed at QoS 0, mosquitto's defaults", {
    "Meshtastic lost": `${lost} of ${meshtasticTraffic.length} in ${runs.length} stretches`,
    gaps: gaps.length,
    "MeshCore lost":
      `${receptionsLost} of ${meshcoreTraffic.length} in ${receptionRuns.length} stretches`,
    "its gaps": receptionGaps.length,
  });
  assert.ok(lost > 0 && receptionsLost > 0, "mosquitto's defaults keep nothing while we are away");
  assert.equal(stored.size, service.rows(), "nothing is there twice");
});

/** What is kept of a source is rounded to a millisecond, in seconds. */
const ROUNDING_S = 0.001;

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

/**
 * Stretches of what was not stored, each with what was stored before and after it. A single stored
 * message in between is no end of one: mosquitto holds a message at QoS 0 whose sending failed, and
 * delivers it with the next connection.
 */
function lostRuns(
  published: readonly (number | undefined)[],
): { lost: number; after: number; before: number }[] {
  const runs: { lost: number; after: number; before: number }[] = [];
  let after = -Infinity;
  let open: { lost: number; after: number; before: number } | undefined;
  published.forEach((at, n) => {
    if (at === undefined) {
      if (open === undefined) runs.push(open = { lost: 0, after, before: Infinity });
      open.lost++;
      return;
    }
    if (open !== undefined) open.before = at;
    if (n + 1 < published.length && published[n + 1] !== undefined) open = undefined;
    after = at;
  });
  return runs;
}
