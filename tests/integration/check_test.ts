/** `check` as a doctor: beside a running service, at a real broker. @module */
import assert from "node:assert/strict";
import { freePort, Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { runCommand, ServiceProcess, spawnCommand } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { assertExactlyOnce, distinctTraffic, publishAll } from "./traffic_helper.ts";

/** Seconds that a check listens here; what it is to hear is published as soon as it has subscribed. */
const SECONDS = ["--seconds", "6"];

mosquittoTest("check hears what the running service hears, and takes nothing from it", async () => {
  const traffic = distinctTraffic(200, 91);
  await using broker = await Mosquitto.start(["log_type all", "max_queued_messages 0"]);
  using scratch = new Scratch("check");
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ name: "home", url: broker.url, client_id: "the-capture" }],
  });
  const doctor = spawnCommand(["check", "--config", service.configFile, ...SECONDS, "--json"]);
  await waitUntil(
    async () => (await broker.log()).includes("Sending SUBACK to meshcapture-check-"),
    "the check has subscribed",
    60_000,
  );
  await using publisher = await Publisher.connect(broker.port);
  await publishAll(publisher, traffic.slice(0, 120), 1);
  await publishAll(publisher, traffic.slice(120), 0);
  const { code, stdout, stderr } = await doctor.result;
  const report = JSON.parse(stdout);
  // The traffic was made in 2025, so its clocks are off, and nothing else.
  assert.deepEqual([code, report.ok], [1, false], stderr);
  const findings = report.sections.flatMap((one: { findings: unknown[] }) => one.findings);
  const bad = findings.filter((one: { severity: string }) => one.severity === "bad");
  assert.equal(bad.length, 1, stdout);
  assert.match(bad[0].text, /agree with each other and differ from ours/);
  const [home] = report.sources;
  assert.equal(home.messages, traffic.length);
  assert.deepEqual(home.qos, { 0: 80, 1: 120 });
  assert.ok(Object.keys(home.types).length > 0);
  assert.match(stdout, /80 of 200 delivered at QoS 0/);
  assert.match(stdout, /a meshcapture is running and holds it/);

  await service.stored(traffic.length);
  assert.equal((await service.stop()).code, 0);
  assertExactlyOnce(service, traffic);
  const log = await broker.log();
  assert.equal(
    log.split("\n").filter((line) => /New client connected .* as the-capture /.test(line)).length,
    1,
    "the service was never thrown out",
  );
  assert.match(
    log,
    /New client connected .* as meshcapture-check-\S+ \(p5, c1,/,
    "a clean session",
  );
});

mosquittoTest("check finds topics that match nothing, with exit code 1", async () => {
  const traffic = distinctTraffic(400, 92);
  await using broker = await Mosquitto.start(["log_type all"]);
  using scratch = new Scratch("check");
  const config = scratch.file("config.yaml");
  Deno.writeTextFileSync(
    config,
    JSON.stringify({
      sources: [{ url: broker.url, topics: ["mesh/EU_868/#"] }],
      meshtastic: { database: scratch.file("meshtastic.db") },
    }),
  );
  const doctor = spawnCommand(["check", "--config", config, "--seconds", "1"]);
  let running = true;
  doctor.result.finally(() => running = false);
  await using publisher = await Publisher.connect(broker.port);
  for (let i = 0; running; i = (i + 1) % traffic.length) {
    await publishAll(publisher, traffic.slice(i, i + 1), 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { code, stdout } = await doctor.result;
  assert.equal(code, 1, stdout);
  assert.match(stdout, /✗ nothing came in 1 s: the topics match nothing/);
  assert.match(stdout, /mesh\/EU_868\/# does not match these/);
  assert.match(stdout, /msh\//);
});

Deno.test("check listens at the embedded broker of a running service without taking its port", async () => {
  const traffic = distinctTraffic(40, 93);
  using scratch = new Scratch("check");
  const port = await freePort();
  const login = { username: "radio", password: "geheim7" };
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ name: "radio", url: `embedded://0.0.0.0:${port}`, ...login }],
  });
  const doctor = spawnCommand(["check", "--config", service.configFile, ...SECONDS]);
  let running = true;
  doctor.result.finally(() => running = false);
  await using publisher = await Publisher.connect(port, login);
  for (let i = 0; running; i = (i + 1) % traffic.length) {
    await publishAll(publisher, traffic.slice(i, i + 1), 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { code, stdout, stderr } = await doctor.result;
  assert.match(stdout, /✓ \d+ messages in 6 s/);
  assert.match(stdout, /1 thing to mend/, "the clocks of old traffic");
  assert.equal(code, 1, stderr);
  assert.match(stdout, /published at QoS 0: 0, at QoS 1: \d+/);
  assert.ok(!stdout.includes("geheim7"));
  assert.equal((await service.stop()).code, 0, service.log);
});

mosquittoTest(
  "check --delete-session deletes our abandoned session, and no living one",
  async () => {
    await using broker = await Mosquitto.start(["log_type all", "max_queued_messages 0"]);
    using scratch = new Scratch("check");
    await using service = await ServiceProcess.start({
      scratch,
      sources: [{ name: "home", url: broker.url }],
    });
    const check = (...args: string[]) =>
      runCommand(["check", "--config", service.configFile, "--delete-session", ...args]);
    const living = await check();
    assert.equal(living.code, 1, living.stdout);
    assert.match(living.stderr, /a running meshcapture holds .*stop it first/);
    assert.equal((await service.stop()).code, 0);

    const id = String(service.query("SELECT client_id FROM capture_sources")[0]!["client_id"]);
    const deleted = await check();
    assert.equal(deleted.code, 0, deleted.stderr);
    assert.match(deleted.stdout, new RegExp(`the session ${id} is deleted`));
    assert.match(deleted.stdout, /records the time since the last as a gap/);
    const again = await check(id);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /there was no session/);

    await service.run();
    await service.healthy();
    assert.equal((await service.stop()).code, 0);
    const gaps = service.query("SELECT reason FROM capture_gaps");
    assert.deepEqual(gaps.map((one) => one["reason"]), ["session_lost"]);
  },
);

Deno.test("check writes an IPv6 address of the embedded broker with brackets", async () => {
  using scratch = new Scratch("check");
  const config = scratch.file("config.yaml");
  // An address of examples, which no machine has.
  const url = "embedded://[2001:db8::1]:1883";
  const source = { url, username: "u", password: "geheim7" };
  Deno.writeTextFileSync(config, JSON.stringify({ sources: [source] }));
  const { code, stdout } = await runCommand(["check", "--config", config]);
  assert.equal(code, 1);
  assert.match(stdout, /could not listen on \[2001:db8::1\]:1883: /);
});

mosquittoTest("check --delete-session says why a broker does not let us", async () => {
  await using broker = await Mosquitto.start([
    "listener %PORT% 127.0.0.1",
    "allow_anonymous false",
    "log_dest file %DIR%/mosquitto.log",
  ], { whole: true });
  using scratch = new Scratch("check");
  const config = scratch.file("config.yaml");
  Deno.writeTextFileSync(config, JSON.stringify({ sources: [{ url: broker.url }] }));
  const { code, stderr } = await runCommand(["check", "-c", config, "--delete-session", "old-one"]);
  assert.equal(code, 1);
  assert.match(stderr, /could not be deleted: .*refuses us without a user name/);
});
