import assert from "node:assert/strict";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import fc from "fast-check";
import { meshtasticComparisons } from "../../src/meshtastic/diff_tables.ts";
import { diffDatabases, DiffError, type TableComparison } from "../../src/recording/diff.ts";
import { formatDiff } from "../../src/recording/format_diff.ts";
import { Scratch } from "../helpers/scratch.ts";

type Row = SQLInputValue[];

const TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, k, v, w)";
const BY_K: TableComparison[] = [{ table: "t", key: { columns: ["k"] }, ignored: ["id"] }];

function make(path: string, schema: string, table: string, rows: readonly Row[]): string {
  const db = new DatabaseSync(path);
  // Nobody needs these files after a crash.
  db.exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF");
  db.exec(schema);
  db.exec("BEGIN");
  const first = rows[0];
  if (first !== undefined) {
    const insert = db.prepare(`INSERT INTO ${table} VALUES (${first.map(() => "?").join()})`);
    for (const row of rows) insert.run(...row);
  }
  db.exec("COMMIT");
  db.close();
  return path;
}

/** Compares two tables `t` with columns k, v, w. */
async function diffRows(a: readonly Row[], b: readonly Row[], comparison = BY_K) {
  using scratch = new Scratch("diff");
  const numbered = (rows: readonly Row[]) => rows.map((row, i) => [i + 1, ...row]);
  const diff = await diffDatabases(
    make(scratch.file("a.db"), TABLE, "t", numbered(a)),
    make(scratch.file("b.db"), TABLE, "t", numbered(b)),
    comparison,
  );
  return { ...diff.tables[0]!, equal: diff.equal };
}

const ROWS: Row[] = [
  ["x", 1, "one"],
  ["y", 2.5, new Uint8Array([1, 2])],
  ["z", null, "three"],
  ["z", null, "three"],
];

Deno.test("diffDatabases() finds equal content equal when the rows are in another order", async () => {
  const diff = await diffRows(ROWS, [...ROWS].reverse());
  assert.deepEqual(
    [diff.equal, diff.rowsA, diff.rowsB, diff.same, diff.differing, diff.onlyInA, diff.onlyInB],
    [true, 4, 4, 4, 0, 0, 0],
  );
  assert.deepEqual(diff.ignored, ["id"]);
});

Deno.test("diffDatabases() shows a row that one side does not have", async () => {
  const diff = await diffRows(ROWS, ROWS.slice(1));
  assert.deepEqual([diff.equal, diff.same, diff.onlyInA, diff.onlyInB], [false, 3, 1, 0]);
  assert.deepEqual(diff.samplesOnlyInA, [{ k: '"x"' }]);
  const back = await diffRows(ROWS.slice(0, 2), ROWS);
  assert.deepEqual([back.onlyInA, back.onlyInB], [0, 2]);
  assert.deepEqual(back.samplesOnlyInB, [{ k: '"z"' }, { k: '"z"' }]);
});

Deno.test("diffDatabases() counts a row that is there twice as two rows", async () => {
  const diff = await diffRows(ROWS, ROWS.slice(0, 3));
  assert.deepEqual([diff.equal, diff.same, diff.onlyInA, diff.onlyInB], [false, 3, 1, 0]);
});

Deno.test("diffDatabases() tells by column where matched rows differ", async () => {
  const changed: Row[] = [["x", 7, "one"], ["y", 2.5, new Uint8Array([1, 3])], ...ROWS.slice(2)];
  const diff = await diffRows(ROWS, changed);
  assert.deepEqual([diff.equal, diff.same, diff.differing, diff.onlyInA], [false, 2, 2, 0]);
  assert.deepEqual(diff.columns, [
    { column: "v", differing: 1, samples: [{ row: { k: '"x"' }, a: "1", b: "7" }] },
    { column: "w", differing: 1, samples: [{ row: { k: '"y"' }, a: "x'0102'", b: "x'0103'" }] },
  ]);
});

