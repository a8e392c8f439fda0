/** Connections that break, hang or are refused: what health says meanwhile, and what is stored. @module */
import assert from "node:assert/strict";
import { LOGIN, PASSWORDS } from "../helpers/deploy_broker.ts";
import { dynamicSecurityPlugin, Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, ServiceProcess } from "../helpers/service_process.ts";
import { TcpProxy } from "../helpers/tcp_proxy.ts";
import { waitUntil } from "../helpers/wait.ts";
import { assertExactlyOnce, distinctTraffic, publishAll } from "../integration/traffic_helper.ts";
import { assertSound, seededRandom } from "./kill_rounds.ts";
import { assertBounded, rssBytes } from "./memory.ts";
import { security } from "../helpers/mosquitto_security.ts";

/** MQTT 5: CONNACK, "server unavailable". */
const UNAVAILABLE = Uint8Array.of(0x20, 3, 0, 0x88, 0);

const CUTS = 25;

mosquittoTest(
  "run stores exactly once through connections cut in the middle of a packet",
  async () => {
    const random = seededRandom("cut connections");
    const traffic = distinctTraffic(5000, random.uint32());
    await using broker = await Mosquitto.start([
      "max_queued_messages 0",
      "max_inflight_messages 4000",
    ]);
    await using proxy = await TcpProxy.start(broker.port);
    using scratch = new Scratch("cut");
    await using service = await ServiceProcess.start({
      scratch,
      sources: [{ name: "home", url: proxy.url, reconnect: { min_ms: 10, max_ms: 50 } }],
      config: { storage: { batch_max: 150, commit_interval_ms: 20 } },
    });
    const before = await rssBytes(service);
    await using publisher = await Publisher.connect(broker.port);
    const share = traffic.length / CUTS;
    for (let cut = 0; cut < CUTS; cut++) {
      const connections = proxy.connections;
      proxy.cutAfter(random.between(10, 15_000));
      await publishAll(publisher, traffic.slice(cut * share, (cut + 1) * share));
      await waitUntil(() => proxy.connections > connections, "a new connection", 30_000);
    }
    await service.stored(traffic.length, 60_000);
    // A connection must last to show that no rival took it.
    await service.healthy(60_000);
    const after = await rssBytes(service);
    assert.equal((await service.stop()).code, 0);
    assertExactlyOnce(service, traffic);
    assertSound(service.database);
    assert.deepEqual(service.query("SELECT * FROM capture_gaps"), []);
    assertBounded(before, after);
    const told = service.log.matchAll(/source in trouble.*reason=(\w+)/g);
    figures("cut connections", {
      told: [...told].map(([, reason]) => reason).join(" "),
      cuts: CUTS,
      connections: proxy.connections,
      lost: 0,
      twice: 0,
    });
  },
);

