import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { main } from "../../src/cli/main.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";
import { Scratch } from "../helpers/scratch.ts";
import { makeMalla } from "../meshtastic/old_databases.ts";
import { TestStore } from "../meshcore/test_store.ts";

async function diff(...args: string[]) {
  const terminal = new FakeTerminal();
  const code = await main(["diff", ...args], terminal);
  return { code, out: terminal.out, err: terminal.err };
}

function makeUnrelated(path: string): string {
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('Yesterday')");
  db.close();
  return path;
}

function makeMeshcore(path: string): string {
  using _store = new TestStore(path);
  return path;
}

Deno.test("diff fails where no table of the network is on either side, for nothing was compared", async () => {
  using scratch = new Scratch("cli-diff");
  const [a, b] = [makeUnrelated(scratch.file("a.db")), scratch.file("empty.db")];
  Deno.writeTextFileSync(b, "");
  for (const args of [[a, b], [a, b, "--json"], [b, a, "--network", "meshcore"]]) {
    const { code, out, err } = await diff(...args);
    assert.deepEqual([code, out], [1, ""]);
    const title = args.includes("meshcore") ? "MeshCore" : "Meshtastic";
    assert.equal(
      err,
      `nothing was compared: neither ${args[0]} nor ${args[1]} has a table of ${title}`,
    );
  }
});

Deno.test("diff names the network whose tables are there in place of the one that it was to compare", async () => {
  using scratch = new Scratch("cli-diff");
  const [a, b] = [makeMeshcore(scratch.file("a.db")), makeMeshcore(scratch.file("b.db"))];
  const wrong = await diff(a, b);
  assert.deepEqual([wrong.code, wrong.out], [1, ""]);
  assert.match(
    wrong.err,
    /has a table of Meshtastic; those of MeshCore are there: --network meshcore$/,
  );
  const right = await diff(a, b, "--network", "meshcore");
  assert.deepEqual([right.code, right.err], [0, ""]);

  const [c, d] = [makeUnrelated(scratch.file("c.db")), scratch.file("d.db")];
  makeMalla(d, 15);
  const other = await diff(c, d, "--network", "meshcore");
  assert.equal(other.code, 1);
  assert.match(other.err, /those of Meshtastic are there: --network meshtastic$/);
});

Deno.test("diff says that a file is compared with itself", async () => {
  using scratch = new Scratch("cli-diff");
  const [a, link] = [scratch.file("a.db"), scratch.file("link.db")];
  makeMalla(a, 15);
  Deno.linkSync(a, link);
  for (const b of [a, link]) {
    const { code, err } = await diff(a, b);
    assert.deepEqual([code, err], [0, `A and B are one file, ${a}: it is compared with itself`]);
  }
});