Deno.test("diffDatabases() shows each pair of values of a column once", async () => {
  const rows = (values: number[]): Row[] => values.map((value, i) => [`k${i}`, value, ""]);
  const diff = await diffRows(rows([1, 1, 1, 2, 1]), rows([7, 7, 7, 7, 8]));
  assert.equal(diff.columns[0]!.differing, 5);
  assert.deepEqual(diff.columns[0]!.samples.map(({ row, a, b }) => [row["k"], a, b]), [
    ['"k0"', "1", "7"],
    ['"k3"', "2", "7"],
    ['"k4"', "1", "8"],
  ]);
});

Deno.test("diffDatabases() pairs the equal rows of a key before it looks for differences", async () => {
  const a: Row[] = [["z", 1, ""], ["z", 2, ""], ["z", 3, ""]];
  const b: Row[] = [["z", 3, ""], ["z", 1, ""], ["z", 9, ""]];
  const diff = await diffRows(a, b);
  assert.deepEqual([diff.same, diff.differing, diff.onlyInA, diff.onlyInB], [2, 1, 0, 0]);
  assert.deepEqual(diff.columns[0]!.samples, [{ row: { k: '"z"' }, a: "2", b: "9" }]);
});

Deno.test("diffDatabases() tells text from bytes, and takes 1 and 1.0 for the same", async () => {
  const text = await diffRows([["x", "ab", 0]], [["x", new Uint8Array([97, 98]), 0]]);
  assert.deepEqual(text.columns.map((c) => [c.column, c.samples[0]?.a, c.samples[0]?.b]), [
    ["v", '"ab"', "x'6162'"],
  ]);
  const key = await diffRows([["ab", 1, 0]], [[new Uint8Array([97, 98]), 1, 0]]);
  assert.deepEqual([key.differing, key.columns[0]?.column], [1, "k"]);
  assert.equal((await diffRows([["x", 1n, 0]], [["x", 1, 0]])).equal, true);
});

Deno.test("diffDatabases() compares integers that JavaScript cannot hold, and text that is not UTF-8", async () => {
  const big = 2n ** 60n;
  assert.equal((await diffRows([["x", big, -big]], [["x", big, -big]])).equal, true);
  assert.equal((await diffRows([["x", big, 0]], [["x", big + 1n, 0]])).differing, 1);
  using scratch = new Scratch("diff");
  const broken = (name: string, hex: string) => {
    const db = new DatabaseSync(scratch.file(name));
    db.exec(
      `${TABLE}; INSERT INTO t VALUES (1, CAST(x'ff41' AS TEXT), CAST(x'${hex}' AS TEXT), 0)`,
    );
    db.close();
    return scratch.file(name);
  };
  const diff = await diffDatabases(broken("a", "fe"), broken("b", "ff"), BY_K);
  assert.deepEqual([diff.tables[0]!.differing, diff.tables[0]!.columns[0]!.column], [1, "v"]);
});

Deno.test("diffDatabases() lists columns of one side and compares only the common ones", async () => {
  using scratch = new Scratch("diff");
  const a = make(scratch.file("a"), "CREATE TABLE t (id, k, v, mine)", "t", [[1, "x", 2, 3]]);
  const b = make(scratch.file("b"), "CREATE TABLE t (yours, v, k, id)", "t", [[9, 2, "x", 7]]);
  const { equal, tables: [table] } = await diffDatabases(a, b, BY_K);
  assert.equal(equal, true);
  assert.deepEqual([table!.columnsOnlyInA, table!.columnsOnlyInB], [["mine"], ["yours"]]);
});

Deno.test("diffDatabases() leaves out columns that it is told to ignore, key columns included", async () => {
  const two: TableComparison[] = [{
    table: "t",
    key: { columns: [], content: "k", fallback: ["w"] },
    ignored: ["id", "w", "k"],
  }];
  // The rows sort differently by w, which must not part them.
  const diff = await diffRows(
    [["x", 1, 5], ["x", 2, 4], [null, 3, 1]],
    [["x", 1, 3], ["x", 2, 9], [null, 3, 1]],
    two,
  );
  assert.deepEqual([diff.equal, diff.same, diff.ignored], [true, 3, ["id", "k", "w"]]);
});