mosquittoTest(
  "run says why it does not hear a source, goes on, and recovers by itself",
  async () => {
    const plugin = dynamicSecurityPlugin();
    assert.ok(plugin, "mosquitto comes with its dynamic security plugin");
    await using broker = await Mosquitto.start([
      "max_queued_messages 0",
      "max_inflight_messages 4000",
    ]);
    await using guarded = await Mosquitto.start([
      "listener %PORT% 127.0.0.1",
      "allow_anonymous false",
      "password_file %DIR%/passwords",
    ], { whole: true, files: { passwords: PASSWORDS } });
    await using partly = await Mosquitto.start(
      [`plugin ${plugin}`, "plugin_opt_config_file %DIR%/security.json"],
      { files: { "security.json": security(["msh/allowed/#"]) } },
    );
    await using half = await TcpProxy.start(broker.port);
    await using refusing = await TcpProxy.start(broker.port);
    await using gate = await TcpProxy.start(guarded.port);
    using scratch = new Scratch("connection");
    const passwordFile = scratch.file("password");
    Deno.writeTextFileSync(passwordFile, "swordfish-4711\n");
    await using service = await ServiceProcess.prepare({
      scratch,
      sources: [
        { name: "half", url: half.url, topics: ["msh/half/#"], keepalive_seconds: 5 },
        { name: "refusing", url: refusing.url, topics: ["msh/refusing/#"] },
        {
          name: "guarded",
          url: gate.url,
          topics: ["msh/guarded/#"],
          username: LOGIN.username,
          password_file: passwordFile,
          reconnect: { min_ms: 20, max_ms: 4000 },
        },
        { name: "partly", url: partly.url, topics: ["msh/allowed/#", "msh/denied/#"] },
      ],
    });
    const traffic = (region: string, seed: number, n: number) =>
      distinctTraffic(n, seed).map(({ topic, payload }) => ({
        topic: topic.replace(/^msh\/[^/]+/, `msh/${region}`),
        payload,
      }));
    const halfTraffic = traffic("half", 61, 900);
    const refusingTraffic = traffic("refusing", 62, 900);
    const allowedTraffic = traffic("allowed", 63, 60);
    const deniedTraffic = traffic("denied", 64, 30);
    const guardedTraffic = traffic("guarded", 65, 30);
    const third = <T>(all: readonly T[], n: number) =>
      all.slice(n * all.length / 3, (n + 1) * all.length / 3);

    await service.run();
    await waitUntil(async () => (await sourcesUp(service)) === 2, "two sources are up", 30_000);
    await using publisher = await Publisher.connect(broker.port);
    await using allowed = await Publisher.connect(partly.port);
    await publishAll(publisher, [...third(halfTraffic, 0), ...third(refusingTraffic, 0)]);
    await service.stored(600);
    const before = await rssBytes(service);

    // Messages on their way when it happens.
    const flowing = publishAll(publisher, [...third(halfTraffic, 1), ...third(refusingTraffic, 1)]);
    half.blackhole();
    refusing.answer(UNAVAILABLE);
    const faultAt = performance.now();
    const attemptsThen = gate.connections;
    await flowing;
    await publishAll(allowed, allowedTraffic.slice(0, 30));
    await waitUntil(() => storedOf(service, "partly") === 30, "what is allowed comes meanwhile");
    const expected = [
      /^source:half: (keepalive_timeout|unreachable)/,
      /^source:refusing: broker_refused .*code 136/,
      /^source:guarded: credentials_refused .*user name capture/,
      /^source:partly: subscription_refused .*msh\/denied\/#/,
    ];
    let reasons: readonly string[] = [];
    await waitUntil(
      async () => {
        reasons = (await service.health())?.body.reasons ?? [];
        return expected.every((one) => reasons.some((reason) => one.test(reason)));
      },
      "every reason",
      60_000,
    ).catch((error) => {
      throw new Error(`${reasons.join("\n")}\n${service.log}`, { cause: error });
    });
    assert.equal(reasons.length, expected.length, reasons.join("\n"));
    assert.match(service.log, /reason=keepalive_timeout/);
    assert.ok(!reasons.some((reason) => reason.includes("msh/allowed")), reasons.join("\n"));
    assert.ok(!(reasons.join() + service.log).includes("swordfish-4711"));
    const seconds = (performance.now() - faultAt) / 1000;
    const attempts = gate.connections - attemptsThen;
    // Between half of max_ms and all of it.
    assert.ok(attempts >= 1 && attempts <= seconds / 2 + 2, `${attempts} attempts in ${seconds} s`);
    assertBounded(before, await rssBytes(service));
    const lines = service.log.split("\n").filter((line) => line.includes("source in trouble"));
    assert.ok(lines.length <= 12, `no line for each attempt:\n${lines.join("\n")}`);

    half.forward();
    refusing.forward();
    Deno.writeTextFileSync(passwordFile, `${LOGIN.password}\n`);
    await allowed[Symbol.asyncDispose]();
    await partly.stop();
    Deno.writeTextFileSync(
      partly.scratch.file("security.json"),
      security(["msh/allowed/#", "msh/denied/#"]),
    );
    await partly.run();
    await service.healthy(60_000);
    await using allowedAgain = await Publisher.connect(partly.port);
    await using withPassword = await Publisher.connect(guarded.port, LOGIN);
    await publishAll(publisher, [...third(halfTraffic, 2), ...third(refusingTraffic, 2)]);
    await publishAll(allowedAgain, [...allowedTraffic.slice(30), ...deniedTraffic]);
    await publishAll(withPassword, guardedTraffic);
    const all = [
      ...halfTraffic,
      ...refusingTraffic,
      ...allowedTraffic,
      ...deniedTraffic,
      ...guardedTraffic,
    ];
    await service.stored(all.length, 60_000);
    assertBounded(before, await rssBytes(service));
    assert.equal((await service.stop()).code, 0);
    assertExactlyOnce(service, all);
    // The one broker that was restarted keeps nothing.
    const gaps = service.query("SELECT source, reason FROM capture_gaps");
    assert.deepEqual(gaps.map((gap) => ({ ...gap })), [{
      source: "partly",
      reason: "session_lost",
    }]);
    figures("four sources in trouble", {
      "red for all after s": seconds.toFixed(1),
      "attempts with a wrong password": attempts,
      lost: 0,
      twice: 0,
    });
  },
);

async function sourcesUp(service: ServiceProcess): Promise<number> {
  const text = (await service.fetchText("/metrics"))?.text ?? "";
  return [...text.matchAll(/^meshcapture_source_up\{.*\} 1$/gm)].length;
}

function storedOf(service: ServiceProcess, source: string): number {
  const [row] = service.query(
    `SELECT count(*) AS n FROM packet_history WHERE capture_source = '${source}'`,
  );
  return Number(row!["n"]);
}
