/** Brokers that are stopped and killed under load, with what they keep of our session and without. @module */
import assert from "node:assert/strict";
import { LOGIN, startDeployedMosquitto } from "../helpers/deploy_broker.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { account, distinctTraffic, type Published } from "../integration/traffic_helper.ts";
import { assertSound, seededRandom } from "./kill_rounds.ts";
import { assertBounded, rssBytes } from "./memory.ts";

/** Stops or kills of one test. */
const ROUNDS = 4;

/** Messages of a round. */
const A_ROUND = 600;

/** A broker's end as a test wants it. */
interface Case {
  readonly name: string;
  readonly start: () => Promise<Mosquitto>;
  readonly end: "stop" | "kill";
  readonly qos: 0 | 1;
  /** What a gap must say; undefined: nothing may be lost. */
  readonly reason?: "session_lost" | "session_restored";
  readonly login?: { readonly username: string; readonly password: string };
}

const PERSISTENT = [
  "persistence true",
  "persistence_location %DIR%/",
  "max_queued_messages 0",
  "max_inflight_messages 4000",
];

const CASES: readonly Case[] = [
  {
    name: "stopped in order, with our session saved",
    start: () => Mosquitto.start(PERSISTENT),
    end: "stop",
    qos: 1,
  },
  {
    name: "stopped in order, without one",
    start: () => Mosquitto.start(["max_queued_messages 0", "max_inflight_messages 4000"]),
    end: "stop",
    qos: 1,
    reason: "session_lost",
  },
  {
    name: "killed, as deploy/mosquitto.conf sets it, at QoS 0",
    // Savings in the middle of the rounds.
    start: () => startDeployedMosquitto(["autosave_interval 1"]),
    end: "kill",
    qos: 0,
    reason: "session_restored",
    login: LOGIN,
  },
  {
    name: "killed, without a saved session",
    start: () => Mosquitto.start(["max_queued_messages 0", "max_inflight_messages 4000"]),
    end: "kill",
    qos: 1,
    reason: "session_lost",
  },
];

for (const one of CASES) {
  mosquittoTest(`run stores nothing twice when its broker is ${one.name}`, () => run(one));
}

/** Waits until the broker has saved what it knows by now, our session among it. */
async function savedAgain(broker: Mosquitto): Promise<void> {
  const saved = () => {
    try {
      return Deno.statSync(broker.scratch.file("mosquitto.db")).mtime?.getTime() ?? 0;
    } catch {
      return 0;
    }
  };
  const before = saved();
  await waitUntil(() => saved() > before, "the broker saves");
}

async function run({ name, start, end, qos, reason, login }: Case): Promise<void> {
  const random = seededRandom(name);
  await using broker = await start();
  using scratch = new Scratch("broker");
  await using service = await ServiceProcess.start({
    scratch,
    // Both versions, each for its half of the traffic.
    sources: ["3.1.1", "5"].map((protocol) => ({
      name: `v${protocol}`,
      url: broker.url,
      protocol,
      topics: [`msh/v${protocol}/#`],
      ...login ?? {},
    })),
    config: { storage: { batch_max: 150, commit_interval_ms: 20 } },
  });
  const traffic = distinctTraffic(ROUNDS * A_ROUND + 2, random.uint32())
    .map(({ topic, payload }, n) => ({
      topic: topic.replace(/^msh\/[^/]+/, `msh/v${n % 2 === 0 ? "3.1.1" : "5"}`),
      payload,
    }));
  if (reason === "session_restored") await savedAgain(broker);
  const before = await rssBytes(service);
  /** What a publisher was told to be safe at the broker; at QoS 0 nobody is told. */
  const accepted: Published[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await using publisher = await Publisher.connect(broker.port, login ?? {});
    let ended = false;
    const publishing = (async () => {
      for (const message of traffic.slice(round * A_ROUND, (round + 1) * A_ROUND)) {
        if (ended) return;
        // Many on their way at once, some a moment: a publisher that waits is no load.
        publisher.publish(message.topic, message.payload, { qos })
          .then(() => accepted.push(message), () => {});
        if (random.chance(0.1)) await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    // Behind by as much as comes while it is held, so that the broker has something to lose.
    const held = random.chance(0.5);
    await new Promise((resolve) => setTimeout(resolve, random.range(0, 300)));
    if (held) service.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, random.range(0, 400)));
    const log = service.log.length;
    await broker[end]();
    ended = true;
    if (held) service.signal("SIGCONT");
    await publishing;
    await waitUntil(
      () =>
        /source in trouble[^\n]*source=v3[^]*source in trouble[^\n]*source=v5|source in trouble[^\n]*source=v5[^]*source in trouble[^\n]*source=v3/
          .test(service.log.slice(log)),
      "both sources say that it is gone",
      30_000,
    );
    await broker.run();
    await service.healthy(60_000);
  }
  // One more of each source shows what came before.
  await using publisher = await Publisher.connect(broker.port, login ?? {});
  const last = traffic.slice(-2);
  for (const { topic, payload } of last) await publisher.publish(topic, payload, { qos });
  await waitUntil(() => account(service.database, last).lost === 0, "the last messages", 60_000);
  const after = await rssBytes(service);
  assert.equal((await service.stop()).code, 0);

  const found = account(service.database, traffic);
  // Messages that the broker never had are not lost by it.
  const { lost } = account(service.database, accepted);
  const gaps = service.query("SELECT source, reason FROM capture_gaps");
  const reasons = new Set(gaps.map((gap) => String(gap["reason"])));
  figures(name, {
    accepted: accepted.length,
    stored: service.rows(),
    lost,
    twice: found.twice,
    gaps: gaps.length,
  });
  assert.equal(found.twice, 0);
  assert.equal(found.strange, 0);
  assertBounded(before, after);
  assertSound(service.database);
  if (reason === undefined) {
    assert.equal(lost, 0);
    assert.deepEqual(gaps, []);
    return;
  }
  assert.deepEqual([...reasons], [reason]);
  assert.ok(gaps.length <= 2 * ROUNDS);
  // At each version a gap stands where something is missing.
  for (const version of ["v3.1.1", "v5"]) {
    const missing = account(
      service.database,
      accepted.filter(({ topic }) => topic.startsWith(`msh/${version}/`)),
    ).lost;
    if (missing > 0) assert.ok(gaps.some((gap) => gap["source"] === version), version);
  }
}