Deno.test("diffDatabases() tells when a table is missing", async () => {
  using scratch = new Scratch("diff");
  const a = make(scratch.file("a"), TABLE, "t", [[1, "x", 1, 1], [2, "y", 1, 1]]);
  const b = make(scratch.file("b"), "CREATE TABLE u (k)", "u", []);
  const one = await diffDatabases(a, b, BY_K);
  assert.equal(one.equal, false);
  assert.deepEqual([one.tables[0]!.missingIn, one.tables[0]!.onlyInA], [["b"], 2]);
  assert.match(formatDiff(one), /^t +2 +no table /m);
});

Deno.test("diffDatabases() leaves out a table that both sides lack, and finds nothing equal where that is all", async () => {
  using scratch = new Scratch("diff");
  const a = make(scratch.file("a"), TABLE, "t", [[1, "x", 1, 1]]);
  const b = make(scratch.file("b"), "CREATE TABLE u (k)", "u", []);
  const more: TableComparison[] = [...BY_K, { table: "s", key: { columns: ["k"] }, ignored: [] }];
  const one = await diffDatabases(a, a, more);
  assert.deepEqual([one.equal, one.compared], [true, true]);
  assert.deepEqual([one.tables[1]!.equal, one.tables[1]!.missingIn], [true, ["a", "b"]]);
  const none = await diffDatabases(b, b, more);
  assert.deepEqual([none.equal, none.compared], [false, false]);
  assert.match(formatDiff(none), /\nNothing was compared: no table is on either side\.\n$/);
});

Deno.test("diffDatabases() throws a named error when a file or a key's column cannot be read", async () => {
  using scratch = new Scratch("diff");
  const a = make(scratch.file("a"), TABLE, "t", []);
  const noKey = make(scratch.file("b"), "CREATE TABLE t (v)", "t", []);
  Deno.writeTextFileSync(scratch.file("c"), "no database at all".repeat(200));
  await assert.rejects(diffDatabases(a, noKey, BY_K), (error: unknown) => {
    assert.ok(error instanceof DiffError);
    assert.match(error.message, /no column k/);
    return true;
  });
  await assert.rejects(diffDatabases(a, scratch.file("c"), BY_K), DiffError);
  await assert.rejects(diffDatabases(scratch.file("none"), a, BY_K), DiffError);
  assert.throws(() => Deno.statSync(scratch.file("none")), Deno.errors.NotFound);
});

