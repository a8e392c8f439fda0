import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { legacyArguments, main } from "../../src/cli/main.ts";
import { Reader } from "../../src/storage/reader.ts";
import { VERSION } from "../../src/version.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";
import { Scratch } from "../helpers/scratch.ts";
import { makeMalla, makeMeshpipe } from "../meshtastic/old_databases.ts";

const RECORDING = new URL("../fixtures/meshtastic/meshtastic.jsonl", import.meta.url).pathname;

/** The first `n` lines of the recorded traffic, in a file of their own. */
function someTraffic(scratch: Scratch, n: number): string {
  const path = scratch.file("traffic.jsonl");
  const lines = Deno.readTextFileSync(RECORDING).split("\n").slice(0, n);
  Deno.writeTextFileSync(path, lines.join("\n") + "\n");
  return path;
}

function count(path: string, sql: string): number {
  using reader = new Reader(path);
  return Number(Object.values(reader.query(sql)[0]!)[0]);
}

async function run(...args: string[]) {
  const terminal = new FakeTerminal();
  const code = await main(args, terminal);
  assert.ok(!terminal.err.includes("    at "), `a stack trace: ${terminal.err}`);
  return { code, terminal };
}

Deno.test("legacyArguments() takes the peers' -config for run, with one dash or two", () => {
  assert.deepEqual(legacyArguments(["-config", "a.yaml"]), ["run", "--config", "a.yaml"]);
  assert.deepEqual(legacyArguments(["--config", "a.yaml"]), ["run", "--config", "a.yaml"]);
  assert.deepEqual(legacyArguments(["-config=a.yaml"]), ["run", "--config=a.yaml"]);
  assert.deepEqual(legacyArguments(["--config=a.yaml"]), ["run", "--config=a.yaml"]);
  assert.deepEqual(legacyArguments(["check", "--config", "a"]), ["check", "--config", "a"]);
  assert.deepEqual(legacyArguments(["run", "-config", "a.json"]), ["run", "--config", "a.json"]);
  assert.deepEqual(legacyArguments(["check", "-config=a"]), ["check", "--config=a"]);
  assert.deepEqual(legacyArguments(["run", "-c", "onfig"]), ["run", "-c", "onfig"]);
  assert.deepEqual(legacyArguments([]), ["--help"]);
});

Deno.test("VERSION is that of deno.json", () => {
  const file = new URL("../../deno.json", import.meta.url);
  assert.equal(JSON.parse(Deno.readTextFileSync(file)).version, VERSION);
});

Deno.test("main() prints help and versions, with exit code 0", async () => {
  const help = await run();
  assert.equal(help.code, 0);
  assert.match(help.terminal.out, /Usage: meshcapture/);
  assert.match(
    help.terminal.out,
    /Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 differs/,
  );
  const version = await run("--version");
  assert.deepEqual([version.code, version.terminal.printed], [0, [VERSION]]);
  const versions = await run("version");
  assert.equal(versions.code, 0);
  assert.match(
    versions.terminal.out,
    /^meshcapture \S+ \(Deno \d+\.\d+\.\d+, SQLite 3\.\d+\.\d+\)$/,
  );
});

