import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { main } from "../../src/cli/main.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";
import { Scratch } from "../helpers/scratch.ts";

const RECORDING = new URL("../fixtures/meshtastic/meshtastic.jsonl", import.meta.url).pathname;

/** Lines of the recorded traffic, without line feeds. */
function someLines(n: number): string[] {
  return Deno.readTextFileSync(RECORDING).split("\n").slice(0, n);
}

async function replay(...args: string[]) {
  const terminal = new FakeTerminal();
  const code = await main(["replay", ...args], terminal);
  return { code, out: terminal.out, err: terminal.err };
}

Deno.test("replay fails when a line cannot be read, and stores the others", async () => {
  using scratch = new Scratch();
  const [from, database] = [scratch.file("a.jsonl"), scratch.file("a.db")];
  const lines = someLines(20);
  Deno.writeTextFileSync(
    from,
    [...lines.slice(0, 10), "garbage", ...lines.slice(10), ""].join("\n"),
  );
  const { code, out, err } = await replay(from, "--database", database);
  assert.equal(code, 1);
  assert.match(out, /^20 messages read, \d+ stored in [^]*\n1 places could not be read$/);
  assert.match(err, /a\.jsonl:11: not_json \(/);
  const json = await replay(from, "--database", scratch.file("b.db"), "--json");
  assert.equal(json.code, 1);
  assert.equal(JSON.parse(json.out).problems, 1);
});

Deno.test("replay takes a recording whose last line was cut off, says so, and nothing else with it", async () => {
  using scratch = new Scratch();
  const from = scratch.file("a.jsonl");
  const lines = someLines(21);
  const cut = [...lines.slice(0, 20), lines[20]!.slice(0, 40)];
  Deno.writeTextFileSync(from, cut.join("\n"));
  const { code, out, err } = await replay(from, "--database", scratch.file("a.db"));
  assert.equal(code, 0, err);
  assert.match(out, /^20 messages read, \d+ stored in [^]*\n1 places could not be read$/);
  assert.equal(err, `${from}:21: cut_off (the last line was cut off while it was written)`);

  Deno.writeTextFileSync(from, ["garbage", ...cut].join("\n"));
  assert.equal((await replay(from, "--database", scratch.file("b.db"))).code, 1);
});

Deno.test("replay fails when a row of a database has not kept its message", async () => {
  using scratch = new Scratch();
  const [lines, from] = [scratch.file("a.jsonl"), scratch.file("old.db")];
  Deno.writeTextFileSync(lines, someLines(20).join("\n"));
  assert.equal((await replay(lines, "--database", from)).code, 0);
  const db = new DatabaseSync(from);
  db.exec("UPDATE packet_history SET raw_service_envelope = NULL WHERE id = 3");
  db.close();
  const { code, out, err } = await replay(from, "--database", scratch.file("a.db"));
  assert.equal(code, 1);
  assert.match(out, /^1 places could not be read$/m);
  assert.match(err, /old\.db:3: no_envelope/);
});

Deno.test("replay says that a file is compressed, by whatever name, before it makes anything", async () => {
  using scratch = new Scratch();
  const bytes = new TextEncoder().encode(someLines(20).join("\n"));
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  const compressed = new Uint8Array(await new Response(packed).arrayBuffer());
  for (const [name, unpacked] of [["a.jsonl.gz", "a.jsonl"], ["b.jsonl", "b.jsonl.unpacked"]]) {
    const from = scratch.file(name!);
    Deno.writeFileSync(from, compressed);
    const { code, out, err } = await replay(from, "--database", scratch.file("a.db"));
    assert.deepEqual([code, out], [1, ""]);
    assert.equal(
      err,
      `${from} is compressed: unpack it first, gunzip < ${from} > ${scratch.file(unpacked!)}`,
    );
    Deno.removeSync(from);
  }
  assert.deepEqual([...Deno.readDirSync(scratch.path)], []);
});

Deno.test("replay says that it reads no standard input, and what to do", async () => {
  using scratch = new Scratch();
  const { code, out, err } = await replay("-", "--database", scratch.file("a.db"));
  assert.deepEqual([code, out], [2, ""]);
  assert.equal(
    err,
    "standard input is not read: write it to a file, such as with `cat > traffic.jsonl`, and name that",
  );
  assert.deepEqual([...Deno.readDirSync(scratch.path)], []);
});

Deno.test("replay says how many messages of a database are in its quarantine, for they are left out", async () => {
  using scratch = new Scratch();
  const [lines, from] = [scratch.file("a.jsonl"), scratch.file("old.db")];
  Deno.writeTextFileSync(lines, someLines(20).join("\n"));
  assert.equal((await replay(lines, "--database", from)).code, 0);
  const none = await replay(from, "--database", scratch.file("a.db"));
  assert.deepEqual([none.code, none.err], [0, ""]);
  const db = new DatabaseSync(from);
  const insert = db.prepare(`INSERT INTO capture_quarantine
    (source, topic, payload, received_at, qos, error) VALUES ('home', 't', x'00', ?, 0, 'no')`);
  for (const at of [1, 2, 3]) insert.run(at);
  db.close();
  const { code, out, err } = await replay(from, "--database", scratch.file("b.db"), "--json");
  assert.equal(code, 0);
  assert.equal(err, `${from}: 3 messages in its capture_quarantine are not replayed`);
  assert.equal(JSON.parse(out).read, JSON.parse(out).stored);
});