Deno.test("diffDatabases() agrees with counting by hand on any rows", async () => {
  const cell = fc.constantFrom<SQLInputValue>(null, 0, 1, -2.5, "a", "é", "𝄞", "\uffee", "b");
  const rows = fc.array(fc.tuple(cell, cell, cell).map((cells): Row => cells), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(rows, rows, async (a, b) => {
      const diff = await diffRows(a, b);
      const tally = (of: readonly Row[], by: (row: Row) => unknown) => {
        const counts = new Map<string, number>();
        for (const row of of) {
          const key = JSON.stringify(by(row));
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        return counts;
      };
      const shared = (by: (row: Row) => unknown) => {
        const other = tally(b, by);
        return [...tally(a, by)].reduce((n, [key, m]) => n + Math.min(m, other.get(key) ?? 0), 0);
      };
      const same = shared((row) => row);
      const paired = shared((row) => row[0]);
      assert.deepEqual([diff.same, diff.differing], [same, paired - same]);
      assert.deepEqual([diff.onlyInA, diff.onlyInB], [a.length - paired, b.length - paired]);
      assert.equal(diff.equal, same === a.length && same === b.length);
      assert.deepEqual(await diffRows([...a].reverse(), [...b].reverse()), diff);
    }),
    { numRuns: 60 },
  );
});

const PACKETS = `CREATE TABLE packet_history (id INTEGER PRIMARY KEY, timestamp REAL, topic TEXT,
  from_node_id INTEGER, gateway_id TEXT, mesh_packet_id INTEGER, portnum_name TEXT,
  raw_payload BLOB, raw_service_envelope BLOB)`;

function packet(n: number, envelope = true, portnumName = "POSITION_APP"): Row {
  const bytes = new TextEncoder().encode(`envelope number ${n}`.repeat(8));
  return [
    n,
    1.76e9 + n,
    "msh/2/e/x",
    n % 50,
    "!1",
    n,
    portnumName,
    bytes.slice(0, 9),
    envelope ? bytes : null,
  ];
}

Deno.test("diffDatabases() matches Meshtastic packets by envelope and compares what was read of it", async () => {
  using scratch = new Scratch("diff");
  const rows = Array.from({ length: 20 }, (_, i) => packet(i + 1));
  const other = rows.map((row, i): Row => [
    100 - i,
    5,
    ...row.slice(2, 5),
    i === 3 ? 77 : row[5]!,
    i < 2 ? "text" : row[6]!,
    ...row.slice(7),
  ]);
  const nodes = "CREATE TABLE node_info (node_id, long_name, first_seen, last_updated)";
  const a = make(scratch.file("a"), `${PACKETS}; ${nodes}`, "packet_history", rows);
  const b = make(scratch.file("b"), `${PACKETS}; ${nodes}`, "packet_history", other);
  const diff = await diffDatabases(a, b, meshtasticComparisons());
  const [packets, info] = diff.tables;
  assert.deepEqual([packets!.same, packets!.differing, packets!.onlyInA], [17, 3, 0]);
  assert.deepEqual(packets!.columns.map((c) => [c.column, c.differing]), [
    ["mesh_packet_id", 1],
    ["portnum_name", 2],
  ]);
  assert.deepEqual([info!.equal, info!.rowsA], [true, 0]);
  const timed = await diffDatabases(a, b, meshtasticComparisons({ withTimestamps: true }));
  assert.equal(timed.tables[0]!.differing, 20);
  const ignoring = await diffDatabases(a, b, meshtasticComparisons(), {
    ignore: ["mesh_packet_id", "portnum_name"],
  });
  assert.equal(ignoring.equal, true);

  const text = formatDiff(diff);
  assert.match(text, /^packet_history +20 +20 +17 +3 +0 +0$/m);
  assert.match(text, /^portnum_name +2 +"POSITION_APP" +"text" /m);
  assert.match(text, /packet_history: not compared: id, timestamp$/m);
  assert.match(text, /The databases differ\.\n$/);
  assert.deepEqual(JSON.parse(JSON.stringify(diff)), diff);
});

Deno.test("diffDatabases() compares no wall clock of Meshtastic nodes unless asked to", async () => {
  using scratch = new Scratch("diff");
  const nodes = "CREATE TABLE node_info (node_id, long_name, first_seen, last_updated, last_heard)";
  const a = make(scratch.file("a"), `${PACKETS}; ${nodes}`, "node_info", [[1, "n", 1.5, 2.5, 2]]);
  const b = make(scratch.file("b"), `${PACKETS}; ${nodes}`, "node_info", [[1, "n", 7.5, 8.5, 8]]);
  assert.equal((await diffDatabases(a, b, meshtasticComparisons())).equal, true);
  const timed = await diffDatabases(a, b, meshtasticComparisons({ withTimestamps: true }));
  assert.deepEqual(
    timed.tables[1]!.columns.map(({ column }) => column),
    ["first_seen", "last_updated", "last_heard"],
  );
});

Deno.test("diffDatabases() matches Meshtastic packets by what was read when a side kept no envelopes", async () => {
  using scratch = new Scratch("diff");
  const full = Array.from({ length: 20 }, (_, i) => packet(i + 1));
  const bare = full.map((row): Row => [...row.slice(0, 8), null]);
  const a = make(scratch.file("a"), PACKETS, "packet_history", full);
  const b = make(scratch.file("b"), PACKETS, "packet_history", bare.slice(1));
  const one = (await diffDatabases(a, b, meshtasticComparisons())).tables[0]!;
  assert.deepEqual([one.onlyInA, one.onlyInB, one.differing], [1, 0, 19]);
  assert.deepEqual(one.columns.map((c) => [c.column, c.differing]), [["raw_service_envelope", 19]]);

  // Kept in part, on both sides: each row is matched by what it has.
  const mixed = full.map((row, i) => i % 2 ? row : bare[i]!);
  const c = make(scratch.file("c"), PACKETS, "packet_history", mixed);
  const d = make(scratch.file("d"), PACKETS, "packet_history", [...mixed].reverse());
  assert.equal((await diffDatabases(c, d, meshtasticComparisons())).equal, true);
});

Deno.test("diffDatabases() needs little memory for 100,000 rows, and finds the few that differ", async () => {
  using scratch = new Scratch("diff");
  const rows = Array.from({ length: 100_000 }, (_, i) => packet(i + 1));
  const a = make(scratch.file("a"), PACKETS, "packet_history", rows);
  rows[500] = packet(501, true, "TEXT_MESSAGE_APP");
  rows.splice(70_000, 1);
  rows.push([200_000, ...packet(9).slice(1)]);
  const b = make(
    scratch.file("b"),
    PACKETS,
    "packet_history",
    rows.reverse().map((row, i) => [i, ...row.slice(1)]),
  );
  rows.length = 0;

  let peak = 0;
  const before = Deno.memoryUsage().heapUsed;
  const diff = await diffDatabases(a, b, meshtasticComparisons().slice(0, 1), {
    onProgress: () => peak = Math.max(peak, Deno.memoryUsage().heapUsed),
  });
  const { same, differing, onlyInA, onlyInB, rowsA, rowsB } = diff.tables[0]!;
  assert.deepEqual([rowsA, rowsB], [100_000, 100_000]);
  assert.deepEqual([same, differing, onlyInA, onlyInB], [99_998, 1, 1, 1]);
  // Garbage that is not collected yet included; both sides held in memory would be far more.
  assert.ok(peak - before < 80e6, `the heap grew by ${peak - before} bytes`);
});

Deno.test("diffDatabases() gives up rows of one key beyond what it holds, and counts every one", async () => {
  const a = Array.from({ length: 5000 }, (_, i): Row => ["x", i, 0]);
  const b = Array.from({ length: 5000 }, (_, i): Row => ["x", i + 2500, 0]);
  const diff = await diffRows(a, b);
  assert.deepEqual([diff.same, diff.differing + diff.onlyInA], [2500, 2500]);
  assert.equal(diff.onlyInA, diff.onlyInB);
});

Deno.test("diffDatabases() stops when its signal is aborted, and lets go of the files", async () => {
  using scratch = new Scratch("diff");
  const rows = Array.from({ length: 60_000 }, (_, i): Row => [i, i, 0, 0]);
  const a = make(scratch.file("a"), TABLE, "t", rows);
  const stop = new AbortController();
  await assert.rejects(
    diffDatabases(a, a, BY_K, {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error("enough")),
    }),
    /enough/,
  );
  // A reader that was left behind would hold this up.
  const db = new DatabaseSync(a);
  db.exec("PRAGMA busy_timeout = 0; DROP TABLE t");
  db.close();
});

