import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { CheckpointPace } from "../../src/storage/checkpoint_pace.ts";
import { Scratch } from "../helpers/scratch.ts";

/** Slices until a checkpoint is due. */
function slices(pace: CheckpointPace): number {
  let n = 1;
  while (!pace.slice()) n++;
  return n;
}

Deno.test("CheckpointPace comes sooner when checkpoints take long, and later when they are short", () => {
  const pace = new CheckpointPace();
  const seen: number[] = [];
  for (const tookMs of [300, 300, 300, 300, 50, 1, 1, 1, 1, 1, 1, 1]) {
    seen.push(slices(pace));
    pace.made(tookMs);
  }
  assert.deepEqual(seen, [8, 4, 2, 2, 2, 2, 4, 8, 16, 32, 64, 64]);
});

Deno.test("CheckpointPace bounds the longest checkpoint where copying is slow", () => {
  const pace = new CheckpointPace();
  let longest = 0;
  for (let i = 0; i < 20; i++) {
    // 15 ms to copy what a slice wrote.
    const tookMs = slices(pace) * 15;
    longest = Math.max(longest, tookMs);
    pace.made(tookMs);
  }
  assert.ok(longest <= 250, `${longest}`);
});

Deno.test("a checkpoint in between leaves the log short for whoever commits", () => {
  // What CheckpointPace rests on: a passive checkpoint copies all there is and the log begins anew.
  using scratch = new Scratch();
  const db = new DatabaseSync(scratch.file("a.db"));
  try {
    db.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a)");
    const write = () => db.exec("INSERT INTO t VALUES (randomblob(100000))");
    const checkpoint = () => db.prepare("PRAGMA wal_checkpoint(PASSIVE)").get()!;
    for (let i = 0; i < 10; i++) write();
    const { log, checkpointed } = checkpoint();
    assert.ok(Number(log) > 200);
    assert.equal(log, checkpointed);
    write();
    assert.ok(Number(checkpoint()["log"]) < 50);
  } finally {
    db.close();
  }
});
