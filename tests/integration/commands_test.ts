/** The commands beside `run`, as a person types them. @module */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { freePort, Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { runCommand, ServiceProcess, spawnCommand } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { distinctTraffic, publishAll } from "./traffic_helper.ts";

mosquittoTest("record, replay and diff agree with what run has written", async () => {
  const traffic = distinctTraffic(500, 81);
  await using broker = await Mosquitto.start(["log_type all", "max_queued_messages 0"]);
  using scratch = new Scratch("commands");
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ name: "home", url: broker.url }],
  });
  const recording = scratch.file("recorded.jsonl");
  const recorder = spawnCommand(["record", recording, "--config", service.configFile]);
  await waitUntil(
    async () => (await broker.log()).includes("Sending SUBACK to meshcapture-record-"),
    "the recorder has subscribed",
  );
  await using publisher = await Publisher.connect(broker.port);
  await publishAll(publisher, traffic.slice(0, 250), 0);
  await publishAll(publisher, traffic.slice(250), 1);
  await service.stored(traffic.length);
  const lines = () => Deno.readTextFileSync(recording).split("\n").length - 1;
  await waitUntil(() => lines() === traffic.length, "all are recorded");
  recorder.child.kill("SIGTERM");
  const recorded = await recorder.result;
  assert.equal(recorded.code, 0, recorded.stderr);
  assert.match(recorded.stdout, /^500 messages recorded in /);
  assert.equal((await service.stop()).code, 0);

  const replayed = scratch.file("replayed.db");
  const config = ["--config", service.configFile];
  const replay = await runCommand(["replay", recording, ...config, "--database", replayed]);
  assert.equal(replay.code, 0, replay.stderr);
  assert.match(replay.stdout, /^500 messages read, 500 stored in /);
  const equal = await runCommand(["diff", service.database, replayed, "--json"]);
  assert.equal(equal.code, 0, equal.stdout);
  assert.equal(JSON.parse(equal.stdout).equal, true);

  // The service's own database is a recording, too.
  const again = scratch.file("again.db");
  const second = await runCommand(["replay", service.database, ...config, "--database", again]);
  assert.equal(second.code, 0, second.stderr);
  const timed = await runCommand(["diff", service.database, again, "--with-timestamps"]);
  assert.equal(timed.code, 0, timed.stdout);

  const less = scratch.file("less.jsonl");
  Deno.writeTextFileSync(less, Deno.readTextFileSync(recording).split("\n").slice(1).join("\n"));
  const shorter = scratch.file("shorter.db");
  await runCommand(["replay", less, ...config, "--database", shorter]);
  const differs = await runCommand(["diff", service.database, shorter]);
  assert.equal(differs.code, 3, differs.stderr);
  assert.match(differs.stdout, /The databases differ\./);
});

Deno.test("healthcheck tells by its exit code how the service is", async () => {
  using scratch = new Scratch("commands");
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ url: `embedded://127.0.0.1:${await freePort()}` }],
  });
  const check = (...args: string[]) =>
    runCommand(["healthcheck", "--config", service.configFile, ...args]);
  const well = await check();
  assert.deepEqual([well.code, well.stdout], [0, "ok\n"], well.stderr);
  const json = await check("--json");
  assert.equal(JSON.parse(json.stdout).kind, "ok");
  await service.stop();
  const away = await check();
  assert.equal(away.code, 1);
  assert.match(away.stdout, /^unreachable: /);
  const off = await check("--address", "off");
  assert.equal(off.code, 2);
});

