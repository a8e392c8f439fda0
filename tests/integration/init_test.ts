/** From `init` to a row: what it prints is all that a radio needs. @module */
import assert from "node:assert/strict";
import { meshcoreTools } from "../../src/meshcore/tools.ts";
import { meshtasticTools } from "../../src/meshtastic/tools.ts";
import type { GeneratedMessage } from "../../src/network_descriptor.ts";
import { freePort, mosquittoTest } from "../helpers/mosquitto.ts";
import { Scratch } from "../helpers/scratch.ts";
import { queryDatabase, runCommand, spawnCommand } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";

/** Publishes as a program that knows nothing of ours; answers its exit code. */
async function publish(
  { topic, payload }: GeneratedMessage,
  where: { host: string; port: string; username: string; password: string },
): Promise<number> {
  const child = new Deno.Command("mosquitto_pub", {
    args: ["-h", where.host, "-p", where.port, "-u", where.username, "-P", where.password]
      .concat(["-t", topic, "-q", "1", "-s"]),
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(payload);
  await writer.close();
  return (await child.status).code;
}

/** The first message whose topic fits. */
function messageOf(traffic: Iterator<GeneratedMessage>, topic: RegExp): GeneratedMessage {
  for (;;) {
    const message: GeneratedMessage = traffic.next().value;
    if (topic.test(message.topic)) return message;
  }
}

function rows(path: string, sql: string): number {
  try {
    return Number(Object.values(queryDatabase(path, sql)[0]!)[0]);
  } catch {
    // Not made yet.
    return 0;
  }
}

mosquittoTest("init, run, and a radio with the printed settings: its packet is a row", async () => {
  using scratch = new Scratch("init");
  const [port, http] = [await freePort(), await freePort()];
  const file = scratch.file("config.yaml");
  const written = await runCommand([
    "init",
    ...["--config", file, "--data", scratch.path, "--host", "127.0.0.1", "--region", "EU_868"],
    ...["--port", String(port), "--http", `0.0.0.0:${http}`],
  ]);
  assert.equal(written.code, 0, written.stderr);
  const setting = (name: string) => new RegExp(`^  ${name} +(\\S+)`, "m").exec(written.stdout)![1]!;
  const [host, brokerPort] = setting("Server Address").split(":") as [string, string];
  const radio = {
    host,
    port: brokerPort,
    username: setting("Username"),
    password: setting("Password"),
  };

  const service = spawnCommand(["run", "--config", file]);
  try {
    const packet = messageOf(meshtasticTools.createTraffic(5, Date.now()), /\/2\/e\//);
    await waitUntil(async () => await publish(packet, radio) === 0, "the radio is let in", 60_000);
    // mosquitto_pub at QoS 1 ends when it is acknowledged, and that is after the commit.
    const path = scratch.file("meshtastic.db");
    assert.equal(rows(path, "SELECT count(*) FROM packet_history"), 1);
    const [row] = queryDatabase(path, "SELECT raw_service_envelope AS raw FROM packet_history");
    assert.deepEqual(new Uint8Array(row!["raw"] as Uint8Array), packet.payload);

    // Through a proxy, so not from this machine: the page wants the token that was printed.
    const page = /^ {2}(http:\S+)\?token=(\S+)/m.exec(written.stdout)!;
    const visit = async (address: string) => {
      const headers = { "x-forwarded-for": "203.0.113.7", connection: "close" };
      const response = await fetch(address, { headers, redirect: "manual" });
      await response.body?.cancel();
      return response.status;
    };
    assert.ok(await visit(page[1]!) >= 400);
    assert.ok(await visit(`${page[1]}?token=${page[2]}`) < 400);

    const heard = messageOf(meshcoreTools.createTraffic(5, Date.now()), /\/packets$/);
    assert.equal(await publish(heard, radio), 0);
    await waitUntil(
      () => rows(scratch.file("meshcore.db"), "SELECT count(*) FROM observations") === 1,
      "the observer's packet",
    );
    assert.notEqual(await publish(packet, { ...radio, password: "guessed" }), 0);
    assert.equal(rows(path, "SELECT count(*) FROM packet_history"), 1);
  } finally {
    service.child.kill("SIGTERM");
  }
  const ended = await service.result;
  assert.equal(ended.code, 0, ended.stderr);
  assert.ok(!(ended.stdout + ended.stderr).includes(radio.password), "the log holds no password");
});
