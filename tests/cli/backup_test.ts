import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { main } from "../../src/cli/main.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { Scratch } from "../helpers/scratch.ts";
import { symbolicLink } from "../helpers/symbolic_link.ts";

function makeDatabase(path: string, table = "packet_history"): void {
  const db = new DatabaseSync(path);
  db.exec(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY)`);
  db.close();
}

const sorted = (folder: string) => [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();

Deno.test("backup keeps as many copies as it is told, and touches no other file", async () => {
  using scratch = new Scratch();
  const clock = new ManualClock(Date.UTC(2026, 10, 22, 18, 0, 0));
  const terminal = new FakeTerminal({ clock, cwd: scratch.path });
  makeDatabase(scratch.file("m.db"));
  const folder = scratch.file("copies");
  const args = ["backup", "--network", "meshtastic", "--database", scratch.file("m.db")];
  for (let day = 0; day < 4; day++) {
    assert.equal(await main([...args, "--to", folder, "--keep", "2"], terminal), 0, terminal.err);
    if (day === 0) Deno.writeTextFileSync(`${folder}/m-notes.db`, "mine");
    await clock.advance(86_400_000);
  }
  assert.deepEqual(sorted(folder), [
    "m-20261124T180000Z.db",
    "m-20261125T180000Z.db",
    "m-notes.db",
  ]);
  assert.match(terminal.out, /m\.db → .*: 0 rows in 1 tables, \d+ bytes, verified/);
  assert.match(terminal.printed.at(-1)!, /; removed m-20261123T180000Z\.db$/);
});

Deno.test("backup keeps the copy that it has made, also with a clock that is behind", async () => {
  using scratch = new Scratch();
  makeDatabase(scratch.file("m.db"));
  const folder = scratch.file("copies");
  const args = ["backup", "--network", "meshtastic", "--database", scratch.file("m.db")];
  for (const day of ["2026-11-22", "2026-11-23", "1970-01-01"]) {
    const clock = new ManualClock(Date.parse(`${day}T00:05:00Z`));
    const terminal = new FakeTerminal({ clock, cwd: scratch.path });
    assert.equal(await main([...args, "--to", folder, "--keep", "2"], terminal), 0, terminal.err);
  }
  assert.deepEqual(sorted(folder), ["m-19700101T000500Z.db", "m-20261123T000500Z.db"]);
});

Deno.test("backup removes incomplete copies that nobody works on, of this database alone", async () => {
  using scratch = new Scratch();
  const now = Date.UTC(2026, 10, 22, 18, 0, 0);
  const clock = new ManualClock(now);
  const terminal = new FakeTerminal({ clock, cwd: scratch.path });
  makeDatabase(scratch.file("m.db"));
  const folder = scratch.file("copies");
  Deno.mkdirSync(folder);
  const leave = (name: string, hours: number) => {
    Deno.writeTextFileSync(`${folder}/${name}`, "half");
    const at = new Date(now - hours * 3_600_000);
    Deno.utimeSync(`${folder}/${name}`, at, at);
  };
  leave("m-20261121T180000Z.db.partial", 24);
  leave("m-20261121T180000Z.db.partial-journal", 24);
  leave("m-20261120T180000Z.db.partial-wal", 48);
  const others = [
    "m-20261122T050000Z.db.partial", // written to until 3 hours ago, its log
    "m-20261122T175900Z.db.partial",
    "m-meshcore-20261121T180000Z.db.partial",
    "m-notes.db.partial",
  ];
  for (const name of others) leave(name, name.includes("T1759") ? 11 : 24);
  leave("m-20261122T050000Z.db.partial-journal", 3);
  const args = ["backup", "--network", "meshtastic", "--database", scratch.file("m.db")];
  assert.equal(await main([...args, "--to", folder], terminal), 0, terminal.err);
  assert.deepEqual(
    sorted(folder),
    [...others, "m-20261122T050000Z.db.partial-journal", "m-20261122T180000Z.db"].sort(),
  );
  assert.match(terminal.err, /m-20261121T180000Z\.db\.partial: removed; a backup was interrupted/);
});

Deno.test("compact and restore leave a link to a database as it is", async () => {
  using scratch = new Scratch();
  const terminal = new FakeTerminal({ cwd: scratch.path });
  Deno.mkdirSync(scratch.file("disk"));
  makeDatabase(scratch.file("disk/m.db"));
  makeDatabase(scratch.file("then.db"));
  const linked = scratch.file("m.db");
  await symbolicLink(scratch.file("disk/m.db"), linked);
  const named = ["--network", "meshtastic", "--database", linked];
  assert.equal(await main(["compact", "--force", ...named], terminal), 0, terminal.err);
  assert.equal(
    await main(["restore", scratch.file("then.db"), ...named], terminal),
    0,
    terminal.err,
  );
  assert.ok(Deno.lstatSync(linked).isSymlink);
  Deno.removeSync(scratch.file("disk/m.db"));
  const again = ["restore", scratch.file("then.db"), ...named];
  assert.equal(await main(again, terminal), 0, terminal.err);
  assert.ok(Deno.lstatSync(linked).isSymlink && Deno.statSync(scratch.file("disk/m.db")).isFile);
  assert.match(sorted(scratch.file("disk")).join(" "), /m\.db m\.db\.before-restore-\S+/);
});

Deno.test("backup keeps copies of two databases of the same name apart", async () => {
  using scratch = new Scratch();
  const clock = new ManualClock();
  const terminal = new FakeTerminal({ clock, cwd: scratch.path });
  const set: string[] = [];
  for (const network of ["meshtastic", "meshcore"]) {
    Deno.mkdirSync(scratch.file(network));
    makeDatabase(scratch.file(`${network}/mesh.db`), network);
    set.push("--set", `${network}.database=${scratch.file(`${network}/mesh.db`)}`);
  }
  const folder = scratch.file("copies");
  const args = ["backup", ...set, "--to", folder, "--keep", "2"];
  for (let run = 0; run < 3; run++) {
    assert.equal(await main(args, terminal), 0, terminal.err);
    await clock.advance(1000);
  }
  for (const network of ["meshtastic", "meshcore"]) {
    const copies = sorted(folder).filter((name) => name.startsWith(`mesh-${network}-`));
    assert.equal(copies.length, 2);
    for (const copy of copies) {
      const db = new DatabaseSync(`${folder}/${copy}`, { readOnly: true });
      assert.equal(db.prepare("SELECT name FROM sqlite_master").get()!["name"], network);
      db.close();
    }
  }
  assert.equal(sorted(folder).length, 4);
});

Deno.test("backup overwrites no copy", async () => {
  using scratch = new Scratch();
  const clock = new ManualClock();
  const terminal = new FakeTerminal({ clock, cwd: scratch.path });
  makeDatabase(scratch.file("m.db"));
  const args = ["backup", "--network", "meshtastic", "--database", scratch.file("m.db")];
  assert.equal(await main(args, terminal), 0, terminal.err);
  assert.equal(await main(args, terminal), 1);
  assert.match(terminal.err, /m-\d{8}T\d{6}Z\.db is there already, and is not overwritten/);
});

Deno.test("backup fails, but copies the others, when a captured database is not there", async () => {
  using scratch = new Scratch();
  makeDatabase(scratch.file("t.db"));
  const source = (network: string) =>
    `sources: [{name: one, url: "mqtt://127.0.0.1", network: ${network}}]\n`;
  const databases = `meshtastic: {database: ${scratch.file("t.db")}}
meshcore: {database: ${scratch.file("gone/c.db")}}\n`;
  for (const [network, code] of [["meshcore", 1], ["meshtastic", 0]] as const) {
    const terminal = new FakeTerminal({ cwd: scratch.path });
    const config = scratch.file(`${network}.yaml`);
    Deno.writeTextFileSync(config, source(network) + databases);
    const to = scratch.file(network);
    assert.equal(await main(["backup", "--config", config, "--to", to], terminal), code);
    assert.equal(sorted(to).length, 1);
    assert.equal(/c\.db: there is no such file/.test(terminal.err), code === 1, terminal.err);
  }
});

Deno.test("backup puts its copies beside the database unless it is told", async () => {
  using scratch = new Scratch();
  const terminal = new FakeTerminal({ cwd: scratch.path });
  makeDatabase(scratch.file("m.db"));
  const args = ["backup", "--network", "meshtastic", "--database", scratch.file("m.db"), "--json"];
  assert.equal(await main(args, terminal), 0, terminal.err);
  const { target, rows } = JSON.parse(terminal.printed.at(-1)!);
  assert.match(target, /\/backups\/m-\d{8}T\d{6}Z\.db$/);
  assert.equal(rows, 0);
});

Deno.test("backup, restore and compact say what is missing", async () => {
  using scratch = new Scratch();
  const terminal = new FakeTerminal({ cwd: scratch.path });
  const missing = ["--network", "meshtastic", "--database", scratch.file("no.db")];
  assert.equal(await main(["backup", ...missing], terminal), 1);
  assert.match(terminal.err, /no\.db: there is no such file/);
  assert.equal(await main(["compact", ...missing], terminal), 1);
  assert.equal(await main(["restore", scratch.file("none.db"), ...missing], terminal), 1);
  assert.match(terminal.err, /none\.db: there is no such file/);
  assert.equal(await main(["backup", "--database", scratch.file("no.db")], terminal), 2);
  assert.match(terminal.err, /say whose it is with --network/);
  makeDatabase(scratch.file("m.db"));
  const itself = ["restore", scratch.file("m.db"), "--database", scratch.file("m.db")];
  assert.equal(await main(itself, terminal), 1);
  assert.match(terminal.err, /is the database itself/);
  assert.deepEqual(sorted(scratch.path), ["m.db"]);
});
