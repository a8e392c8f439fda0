import assert from "node:assert/strict";
import type { Log } from "../../src/capture/log.ts";
import { silentLog } from "../../src/capture/log.ts";
import { type IngestorStats, ingestorStatsJson } from "../../src/meshcore/ingestor_stats.ts";
import { parseFileMode, replaceFile, StatsFile } from "../../src/meshcore/stats_file.ts";
import { SourceActivity } from "../../src/mqtt/source_activity.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { Scratch } from "../helpers/scratch.ts";
import { symbolicLink } from "../helpers/symbolic_link.ts";
import { waitUntil } from "../helpers/wait.ts";

const STATS: IngestorStats = {
  transmissions: 10,
  observations: 30,
  duplicateTransmissions: 20,
  nodeUpserts: 3,
  observerUpserts: 4,
  writeErrors: 0,
  signatureDrops: 1,
  commits: 7,
  backfills: { path_json: 5 },
  sources: [{
    name: "home",
    url: "mqtt://me:secret@b.example:1883",
    connected: true,
    connectedAt: 1_760_000_000_999,
    disconnectedAt: undefined,
    receivedAt: 1_760_000_010_500,
    settledAt: 1_760_000_009_500,
    connects: 1,
    disconnects: 0,
    messages: 44,
    recentMessages: 4,
    problem: "mqtt://me:secret@b.example refused",
  }],
};

const modeOf = (path: string) => Deno.lstatSync(path).mode! & 0o777;

Deno.test("ingestorStatsJson() speaks the server's words, with whole seconds and no secret", () => {
  const text = ingestorStatsJson(STATS, 1_760_000_011_999);
  assert.doesNotMatch(text, /secret/);
  assert.deepEqual(JSON.parse(text), {
    sampledAt: "2025-10-09T08:53:31Z",
    tx_inserted: 10,
    obs_inserted: 30,
    tx_dupes: 20,
    node_upserts: 3,
    observer_upserts: 4,
    write_errors: 0,
    sig_drops: 1,
    walCommits: 7,
    groupCommitFlushes: 0,
    backfillUpdates: { path_json: 5 },
    source_liveness: {
      home: { lastReceiptUnix: 1_760_000_010, lastMessageUnix: 1_760_000_009 },
    },
    source_statuses: [{
      name: "home",
      broker: "mqtt://b.example:1883",
      connected: true,
      lastConnectUnix: 1_760_000_000,
      lastDisconnectUnix: 0,
      lastPacketUnix: 1_760_000_010,
      connectCount: 1,
      disconnectCount: 0,
      packetsTotal: 44,
      packetsLast5m: 4,
      lastError: "mqtt://b.example refused",
    }],
  });
});

Deno.test("ingestorStatsJson() has what is measured, and nothing that the server cannot read", () => {
  const json = JSON.parse(ingestorStatsJson({
    ...STATS,
    commits: 2.7,
    transmissions: NaN,
    backfills: { path_json: Infinity },
    watchdogAt: 1_760_000_001_500,
  }, 1_760_000_000_000));
  assert.equal(json.walCommits, 2);
  assert.equal(json.tx_inserted, 0);
  assert.deepEqual(json.backfillUpdates, { path_json: 0 });
  assert.equal(json.watchdogLastTickUnix, 1_760_000_001);
  assert.ok(!("procIO" in json) && !("writer_perf" in json));
});

Deno.test("StatsFile writes at once and every second, mode 0600, and ends", async () => {
  using scratch = new Scratch("stats");
  const path = scratch.file("stats.json");
  const clock = new ManualClock();
  let commits = 0;
  const snapshot = () => ({ ...STATS, commits: ++commits });
  const written = () => {
    try {
      return JSON.parse(Deno.readTextFileSync(path)).walCommits as number;
    } catch {
      return 0;
    }
  };
  {
    await using file = new StatsFile({ path, clock, log: silentLog, snapshot });
    file.start();
    await waitUntil(() => written() === 1 && clock.armed === 1, "a write");
    assert.equal(modeOf(path), 0o600);
    await clock.advance(999);
    assert.equal(written(), 1);
    await clock.advance(1);
    await waitUntil(() => written() === 2 && clock.armed === 1, "a write");
  }
  assert.equal(clock.armed, 0);
  assert.deepEqual([...Deno.readDirSync(scratch.path)].map((one) => one.name), ["stats.json"]);
});