Deno.test("main() prints for every command examples that name only what there is", async () => {
  const main = (await run("--help")).terminal.out;
  const listed = [...main.matchAll(/^ {2}([a-z]+) .*\[?/gm)].map(([, name]) => name!)
    .filter((name) => name !== "meshcapture");
  assert.ok(listed.length >= 13, main);
  for (const name of [...listed, "decrypt explain"]) {
    if (name === "version" || name === "decrypt") continue;
    const { code, terminal } = await run(...name.split(" "), "--help");
    assert.equal(code, 0);
    const [, examples] = /\nExamples:\n([^]*?)\n\n/.exec(terminal.out) ?? [];
    assert.ok(examples !== undefined, `no examples: ${name}`);
    assert.match(terminal.out, /\nExit codes: 0 /);
    for (const line of examples.split("\n").filter((one) => !one.startsWith("  #"))) {
      assert.ok(line.startsWith(`  meshcapture ${name}`), line);
      for (const [, option] of line.matchAll(/ (--[a-z-]+)/g)) {
        assert.match(terminal.out, new RegExp(`^ +(-., )?${option}\\b`, "m"), `${name} ${option}`);
      }
    }
    assert.ok(terminal.out.split("\n").every((line) => line.length <= 100), terminal.out);
  }
});

for (
  const [args, message] of [
    [["fly"], /unknown command 'fly'/],
    [["run", "--wrong"], /unknown option '--wrong'/],
    [["-config"], /argument missing/],
    [["replay", "x.jsonl"], /required option '--database <path>' not specified/],
    [["diff", "a.db"], /missing required argument 'b'/],
    [["diff", "a.db", "b.db", "--network", "lora"], /Allowed choices are meshtastic/],
    [["demo", "--seconds", "soon"], /'soon' is invalid.*whole number/],
    [["demo", "--rate", "0"], /'0' is invalid.*1 or more/],
    [["check", "--set", "storage.batch_max"], /expected path=value/],
    [["check", "--set", "storage.batch_maxx=5"], /batch_max/],
    [["migrate", "--back", "corescope"], /--back corescope: unknown; known: meshpipe/],
    [["migrate", "--back", "constructor"], /--back constructor: unknown/],
    [["healthcheck", "--address", "nowhere"], /nowhere/],
  ] as const
) {
  Deno.test(`main() refuses \`${args.join(" ")}\` with exit code 2 and a reason`, async () => {
    const { code, terminal } = await run(...args);
    assert.equal(code, 2, terminal.err);
    assert.match(terminal.err, message);
  });
}

Deno.test("check --config-only prints every value with its origin, and no secret", async () => {
  using scratch = new Scratch();
  const config = scratch.file("config.yaml");
  Deno.writeTextFileSync(
    config,
    "sources:\n  - url: mqtt://broker.example\n    username: me\n    password: geheim7\n",
  );
  const terminal = new FakeTerminal({ env: { MESHCAPTURE_STORAGE_BATCH_MAX: "77" } });
  assert.equal(
    await main(
      ["check", "--config-only", "-c", config, "--set", "queue.max_messages=500"],
      terminal,
    ),
    0,
  );
  assert.match(terminal.out, /batch_max.*77.*MESHCAPTURE_STORAGE_BATCH_MAX/);
  assert.match(terminal.out, /max_messages.*500/);
  assert.ok(!terminal.out.includes("geheim7"));

  const json = new FakeTerminal();
  assert.equal(await main(["check", "--config-only", "-c", config, "--json"], json), 0);
  assert.equal(typeof JSON.parse(json.out), "object");
  assert.ok(!json.out.includes("geheim7"));
});

Deno.test("check names file, path and every problem of a configuration, with exit code 2", async () => {
  using scratch = new Scratch();
  const config = scratch.file("config.yaml");
  Deno.writeTextFileSync(config, "storage:\n  batch_max: many\nqueue:\n  max_mesages: 5\n");
  const { code, terminal } = await run("check", "-c", config);
  assert.equal(code, 2);
  assert.match(terminal.err, /storage\.batch_max/);
  assert.match(terminal.err, /max_messages/);
  assert.match(terminal.noted.at(-1)!, /cannot be used: 2 problems/);
  const missing = await run("check", "-c", scratch.file("no.yaml"));
  assert.equal(missing.code, 2);
  assert.match(missing.terminal.err, /no\.yaml/);
});

Deno.test("replay writes a recording, and the database that it wrote replays to its like", async () => {
  using scratch = new Scratch();
  const from = someTraffic(scratch, 300);
  const [a, b] = [scratch.file("a.db"), scratch.file("b.db")];
  const first = await run("replay", from, "--database", a, "--json");
  assert.equal(first.code, 0, first.terminal.err);
  const summary = JSON.parse(first.terminal.out);
  assert.equal(summary.read, 300);
  assert.equal(count(a, "SELECT count(*) FROM packet_history"), summary.stored);
  assert.ok(summary.stored > 200);

  const second = await run("replay", a, "--database", b);
  assert.equal(second.code, 0, second.terminal.err);
  assert.match(second.terminal.out, /messages read, \d+ stored in/);
  const same = await run("diff", a, a);
  assert.equal(same.code, 0);
  assert.ok(count(b, "SELECT count(*) FROM packet_history") > 200);
});

Deno.test("replay fails when it reads lines or rows, and no message among them", async () => {
  using scratch = new Scratch();
  const from = scratch.file("mosquitto.log");
  Deno.writeTextFileSync(from, "1764374400: New connection\n".repeat(30));
  const { code, terminal } = await run("replay", from, "--database", scratch.file("a.db"));
  assert.equal(code, 1);
  assert.match(terminal.out, /^0 messages read, 0 stored in .*\n30 places could not be read$/);
  assert.equal(
    terminal.noted.at(-1),
    `${from}: no line could be read as a message; a recording has one JSON object a line, with ts, topic and payload_b64`,
  );
  const json = await run("replay", from, "--database", scratch.file("b.db"), "--json");
  assert.deepEqual([json.code, JSON.parse(json.terminal.out).problems], [1, 30]);

  const stripped = scratch.file("stripped.db");
  makeMalla(stripped, 15);
  const db = new DatabaseSync(stripped);
  db.exec("UPDATE packet_history SET raw_service_envelope = NULL");
  db.close();
  const rows = await run("replay", stripped, "--database", scratch.file("c.db"));
  assert.equal(rows.code, 1);
  assert.match(rows.terminal.noted.at(-1)!, /stripped\.db: no row has kept its message, so/);

  const empty = scratch.file("empty.jsonl");
  Deno.writeTextFileSync(empty, "\n");
  const nothing = await run("replay", empty, "--database", scratch.file("d.db"));
  assert.deepEqual([nothing.code, nothing.terminal.err], [0, ""]);
});

Deno.test("replay asks for the network when all messages of a recording are dropped", async () => {
  using scratch = new Scratch();
  const line = (topic: string, payload: string) =>
    JSON.stringify({ ts: 1_764_374_400, topic, payload_b64: btoa(payload) });
  const from = scratch.file("meshcore.jsonl");
  const topic = `meshcore/SJC/${"AB".repeat(32)}/packets`;
  Deno.writeTextFileSync(from, `${line(topic, '{"raw": "00"}')}\n`.repeat(3));
  const { code, terminal } = await run("replay", from, "--database", scratch.file("a.db"));
  assert.equal(code, 0);
  assert.match(terminal.out, /3 dropped: unwanted_topic/);
  assert.equal(
    terminal.err,
    `${from}: nothing was stored, for Meshtastic has no use for any of these messages; is it another network's recording? Then name it: --network meshcore`,
  );
  const args = ["--database", scratch.file("b.db"), "--network", "meshcore"];
  const other = await run("replay", someTraffic(scratch, 20), ...args);
  assert.equal(other.code, 0);
  assert.match(other.terminal.err, /MeshCore has no use .* name it: --network meshtastic$/);
  const mixed = scratch.file("mixed.jsonl");
  Deno.writeTextFileSync(
    mixed,
    Deno.readTextFileSync(from) + Deno.readTextFileSync(someTraffic(scratch, 20)),
  );
  const some = await run("replay", mixed, "--database", scratch.file("c.db"));
  assert.deepEqual([some.code, some.terminal.err], [0, ""]);
});

Deno.test("replay refuses to write into what it reads, by whatever name", async () => {
  using scratch = new Scratch();
  const db = scratch.file("malla.db");
  makeMalla(db, 15);
  Deno.linkSync(db, scratch.file("hard.db"));
  for (const name of ["malla.db", "hard.db", "./malla.db"]) {
    const { code, terminal } = await run("replay", db, "--database", scratch.file(name));
    assert.equal(code, 2);
    assert.match(terminal.err, /cannot be replayed into itself/);
  }
  assert.equal(count(db, "SELECT count(*) FROM packet_history"), 20);
});

Deno.test("replay, diff and migrate say that a file is missing or none of theirs", async () => {
  using scratch = new Scratch();
  const [missing, out] = [scratch.file("missing.db"), scratch.file("out.db")];
  for (
    const args of [
      ["replay", missing, "--database", out],
      ["diff", missing, missing],
      ["migrate", "--database", missing],
      ["migrate", "--database", missing, "--back", "meshpipe"],
    ]
  ) {
    const { code, terminal } = await run(...args);
    assert.equal(code, 1);
    assert.equal(terminal.err, `${missing}: there is no such file`);
  }
  assert.deepEqual([...Deno.readDirSync(scratch.path)], [], "nothing was made");
  const folder = await run("replay", scratch.path, "--database", out);
  assert.deepEqual([folder.code, folder.terminal.err], [1, `${scratch.path} is not a file`]);

  const text = scratch.file("notes.txt");
  Deno.writeTextFileSync(text, "dear diary, today I did nothing at all\n".repeat(50));
  for (const args of [["migrate", "--database", text], ["diff", text, text]]) {
    const { code, terminal } = await run(...args);
    assert.equal(code, 1);
    assert.match(terminal.err, /notes\.txt/);
  }
  const into = await run("replay", someTraffic(scratch, 1), "--database", text);
  assert.equal(into.code, 1);
  assert.match(into.terminal.err, /notes\.txt/);
});

Deno.test("diff ends with exit code 3 when databases differ, and names the column", async () => {
  using scratch = new Scratch();
  const [a, b] = [scratch.file("a.db"), scratch.file("b.db")];
  makeMalla(a, 15);
  makeMalla(b, 15);
  assert.equal((await run("diff", a, b)).code, 0);
  const db = new DatabaseSync(b);
  db.exec("UPDATE node_info SET long_name = 'Berta' WHERE node_id = 16");
  db.close();
  const { code, terminal } = await run("diff", a, b);
  assert.equal(code, 3);
  assert.match(terminal.out, /long_name/);
  const json = await run("diff", a, b, "--json");
  assert.equal(json.code, 3);
  assert.equal(JSON.parse(json.terminal.out).equal, false);
});

Deno.test("migrate brings a peer's database up and loses nothing; --back gives it to meshpipe", async () => {
  using scratch = new Scratch();
  const db = scratch.file("meshpipe.db");
  makeMeshpipe(db);
  const before = count(db, "SELECT count(*) FROM packet_history");
  const port = "SELECT portnum_name FROM packet_history WHERE portnum = 1 LIMIT 1";
  const texts = () => {
    using reader = new Reader(db);
    return reader.query<{ portnum_name: string }>(port)[0]?.portnum_name;
  };
  const theirs = texts();
  const up = await run("migrate", "--database", db);
  assert.equal(up.code, 0, up.terminal.err);
  assert.match(up.terminal.out, /up to date, \d+ bytes, nothing left to do/);
  assert.equal(count(db, "SELECT count(*) FROM packet_history"), before);
  assert.equal(texts(), "TEXT_MESSAGE_APP");
  const back = await run("migrate", "--database", db, "--back", "meshpipe");
  assert.equal(back.code, 0, back.terminal.err);
  assert.match(back.terminal.out, /is meshpipe's again: \d+ packets and \d+ nodes rewritten/);
  assert.equal(texts(), theirs);
});
