import assert from "node:assert/strict";
import { main } from "../../src/cli/main.ts";
import { shadowPath } from "../../src/cli/shadow_path.ts";
import { FakeTerminal, ProcessExit } from "../helpers/fake_terminal.ts";
import { freePort } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { waitUntil } from "../helpers/wait.ts";
import { Reader } from "../../src/storage/reader.ts";

/** A service on an embedded broker of its own, quiet but for errors. */
async function setUp(scratch: Scratch, ...more: string[]) {
  const [broker, http] = [await freePort(), await freePort()];
  const database = scratch.file("meshtastic.db");
  const settings = [
    "sources.0.name=home",
    `sources.0.url=embedded://127.0.0.1:${broker}`,
    `meshtastic.database=${database}`,
    `observability.address=127.0.0.1:${http}`,
    "observability.log_level=error",
    ...more,
  ];
  const args = settings.flatMap((one) => ["--set", one]);
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${http}${path}`);
    return { status: response.status, text: await response.text() };
  };
  const answers = async (path: string) => {
    await waitUntil(() => get(path).then(({ status }) => status === 200, () => false), path);
    return (await get(path)).text;
  };
  return { broker, http, database, args, get, answers, terminal: new FakeTerminal() };
}

function sourcesOf(path: string) {
  using reader = new Reader(path);
  return reader.query<{ heard_until: number; topics: string }>("SELECT * FROM capture_sources");
}

Deno.test("run captures, answers health and metrics, and ends well upon a signal", async () => {
  using scratch = new Scratch();
  const { broker, http, database, args, answers, terminal } = await setUp(scratch);
  const running = main(["run", ...args], terminal);
  await answers("/readyz");
  {
    await using publisher = await Publisher.connect(broker);
    await publisher.publish("msh/EU_868/2/e/LongFast/!00000001", "no envelope");
  }
  const metrics = await answers("/metrics");
  assert.match(metrics, /^meshcapture_database_bytes\{[^}]*\} [1-9]\d+$/m);
  assert.match(metrics, /^meshcapture_storage_queue_depth\{[^}]*\} 0$/m);
  const health = new FakeTerminal();
  assert.equal(await main(["healthcheck", "--address", `127.0.0.1:${http}`], health), 0);
  assert.deepEqual(health.printed, ["ok"]);
  const before = Date.now() / 1000;
  terminal.signal("SIGTERM");
  assert.equal(await running, 0);
  assert.deepEqual([terminal.exits, terminal.listening], [[], 0]);
  const [source] = sourcesOf(database);
  assert.ok(source!.heard_until >= before - 1, "noted until when it listened");

  const gone = new FakeTerminal();
  assert.equal(await main(["healthcheck", "--address", `127.0.0.1:${http}`], gone), 1);
  assert.match(gone.out, /unreachable/);
  const json = new FakeTerminal();
  const asked = ["healthcheck", "--address", `127.0.0.1:${http}`, "--json"];
  assert.equal(await main(asked, json), 1);
  assert.equal(JSON.parse(json.out).kind, "unreachable");
});

Deno.test("run ends with exit code 1, and does not hang, when its database is refused", async () => {
  using scratch = new Scratch();
  const { database, args, terminal } = await setUp(scratch, "observability.log_level=error");
  Deno.writeTextFileSync(database, "this is no database at all\n".repeat(100));
  assert.equal(await main(["run", ...args], terminal), 1);
  assert.deepEqual([terminal.exits, terminal.listening], [[], 0]);
});

Deno.test("run captures though the file of the page's token cannot be read, and lets nobody in with one", async () => {
  using scratch = new Scratch();
  const file = `observability.token_file=${scratch.file("none")}`;
  const { args, answers, get, terminal } = await setUp(
    scratch,
    file,
    "observability.page_access=token",
  );
  const running = main(["run", ...args], terminal);
  await answers("/readyz");
  assert.equal((await get("/api/status?token=undefined")).status, 401);
  terminal.signal("SIGTERM");
  assert.equal(await running, 0);
});

Deno.test("run with capture_impl off answers health and touches no database", async () => {
  using scratch = new Scratch();
  const { args, answers, terminal } = await setUp(scratch, "capture_impl=off");
  const running = main(["run", ...args], terminal);
  assert.equal(JSON.parse(await answers("/healthz")).mode, "off");
  await answers("/readyz");
  terminal.signal("SIGINT");
  assert.equal(await running, 0);
  assert.deepEqual([...Deno.readDirSync(scratch.path)], []);
});

Deno.test("run captures from one broker while another is dead (fault G21)", async () => {
  using scratch = new Scratch();
  const { broker, args, get, database, terminal } = await setUp(scratch);
  const more = [
    `sources.0.url=mqtt://127.0.0.1:${await freePort()}`,
    "sources.1.name=alive",
    `sources.1.url=embedded://127.0.0.1:${broker}`,
  ];
  const running = main(["run", ...args, ...more.flatMap((one) => ["--set", one])], terminal);
  const up = /^meshcapture_source_up\{[^}]*source="alive"[^}]*\} 1$/m;
  await waitUntil(
    () => get("/metrics").then(({ text }) => up.test(text), () => false),
    "the second source is up",
  );
  {
    await using publisher = await Publisher.connect(broker);
    await publisher.publish("msh/EU_868/2/e/LongFast/!00000001", "no envelope");
  }
  terminal.signal();
  assert.equal(await running, 0);
  using reader = new Reader(database);
  assert.deepEqual(
    reader.query("SELECT capture_source AS source FROM packet_history").map((row) => ({ ...row })),
    [{ source: "alive" }],
  );
});

