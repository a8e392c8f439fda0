/** Brokers that are stopped and killed under load, with what they keep of our session and without. @module */
import assert from "node:assert/strict";
import type { Random } from "../../src/traffic/random.ts";
import { LOGIN, startDeployedMosquitto } from "../helpers/deploy_broker.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { account, distinctTraffic, type Published } from "../integration/traffic_helper.ts";
import { assertSound, seededRandom } from "./kill_rounds.ts";
import { assertBounded, rssBytes } from "./memory.ts";

/** Ends of each broker. */
const ROUNDS = 5;

/** Messages of a round, at most. */
const A_ROUND = 500;

/** As many of a round are stored before its broker ends: a dozen tell how a broker counts its ids. */
const FIRST = 24;

/** Each broker has a source of each version, for its half of the traffic. */
const VERSIONS = ["3.1.1", "5"] as const;

/** A broker and its end. */
interface Case {
  /** Its sources are named after it. */
  readonly name: string;
  readonly start: () => Promise<Mosquitto>;
  readonly end: "stop" | "kill";
  /** What a gap must say; undefined: nothing may be lost. */
  readonly reason?: "session_lost" | "session_restored";
  readonly login?: { readonly username: string; readonly password: string };
}

/** A small window: what we do not acknowledge stays at the broker, where it can be lost. */
const WINDOW = "max_inflight_messages 20";
const UNBOUNDED = ["max_queued_messages 0", WINDOW];

const CASES: readonly Case[] = [
  {
    name: "stopped",
    start: () => Mosquitto.start(["persistence true", "persistence_location %DIR%/", ...UNBOUNDED]),
    end: "stop",
  },
  {
    name: "stopped-without-session",
    start: () => Mosquitto.start(UNBOUNDED),
    end: "stop",
    reason: "session_lost",
  },
  {
    name: "killed-as-deployed",
    // It saves when the test says so.
    start: () => startDeployedMosquitto(["autosave_interval 600", WINDOW]),
    end: "kill",
    reason: "session_restored",
    login: LOGIN,
  },
  {
    name: "killed-without-session",
    start: () => Mosquitto.start(UNBOUNDED),
    end: "kill",
    reason: "session_lost",
  },
];

