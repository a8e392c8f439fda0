import assert from "node:assert/strict";
import { PageFigures } from "../../src/observe/page_figures.ts";

function setUp(): PageFigures {
  return new PageFigures([
    { name: "meshtastic", sources: ["home", "club"], noKeyResults: ["no_key", "pki"] },
    { name: "meshcore", sources: ["core"], noKeyResults: ["no_key"] },
  ]);
}

Deno.test("PageFigures counts by network, source and reason", () => {
  const figures = setUp();
  figures.received("home", 0);
  figures.received("home", 1);
  figures.received("nobody", 1);
  figures.dropped("meshtastic", "home", "oversized");
  figures.dropped("meshtastic", "home", "oversized");
  figures.duplicate("club");
  figures.decoded("meshtastic", { type: "POSITION_APP", decrypt: "hash", readable: true });
  figures.committed("meshtastic", 7, { counts: {}, durationMs: 12 });
  figures.stored("meshtastic", true, 6);
  figures.stored("meshtastic", false, 1);
  figures.storeError("meshtastic", "disk_full");
  figures.quarantined("meshtastic", 2);
  figures.sourceReconnect("home");
  figures.captureGap("home", "qos0");
  assert.deepEqual(figures.totals("meshtastic"), {
    stored: 7,
    unreadable: 1,
    duplicates: 1,
    quarantined: 2,
    commits: 1,
    lastCommitRecords: 7,
    lastCommitMs: 12,
    drops: { oversized: 2 },
    decrypts: { hash: 1 },
    types: { POSITION_APP: 1 },
    storeErrors: { disk_full: 1 },
  });
  assert.deepEqual(figures.deliveries("home"), [1, 1]);
  assert.equal(figures.reconnects("home"), 1);
  assert.equal(figures.gaps("home"), 1);
  assert.equal(figures.totals("meshcore")!.stored, 0);
  assert.equal(figures.totals("other"), undefined);
});

Deno.test("PageFigures.takeMinute() gives the minute and begins another", () => {
  const figures = setUp();
  figures.received("home", 0);
  figures.received("core", 0);
  figures.decoded("meshtastic", { type: "T", decrypt: "hash", readable: true });
  figures.decoded("meshtastic", { type: "T", decrypt: "none", readable: true });
  figures.decoded("meshtastic", { type: "T", decrypt: "pki", readable: false });
  figures.committed("meshtastic", 3, { counts: {}, durationMs: 4 });
  figures.committed("meshtastic", 3, { counts: {}, durationMs: 2 });
  figures.stored("meshtastic", true, 2);
  figures.queue("meshtastic", 40);
  const end = { queued: 3, sourcesUp: 1, databaseBytes: 4096 };
  assert.deepEqual(figures.takeMinute("meshtastic", 60, end), {
    at: 60,
    received: 1,
    stored: 2,
    unreadable: 0,
    dropped: 0,
    decrypted: 1,
    noKey: 1,
    commits: 2,
    commitMsMax: 4,
    queueMax: 40,
    sourcesUp: 1,
    sources: 2,
    databaseBytes: 4096,
  });
  assert.deepEqual(figures.takeMinute("meshtastic", 120, end), {
    at: 120,
    received: 0,
    stored: 0,
    unreadable: 0,
    dropped: 0,
    decrypted: 0,
    noKey: 0,
    commits: 0,
    commitMsMax: 0,
    queueMax: 3,
    sourcesUp: 1,
    sources: 2,
    databaseBytes: 4096,
  });
  assert.equal(figures.takeMinute("other", 60, end), undefined);
});
