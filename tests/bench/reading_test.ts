import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { fileSystemOf } from "../../bench/machine.ts";
import { metricSum } from "../../bench/metrics_text.ts";
import { parseProcessFigures } from "../../bench/process_figures.ts";
import { decodeTraffic, encodeTraffic } from "../../bench/traffic_file.ts";
import { readAt, walPages } from "../../bench/wal_pages.ts";
import { Scratch } from "../helpers/scratch.ts";

Deno.test("parseProcessFigures() reads a program whose name holds parentheses", () => {
  const stat = "42 (a) b) S 1 1 1 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 9 0";
  const status = "Name:\ta) b\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n";
  const io = "rchar: 1\nwchar: 2\nread_bytes: 3\nwrite_bytes: 4096\ncancelled_write_bytes: 5\n";
  assert.deepEqual(parseProcessFigures(`${stat}\n${status}${io}`), {
    cpuSeconds: 2,
    rssBytes: 1024 * 1024,
    peakRssBytes: 2048 * 1024,
    writtenBytes: 4096,
  });
  // A process that is ending has no memory any more: that is no figure of 0.
  assert.throws(() => parseProcessFigures(`${stat}\n${io}`));
});

Deno.test("metricSum() adds the series of one metric and of no other", () => {
  const text = [
    "# HELP stored Packets.",
    'stored{network="a",ok="true"} 2',
    'stored{network="b",ok="false"} 3',
    'stored_again{network="a"} 100',
    "up 1",
  ].join("\n");
  assert.equal(metricSum(text, "stored"), 5);
  assert.equal(metricSum(text, "stored", /network="b"/), 3);
  assert.equal(metricSum(text, "up"), 1);
  assert.equal(metricSum(text, "gone"), 0);
});

Deno.test("fileSystemOf() takes the mount that lies nearest", () => {
  const mounts = "/dev/a / ext4 rw 0 0\ntmpfs /data tmpfs rw 0 0\n/dev/b /data/deep btrfs rw 0 0\n";
  assert.equal(fileSystemOf("/data/deep/x", mounts), "btrfs");
  assert.equal(fileSystemOf("/data/deeper", mounts), "tmpfs");
  assert.equal(fileSystemOf("/home", mounts), "ext4");
});

Deno.test("decodeTraffic() gives back what encodeTraffic() was given", () => {
  const messages = [
    { topic: "msh/ü", payload: new Uint8Array() },
    { topic: "", payload: Uint8Array.of(1, 2, 3) },
  ];
  assert.deepEqual(decodeTraffic(encodeTraffic(messages)), messages);
});

Deno.test("walPages() names the pages that transactions wrote, each time", () => {
  using scratch = new Scratch("wal");
  const path = scratch.file("x.db");
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (x)");
  db.exec("INSERT INTO t VALUES (1)");
  db.exec("INSERT INTO t VALUES (2)");
  const root = Number(db.prepare("SELECT rootpage FROM sqlite_master").get()!["rootpage"]);
  const pages = read(`${path}-wal`);
  assert.deepEqual(pages.slice(-2), [root, root]);
  // After a checkpoint the log begins anew; what is left of the old one does not count.
  db.exec("PRAGMA wal_checkpoint(PASSIVE)");
  db.exec("INSERT INTO t VALUES (3)");
  assert.deepEqual(read(`${path}-wal`), [root]);
  db.close();
});

function read(path: string): number[] {
  const file = Deno.openSync(path);
  try {
    return walPages(readAt(file));
  } finally {
    file.close();
  }
}