mosquittoTest(
  "run stores nothing twice when brokers are stopped or killed, and shows as gaps what they lost",
  async () => {
    const random = seededRandom("ends of brokers");
    await using stack = new AsyncDisposableStack();
    const runs: BrokerRun[] = [];
    const all = distinctTraffic(CASES.length * (ROUNDS * A_ROUND + 2), random.uint32());
    for (const one of CASES) {
      const broker = stack.use(await one.start());
      runs.push(new BrokerRun(one, broker, all.splice(0, ROUNDS * A_ROUND + 2)));
    }
    using scratch = new Scratch("broker");
    await using service = await ServiceProcess.start({
      scratch,
      sources: runs.flatMap((run) => run.sources),
      config: { storage: { batch_max: 150, commit_interval_ms: 20 } },
    });
    const before = await rssBytes(service);
    for (let round = 0; round < ROUNDS; round++) {
      const log = service.log.length;
      for (const { broker, one } of runs) {
        if (one.reason === "session_restored") await broker.save();
      }
      const publishing = runs.map((run) => run.publish(round, random));
      // That a broker went back shows by what it had delivered since it saved.
      await waitUntil(
        () => runs.every((run) => account(service.database, run.firstOf(round)).lost === 0),
        `the first of round ${round}`,
        30_000,
      );
      await new Promise((resolve) => setTimeout(resolve, random.range(0, 200)));
      // Behind by as much as comes while it is held, so that brokers have something to lose.
      const held = round % 2 === 1;
      if (held) service.signal("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, random.range(0, 400)));
      await Promise.all(runs.map((run) => run.end()));
      if (held) service.signal("SIGCONT");
      await Promise.all(publishing);
      await waitUntil(
        () => {
          const told = service.log.slice(log).split("\n").filter((line) =>
            line.includes("source in trouble")
          );
          return runs.every(({ sources }) =>
            sources.every(({ name }) => told.some((line) => line.includes(`source=${name} `)))
          );
        },
        "every source says that its broker is gone",
        30_000,
      ).catch((error) => {
        throw new Error(service.log.slice(log), { cause: error });
      });
      await Promise.all(runs.map(({ broker }) => broker.run()));
      await service.healthy(60_000);
      for (const run of runs) run.ended();
    }
    await Promise.all(runs.map((run) => run.publishLast()));
    await waitUntil(
      () => runs.every(({ last }) => account(service.database, last).lost === 0),
      "the last messages",
      60_000,
    ).catch((error) => {
      throw new Error(service.log, { cause: error });
    });
    const after = await rssBytes(service);
    assert.equal((await service.stop()).code, 0);
    for (const run of runs) run.assert(service);
    const { twice, strange } = account(service.database, runs.flatMap(({ traffic }) => traffic));
    assert.deepEqual({ twice, strange }, { twice: 0, strange: 0 });
    assertSound(service.database);
    assertBounded(before, after);
  },
);

/** One broker, what is published there, and what must become of it. */
class BrokerRun {
  readonly one: Case;
  readonly broker: Mosquitto;
  readonly traffic: readonly Published[];
  /** One more of each source, which shows what came before. */
  readonly last: readonly Published[];
  readonly sources: readonly { readonly name: string; readonly url: string }[];
  /** By round: what the broker said that it has, and from when to when the round was. */
  readonly #rounds: { accepted: Published[]; from: number; to: number }[] = [];
  #ended = false;

  constructor(one: Case, broker: Mosquitto, traffic: readonly Published[]) {
    this.one = one;
    this.broker = broker;
    this.traffic = traffic.map(({ topic, payload }, n) => ({
      topic: topic.replace(/^msh\/[^/]+/, `msh/v${VERSIONS[n % 2]}`),
      payload,
    }));
    this.last = this.traffic.slice(-2);
    this.sources = VERSIONS.map((protocol) => ({
      name: `${one.name}-${protocol}`,
      url: broker.url,
      protocol,
      topics: [`msh/v${protocol}/#`],
      ...one.login,
    }));
  }

  /** Publishes the messages of a round until the broker ends. */
  async publish(round: number, random: Random): Promise<void> {
    this.#ended = false;
    const accepted: Published[] = [];
    this.#rounds.push({ accepted, from: Date.now() / 1000, to: Infinity });
    await using publisher = await Publisher.connect(this.broker.port, this.one.login ?? {});
    for (const message of this.traffic.slice(round * A_ROUND, (round + 1) * A_ROUND)) {
      if (this.#ended) return;
      // Many on their way at once, now and then a moment.
      publisher.publish(message.topic, message.payload, { qos: 1 })
        .then(() => accepted.push(message), () => {});
      if (random.chance(0.2)) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    while (!this.#ended) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** The first messages of a round, of both sources. */
  firstOf(round: number): readonly Published[] {
    return this.traffic.slice(round * A_ROUND, round * A_ROUND + FIRST);
  }

  async end(): Promise<void> {
    await this.broker[this.one.end]();
    this.#ended = true;
  }

  /** The broker is there again. */
  ended(): void {
    this.#rounds.at(-1)!.to = Date.now() / 1000;
  }

  async publishLast(): Promise<void> {
    await using publisher = await Publisher.connect(this.broker.port, this.one.login ?? {});
    for (const { topic, payload } of this.last) {
      await publisher.publish(topic, payload, { qos: 1 });
    }
  }

  /** Asserts that nothing of ours is missing but what a gap shows. */
  assert(service: ServiceProcess): void {
    const { name, reason } = this.one;
    const gaps = service.query("SELECT * FROM capture_gaps")
      .filter((gap) => this.sources.some((source) => source.name === gap["source"]));
    let lost = 0;
    for (const { accepted, from, to } of this.#rounds) {
      this.sources.forEach((source, n) => {
        const own = accepted.filter(({ topic }) => topic.startsWith(`msh/v${VERSIONS[n]}/`));
        const missing = account(service.database, own).lost;
        lost += missing;
        const shown = gaps.some((gap) =>
          gap["source"] === source.name && Number(gap["from_time"]) >= from &&
          Number(gap["to_time"]) <= to
        );
        assert.ok(missing === 0 || shown, `${missing} of ${source.name}, and no gap`);
      });
    }
    figures(name, {
      accepted: this.#rounds.reduce((sum, { accepted }) => sum + accepted.length, 0),
      lost,
      gaps: gaps.length,
    });
    if (reason === undefined) {
      assert.equal(lost, 0);
      assert.deepEqual(gaps, []);
      return;
    }
    assert.deepEqual(new Set(gaps.map((gap) => gap["reason"])), new Set([reason]));
    for (const source of this.sources) {
      const own = gaps.filter((gap) => gap["source"] === source.name).length;
      assert.ok(own > 0 && own <= ROUNDS, `${own} gaps of ${source.name}`);
    }
  }
}