Deno.test("healthcheck --integrity fails while the last check of a database was bad", async () => {
  using scratch = new Scratch("commands");
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ url: `embedded://127.0.0.1:${await freePort()}` }],
  });
  const check = (...args: string[]) =>
    runCommand(["healthcheck", "--integrity", "--config", service.configFile, ...args]);
  const unknown = await check();
  assert.deepEqual([unknown.code, unknown.stdout], [
    0,
    "ok\nintegrity of meshtastic: not checked yet\n",
  ]);
  assert.equal(await service.get("/integrity"), 200);
  await service.stop();

  // As a check of yesterday would have left it.
  const [badSince, checkedAt] = [Date.now() - 90_000_000, Date.now() - 3_600_000];
  const note = { checkedAt, badSince, findings: ["row 7 missing from index idx"] };
  const db = new DatabaseSync(service.database);
  db.prepare("INSERT INTO capture_state (key, value) VALUES ('integrity_check', ?)")
    .run(JSON.stringify(note));
  db.close();
  await service.run();
  await service.healthy();
  const bad = await check();
  assert.equal(bad.code, 1);
  const since = new Date(badSince).toISOString();
  assert.match(
    bad.stdout,
    new RegExp(`^ok\\nintegrity of meshtastic: DAMAGED, known since ${since}`),
  );
  assert.match(bad.stdout, /row 7 missing from index idx/);
  const json = JSON.parse((await check("--json")).stdout);
  assert.deepEqual([json.kind, json.integrity.integrity.status], ["ok", "bad"]);
  assert.equal(await service.get("/integrity"), 503);
  const metrics = (await service.fetchText("/metrics"))!.text;
  assert.match(metrics, /^meshcapture_database_intact\{network="meshtastic"\} 0$/m);
  assert.match(metrics, /^meshcapture_database_disk_free_bytes\{network="meshtastic"\} [1-9]/m);
});

Deno.test("run writes what it warns of in the configuration like every other line of its log", async () => {
  using scratch = new Scratch("commands");
  const setting = "observability.map_attribution=me";
  await using service = await ServiceProcess.start({
    scratch,
    sources: [{ url: `embedded://127.0.0.1:${await freePort()}` }],
    args: ["--set", setting, "--set", "observability.log_format=json"],
  });
  assert.equal((await service.stop()).code, 0);
  const lines = service.log.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.filter((line) => line.message === "configuration warning")
      .map(({ level, fields }) => [level, fields.detail]),
    [["warn", "observability.map_attribution has no effect without map_tiles"]],
  );
});

Deno.test("check prints no secret", async () => {
  using scratch = new Scratch("commands");
  const secrets = ["swordfish-4711", "in-the-url-0815", "from-the-environment-42"];
  const psk = "SXyxyDZU+HASQTEpFnHFiV0xeMlTPaPKZ2w1EG53TTY=";
  const config = scratch.file("config.yaml");
  Deno.writeTextFileSync(
    config,
    JSON.stringify({
      sources: [
        { name: "one", url: "mqtt://broker.example", username: "me", password: secrets[0] },
        { name: "two", url: `mqtt://you:${secrets[1]}@broker.example` },
        { name: "three", url: "mqtt://third.example", username: "they" },
      ],
      meshtastic: { channels: [{ name: "Private", psk }] },
    }),
  );
  for (const more of [[], ["--json"]]) {
    const { code, stdout, stderr } = await runCommand([
      "check",
      "--config-only",
      "--config",
      config,
      ...more,
    ], {
      env: { MESHCAPTURE_SOURCES_2_PASSWORD: secrets[2]! },
    });
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes("broker.example"));
    for (const secret of [...secrets, psk]) {
      assert.ok(!(stdout + stderr).includes(secret), `${secret} in\n${stdout}${stderr}`);
    }
  }
});

Deno.test("check exits with 2 and names the mistake", async () => {
  using scratch = new Scratch("commands");
  const config = scratch.file("config.yaml");
  Deno.writeTextFileSync(config, "storage:\n  batch_maxx: 5\n");
  const { code, stderr } = await runCommand(["check", "--config", config]);
  assert.equal(code, 2);
  assert.match(stderr, /batch_maxx.*batch_max\b/s);
});

Deno.test("demo ends by itself and leaves nothing outside its folder", async () => {
  using scratch = new Scratch("demo");
  const folder = scratch.file("demo-data");
  const began = performance.now();
  const args = ["demo", "--folder", folder, "--seconds", "3", "--rate", "20"];
  const { code, stdout, stderr } = await runCommand(args, {
    task: "demo",
    // As the task has it: nothing can be written elsewhere.
    writeTo: folder,
    timeoutMs: 30_000,
  });
  const seconds = (performance.now() - began) / 1000;
  assert.equal(code, 0, stdout + stderr);
  assert.ok(seconds >= 3 && seconds < 15, `${seconds} s`);
  assert.deepEqual([...Deno.readDirSync(scratch.path)].map(({ name }) => name), ["demo-data"]);
  const [, packets] = /^ *(\d+) +packets$/m.exec(stdout) ?? [];
  assert.ok(Number(packets) > 0, stdout);
});
