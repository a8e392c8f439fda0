/** What is wrong at the start is said, and capture begins when it can. @module */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { freePort, Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { runCommand, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { assertExactlyOnce, distinctTraffic, publishAll } from "./traffic_helper.ts";

mosquittoTest("run keeps trying without a broker, red with the reason, then green", async () => {
  // Two services share the ten seconds that health waits before it turns red.
  await using guarded = await Mosquitto.start([
    "listener %PORT% 127.0.0.1",
    "allow_anonymous false",
    "password_file %DIR%/passwords",
  ], {
    whole: true,
    // Nobody's hash: every password is wrong.
    files: { passwords: "reader:$7$101$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" },
  });
  using scratch = new Scratch("trouble");
  const port = await freePort();
  await using alone = await ServiceProcess.prepare({
    scratch,
    sources: [{ name: "away", url: `mqtt://127.0.0.1:${port}` }],
    config: { meshtastic: { database: scratch.file("away.db") } },
  });
  await using refused = await ServiceProcess.prepare({
    scratch,
    file: "refused.yaml",
    sources: [{
      name: "guarded",
      url: guarded.url,
      username: "reader",
      password: "swordfish-4711",
    }],
    config: { meshtastic: { database: scratch.file("refused.db") } },
  });
  // Not red before ten seconds have passed.
  const atFirst = alone.run().then(() => alone.get("/healthz"));
  await Promise.all([atFirst, refused.run()]);
  assert.equal(await atFirst, 200);
  assert.equal(await alone.get("/livez"), 200);
  await Promise.all([
    alone.red([/^source:away: unreachable/]),
    refused.red([/^source:guarded: credentials_refused/]),
  ]);
  assert.match(refused.log, /source in trouble.*credentials_refused/);
  assert.ok(!refused.log.includes("swordfish-4711"));
  assert.ok(!JSON.stringify(await refused.health()).includes("swordfish-4711"));
  assert.equal(refused.ended, undefined);
  const { code, stdout } = await runCommand(["healthcheck", "--config", refused.configFile]);
  assert.equal(code, 1);
  assert.match(stdout, /^trouble\n +source:guarded: credentials_refused/);
  assert.equal((await refused.stop()).code, 0);

  const config = `listener ${port} 127.0.0.1\nallow_anonymous true\nuser root\n`;
  Deno.writeTextFileSync(scratch.file("late.conf"), config);
  const late = new Deno.Command("mosquitto", {
    args: ["-c", scratch.file("late.conf")],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await alone.healthy();
    assert.equal(await alone.get("/healthz"), 200);
    const traffic = distinctTraffic(20, 51);
    await using publisher = await Publisher.connect(port);
    await publishAll(publisher, traffic);
    await alone.stored(20);
    assert.equal((await alone.stop()).code, 0);
    assertExactlyOnce(alone, traffic);
  } finally {
    late.kill("SIGKILL");
    await late.status;
  }
});

mosquittoTest("run captures although its HTTP port is taken, and warns", async () => {
  const traffic = distinctTraffic(20, 52);
  await using broker = await Mosquitto.start();
  using scratch = new Scratch("trouble");
  const rival = createServer();
  await new Promise<void>((resolve) => rival.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = rival.address() as { port: number };
    await using service = await ServiceProcess.prepare({
      scratch,
      port,
      sources: [{ url: broker.url }],
    });
    service.spawn();
    await waitUntil(() => service.log.includes("connected"), "it connects");
    await using publisher = await Publisher.connect(broker.port);
    await waitUntil(async () => {
      await publishAll(publisher, traffic.slice(0, 1), 0);
      return service.rows() > 0;
    }, "it is subscribed");
    await publishAll(publisher, traffic.slice(1));
    await waitUntil(
      () => service.query("SELECT DISTINCT raw_service_envelope FROM packet_history").length === 20,
      "all rows",
    );
    assert.match(service.log, /could not listen; capture goes on/);
    assert.equal((await service.stop()).code, 0);
  } finally {
    await new Promise((resolve) => rival.close(resolve));
  }
});

mosquittoTest("run with capture_impl off answers health and captures nothing", async () => {
  await using broker = await Mosquitto.start(["log_type all"]);
  using scratch = new Scratch("trouble");
  await using service = await ServiceProcess.prepare({
    scratch,
    sources: [{ url: broker.url, client_id: "must-not-come" }],
    config: { capture_impl: "off" },
  });
  await service.run();
  const health = await service.health();
  assert.equal(health?.status, 200);
  assert.equal(health?.body.mode, "off");
  assert.match(health?.body.statement ?? "", /nothing is captured/);
  assert.equal(await service.get("/metrics"), 200);
  assert.equal((await service.stop()).code, 0);
  assert.ok(!(await broker.log()).includes("must-not-come"));
  assert.throws(() => Deno.statSync(service.database), Deno.errors.NotFound);
});