Deno.test("diffDatabases() matches rows by a derived column when row ids differ", async () => {
  using scratch = new Scratch("diff");
  const schema = "CREATE TABLE names (id INTEGER PRIMARY KEY, name);" +
    "CREATE TABLE t (id INTEGER PRIMARY KEY, name_id, v)";
  const make2 = (path: string, names: Row[], rows: Row[]) => {
    make(path, schema, "names", names);
    return make(path, "", "t", rows);
  };
  const comparison: TableComparison = {
    table: "t",
    key: { columns: ["who"] },
    derived: { who: "(SELECT name FROM names WHERE names.id = name_id)" },
    ignored: ["id", "name_id"],
  };
  const a = make2(scratch.file("a.db"), [[1, "x"], [2, "y"]], [[1, 1, "one"], [2, 2, "two"]]);
  const b = make2(scratch.file("b.db"), [[7, "y"], [9, "x"]], [[5, 7, "two"], [6, 9, "eins"]]);
  const { equal, tables } = await diffDatabases(a, b, [comparison]);
  assert.equal(equal, false);
  const [table] = tables;
  assert.deepEqual([table!.same, table!.differing, table!.onlyInA, table!.onlyInB], [1, 1, 0, 0]);
  assert.deepEqual(table!.columns, [{
    column: "v",
    differing: 1,
    samples: [{ row: { who: '"x"' }, a: '"one"', b: '"eins"' }],
  }]);
});