Deno.test("replaceFile() replaces a planted symbolic link and never follows it", async () => {
  using scratch = new Scratch("stats");
  const [path, victim] = [scratch.file("stats.json"), scratch.file("victim")];
  Deno.writeTextFileSync(victim, "precious");
  Deno.chmodSync(victim, 0o640);
  await symbolicLink(victim, path);
  await replaceFile(path, "{}", 0o600);
  assert.equal(Deno.readTextFileSync(victim), "precious");
  assert.equal(modeOf(victim), 0o640);
  assert.ok(Deno.lstatSync(path).isFile);
  assert.equal(Deno.readTextFileSync(path), "{}");
});

Deno.test("replaceFile() gives the file exactly the permissions that are configured", async () => {
  using scratch = new Scratch("stats");
  for (const text of ["0600", "640", "0644", "0666"]) {
    await replaceFile(scratch.file(text), "{}", parseFileMode(text));
    assert.equal(modeOf(scratch.file(text)), parseInt(text, 8), text);
  }
});

Deno.test("StatsFile warns once when it cannot write, leaves nothing behind and recovers", async () => {
  using scratch = new Scratch("stats");
  const folder = scratch.file("later");
  const clock = new ManualClock();
  const lines: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (message) => lines.push(`warn ${message}`),
    info: (message) => lines.push(`info ${message}`),
  };
  await using file = new StatsFile({ path: `${folder}/s.json`, clock, log, snapshot: () => STATS });
  file.start();
  await waitUntil(() => clock.armed === 1, "a write");
  await clock.advance(1000);
  await waitUntil(() => clock.armed === 1, "a write");
  assert.deepEqual(lines, ["warn the statistics file cannot be written"]);
  Deno.mkdirSync(folder);
  await clock.advance(1000);
  await waitUntil(() => clock.armed === 1, "a write");
  assert.equal(lines[1], "info the statistics file is written again");
});

Deno.test("StatsFile removes what a killed process left behind, and nothing else", async () => {
  using scratch = new Scratch("stats");
  const path = scratch.file("s.json");
  const old = `${path}.${crypto.randomUUID()}.tmp`;
  const fresh = `${path}.${crypto.randomUUID()}.tmp`;
  const foreign = scratch.file("s.json.backup.tmp");
  for (const file of [old, fresh, foreign]) Deno.writeTextFileSync(file, "x");
  const clock = new ManualClock(Date.now());
  Deno.utimeSync(old, 0, 0);
  Deno.utimeSync(foreign, 0, 0);
  await using file = new StatsFile({ path, clock, log: silentLog, snapshot: () => STATS });
  file.start();
  await waitUntil(() => clock.armed === 1, "a write");
  const left = [...Deno.readDirSync(scratch.path)].map((one) => scratch.file(one.name)).sort();
  assert.deepEqual(left, [path, fresh, foreign].sort());
});

Deno.test("SourceActivity counts for watchdog and statistics, whatever the wall clock does", async () => {
  const clock = new ManualClock(1_000_000);
  const activity = new SourceActivity("home", "mqtt://h", clock);
  assert.equal(activity.watched(false, true).receivedAt, undefined);
  await clock.advance(1000);
  activity.connected();
  activity.received();
  await clock.advance(299_000);
  activity.received();
  assert.equal(activity.figures().recentMessages, 2);
  assert.equal(activity.figures().settledAt, undefined, "nothing is committed yet");
  activity.settled();
  clock.jump(-500_000);
  await clock.advance(1000);
  const figures = activity.figures();
  assert.deepEqual([figures.recentMessages, figures.messages, figures.connects], [1, 2, 1]);
  assert.equal(figures.settledAt, 1_300_000);
  activity.disconnected("refused");
  activity.disconnected("refused again");
  assert.equal(activity.figures().disconnects, 1);
  assert.equal(activity.figures().problem, "refused again");
  assert.deepEqual(activity.watched(true, false), {
    name: "home",
    connected: false,
    since: 301_000,
    receivedAt: 300_000,
    settledAt: 300_000,
    paused: true,
    canReconnect: false,
  });
  activity.connected();
  assert.equal(activity.figures().problem, undefined);
});
