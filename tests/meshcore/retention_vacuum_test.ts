import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { retentionJobs } from "../../src/meshcore/retention_jobs.ts";
import { freePages } from "../../src/storage/maintenance.ts";
import { Scratch } from "../helpers/scratch.ts";
import { KEEP_FOR_EVER } from "./test_store.ts";

/** A database of about two thousand free pages. */
function withFreePages(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA page_size = 512; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
    CREATE TABLE t (a);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
      INSERT INTO t SELECT randomblob(450) FROM n;
    DELETE FROM t`);
  return db;
}

function nodesJob(db: DatabaseSync, vacuumPages: number) {
  return retentionJobs(db, KEEP_FOR_EVER, vacuumPages, {
    packetsDeleted() {},
    edgesDeleted() {},
  })[0]!;
}

Deno.test("the hourly retention gives as many pages back as it may, in slices", () => {
  using scratch = new Scratch();
  const db = withFreePages(scratch.file("a.db"));
  const before = freePages(db);
  assert.ok(before > 1_500, `${before}`);
  const job = nodesJob(db, 1_000);
  for (const run of [1, 2]) {
    const left: number[] = [freePages(db)];
    do left.push(freePages(db)); while (job.step(0, 1) === "more");
    left.push(freePages(db));
    const slices = left.slice(1).map((pages, at) => left[at]! - pages);
    assert.ok(Math.max(...slices) <= 256, `run ${run}: ${slices}`);
    assert.equal(freePages(db), Math.max(0, before - run * 1_000));
  }
  db.close();
});

Deno.test("the hourly retention gives no pages back where none are to be", () => {
  using scratch = new Scratch();
  const db = withFreePages(scratch.file("a.db"));
  const before = freePages(db);
  const job = nodesJob(db, 0);
  while (job.step(40, 1) === "more");
  assert.equal(freePages(db), before);
  db.close();
});