Deno.test("run ends at once upon the second signal", async () => {
  using scratch = new Scratch();
  const { args, answers, terminal } = await setUp(scratch);
  const running = main(["run", ...args], terminal);
  await answers("/readyz");
  terminal.signal();
  assert.throws(() => terminal.signal(), ProcessExit);
  assert.deepEqual(terminal.exits, [1]);
  assert.equal(await running, 0);
});

Deno.test("run --shadow keeps to a database of its own", async () => {
  using scratch = new Scratch();
  const { database, args, terminal } = await setUp(scratch);
  const running = main(["run", "--shadow", ...args], terminal);
  await waitUntil(() => {
    try {
      return sourcesOf(shadowPath(database)).length === 1;
    } catch {
      return false;
    }
  }, "the shadow's database");
  terminal.signal();
  assert.equal(await running, 0);
  assert.throws(() => Deno.statSync(database), Deno.errors.NotFound);
});

Deno.test("shadowPath() puts the suffix before the ending of the name", () => {
  assert.equal(shadowPath("/data/meshtastic.db"), "/data/meshtastic.shadow.db");
  assert.equal(shadowPath("meshtastic.sqlite"), "meshtastic.shadow.sqlite");
  assert.equal(shadowPath("/data.d/meshtastic"), "/data.d/meshtastic.shadow.db");
  assert.equal(shadowPath("/data/.db"), "/data/.db.shadow.db");
});

Deno.test("demo says at its end what is in the database, and begins anew the next time", async () => {
  using scratch = new Scratch();
  const folder = scratch.file("demo");
  for (let i = 0; i < 2; i++) {
    const terminal = new FakeTerminal();
    const args = ["demo", "--seconds", "1", "--rate", "50", "--folder", folder];
    assert.equal(await main(args, terminal), 0);
    assert.match(terminal.out, /Ends after 1 s\./);
    assert.match(terminal.out, /^ +[1-9]\d* {2}packets$/m);
  }
});

Deno.test("demo ends by the clock, however far it is behind the rate that it was given", async () => {
  using scratch = new Scratch("demo");
  const terminal = new FakeTerminal();
  const began = performance.now();
  const args = ["demo", "--seconds", "1", "--rate", "20000", "--folder", scratch.file("demo")];
  assert.equal(await main(args, terminal), 0, terminal.err);
  const seconds = (performance.now() - began) / 1000;
  // Opening databases, and storing what is on its way at the end, take time, too.
  assert.ok(seconds >= 1 && seconds < 10, `${seconds} s`);
  assert.match(terminal.out, /[1-9]\d* {2}packets$/m);
});

Deno.test("demo leaves a database alone that a service made", async () => {
  using scratch = new Scratch();
  const { args, answers, database, terminal } = await setUp(scratch);
  const running = main(["run", ...args], terminal);
  await answers("/readyz");
  terminal.signal();
  await running;
  const demo = new FakeTerminal();
  assert.equal(await main(["demo", "--seconds", "0", "--folder", scratch.path], demo), 2);
  assert.match(demo.err, /was not made by a demo/);
  assert.equal(sourcesOf(database).length, 1);
});
