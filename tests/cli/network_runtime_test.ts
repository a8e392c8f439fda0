import assert from "node:assert/strict";
import { type LogFields, silentLog } from "../../src/capture/log.ts";
import { StorageError } from "../../src/capture/network.ts";
import { noObserver } from "../../src/capture/observer.ts";
import { NetworkRuntime, storageSettings } from "../../src/cli/network_runtime.ts";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { configSections } from "../../src/networks.ts";
import { HealthRegistry } from "../../src/observe/health.ts";
import { delivery, RecordingAcknowledger } from "../helpers/deliveries.ts";
import { FakeNetwork } from "../helpers/fake_network.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

function configWith(overrides: Record<string, string> = {}) {
  const loaded = loadConfig(configSections, {
    readFile: () => {
      throw new Deno.errors.NotFound();
    },
    cwd: ".",
    overrides,
  });
  assert.ok(!(loaded instanceof ConfigError));
  return loaded.config;
}

function setUp(
  overrides: Record<string, string> = {},
  diskFreeBytes = (_folder: string): Promise<number | undefined> => Promise.resolve(undefined),
) {
  const clock = new ManualClock();
  const network = new FakeNetwork();
  const health = new HealthRegistry({ clock });
  const depths: number[] = [];
  const failedJobs: string[] = [];
  const lines: [string, LogFields][] = [];
  const add = (message: string, fields: LogFields = {}) => void lines.push([message, fields]);
  const runtime = new NetworkRuntime({
    readFile: () => assert.fail("no file is named"),
    descriptor: network.descriptor,
    section: {},
    config: configWith(overrides),
    path: "x.db",
    diskFreeBytes,
    clock,
    log: { ...silentLog, warn: add, error: add },
    observer: {
      ...noObserver,
      queue: (_network, depth) => depths.push(depth),
      jobFailed: (_network, job) => failedJobs.push(job),
    },
    storeHealth: health.component("store:meshtastic"),
    queueHealth: health.component("queue:meshtastic"),
  });
  const reviewFor = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      runtime.review();
      await clock.advance(1000);
    }
  };
  return { clock, network, health, runtime, depths, failedJobs, lines, reviewFor };
}

const locked = () => new StorageError("another program holds it", "locked", true);

Deno.test("NetworkRuntime.start() tries a locked database again, red all the while and not ready", async () => {
  const { network, health, runtime, reviewFor } = setUp();
  network.openFailures.push(...Array.from({ length: 8 }, locked));
  const started = runtime.start(new AbortController().signal);
  await reviewFor(12);
  assert.equal(network.stores.length, 0);
  assert.deepEqual(health.report().reasons, [
    "store:meshtastic: locked (another program holds it)",
    "queue:meshtastic: starting",
  ]);
  assert.equal(health.readiness().waiting[0], "service: starting");
  assert.ok(health.readiness().waiting.includes("store:meshtastic: not open yet"));
  await reviewFor(5);
  await started;
  await reviewFor(1);
  assert.equal(health.healthy, true);
  await runtime.pipeline.drain();
});

Deno.test("NetworkRuntime.start() throws when the database is refused for good, and when it is stopped", async () => {
  const refused = setUp();
  refused.network.openFailures.push(new StorageError("not ours", "foreign_schema", false));
  await assert.rejects(refused.runtime.start(new AbortController().signal), /not ours/);

  const stopped = setUp();
  stopped.network.openFailures.push(locked());
  const stop = new AbortController();
  const started = stopped.runtime.start(stop.signal);
  started.catch(() => {});
  await stopped.clock.advance(100);
  stop.abort(new Error("shutting down"));
  await assert.rejects(started, /shutting down/);
});

Deno.test("NetworkRuntime.start() waits, red, for a refused database where the service goes on", async () => {
  const { network, health, runtime, clock } = setUp();
  const refusal = () => new StorageError("not ours", "foreign_schema", false);
  network.openFailures.push(refusal(), refusal());
  const started = runtime.start(new AbortController().signal, () => true);
  await clock.advance(20_000);
  assert.ok(health.report().reasons.includes("store:meshtastic: foreign_schema (not ours)"));
  await clock.advance(20_000);
  await started;
  assert.equal(network.stores.length, 1);
  await runtime.pipeline.drain();
});

Deno.test("NetworkRuntime.start() logs each reason once while it cannot open, and again every hour", async () => {
  const { network, runtime, clock, lines } = setUp();
  const full = new StorageError("no room", "disk_full", true);
  const failures = Array.from({ length: 2000 }, (_, i) => i === 5 ? full : locked());
  network.openFailures.push(...failures);
  const stop = new AbortController();
  const started = runtime.start(stop.signal);
  started.catch(() => {});
  for (let i = 0; i < 1900; i++) await clock.advance(2000);
  const line = "the database cannot be opened yet; trying again";
  const isLocked = { reason: "locked", error: "another program holds it" };
  assert.deepEqual(lines, [
    [line, isLocked],
    [line, { reason: "disk_full", error: "no room" }],
    [line, { ...isLocked, suppressed: 1797 }],
  ]);
  stop.abort(new Error("shutting down"));
  await assert.rejects(started, /shutting down/);
  assert.equal(clock.armed, 0);
});

Deno.test("NetworkRuntime calls a disk full that has no room for SQLite's shared memory", async () => {
  const io = () => new StorageError("x.db cannot be opened: disk I/O error", "io", true);
  const reasonsWith = async (free: number | undefined) => {
    const folders: string[] = [];
    const { network, runtime, health, reviewFor } = setUp({}, async (folder) => {
      folders.push(folder);
      return free;
    });
    network.openFailures.push(...Array.from({ length: 6 }, io));
    const started = runtime.start(new AbortController().signal);
    await reviewFor(11);
    const [reason] = health.report().reasons;
    await reviewFor(10);
    await started;
    await runtime.pipeline.drain();
    assert.equal(folders[0], ".");
    return reason;
  };
  const said = "x.db cannot be opened: disk I/O error";
  const full = `store:meshtastic: disk_full (${said}; its disk is full (4096 bytes are free))`;
  assert.equal(await reasonsWith(4096), full);
  assert.equal(await reasonsWith(1e9), `store:meshtastic: io (${said})`);
  assert.equal(await reasonsWith(undefined), `store:meshtastic: io (${said})`);
});

Deno.test("NetworkRuntime says on health what commits wait for, and takes it back", async () => {
  const { network, health, runtime } = setUp();
  await runtime.start(new AbortController().signal);
  network.tellLongStep({ what: "building index a of t", expectedMs: 61_200 });
  const note = () => health.report().components["store:meshtastic"]!.note;
  assert.equal(note(), "building index a of t; commits wait for it, about 62 s");
  network.tellLongStep(undefined);
  assert.equal(note(), undefined);
  await runtime.pipeline.drain();
});

Deno.test("NetworkRuntime counts jobs that fail, and names them on health until they succeed", async () => {
  const { network, health, runtime, failedJobs } = setUp();
  await runtime.start(new AbortController().signal);
  const note = () => health.report().components["store:meshtastic"]!.note;
  const fails = (job: string, why: string) =>
    network.failJob(job, new StorageError(`background job ${job} fails: ${why}`, "io", true));
  network.tellLongStep({ what: "building index a of t", expectedMs: 1000 });
  fails("retention", "locked");
  fails("retention", "disk full");
  fails("maintenance", "locked");
  const waits = "building index a of t; commits wait for it, about 1 s";
  const retention = "background job retention fails: disk full";
  const maintenance = "background job maintenance fails: locked";
  assert.equal(note(), `${waits}; ${retention}; ${maintenance}`);
  network.tellLongStep(undefined);
  network.endJob("indexes");
  assert.equal(note(), `${retention}; ${maintenance}`);
  network.endJob("retention");
  assert.equal(note(), maintenance);
  assert.equal(health.report().components["store:meshtastic"]!.status, "ok");
  network.killThread(new StorageError("the storage thread died", "unexpected", false));
  assert.equal(note(), undefined);
  assert.deepEqual(failedJobs, ["retention", "retention", "maintenance"]);
  await runtime.pipeline.drain();
});

Deno.test("NetworkRuntime.review() tells depth and trouble, and green again by itself", async () => {
  const { clock, network, health, runtime, depths, reviewFor } = setUp();
  await runtime.start(new AbortController().signal);
  await reviewFor(1);
  assert.equal(network.store.ticks.length, 1);
  network.store.failure = new StorageError("no space left", "disk_full", true);
  runtime.queue.offer(delivery(1, new RecordingAcknowledger()));
  runtime.review();
  assert.deepEqual(depths, [0, 1]);
  await clock.advance(1000);
  await reviewFor(11);
  assert.ok(health.report().reasons.includes("store:meshtastic: disk_full (no space left)"));
  network.store.failure = undefined;
  await reviewFor(20);
  assert.equal(network.store.commits.length, 1);
  assert.equal(health.healthy, true);
  await runtime.pipeline.drain();
});

Deno.test("NetworkRuntime.review() calls a commit that is never answered a stalled queue", async () => {
  const { network, health, runtime, reviewFor } = setUp();
  await runtime.start(new AbortController().signal);
  network.store.silent = true;
  runtime.queue.offer(delivery(1, new RecordingAcknowledger()));
  await reviewFor(15);
  assert.equal(health.healthy, true, "not yet");
  await reviewFor(10);
  assert.match(health.report().reasons.join(), /queue:meshtastic: stalled/);
  const giveUp = new AbortController();
  giveUp.abort();
  await runtime.pipeline.drain(giveUp.signal);
});

Deno.test("NetworkRuntime.review() takes a long commit interval for no stall", async () => {
  const { health, runtime, reviewFor, network } = setUp({ "storage.commit_interval_ms": "60000" });
  await runtime.start(new AbortController().signal);
  runtime.queue.offer(delivery(1, new RecordingAcknowledger()));
  await reviewFor(59);
  assert.equal(health.healthy, true);
  assert.equal(network.store.commits.length, 0);
  await reviewFor(2);
  assert.equal(network.store.commits.length, 1);
  await runtime.pipeline.drain();
});

Deno.test("NetworkRuntime opens the database anew when its thread dies, and says when it cannot", async () => {
  const { network, health, runtime, reviewFor } = setUp();
  await runtime.start(new AbortController().signal);
  network.openFailures.push(
    ...Array.from({ length: 15 }, () => new StorageError("the disk is gone", "io", true)),
  );
  network.killThread(new StorageError("the storage thread died", "unexpected", false));
  await reviewFor(13);
  assert.deepEqual(health.report().reasons, ["store:meshtastic: io (the disk is gone)"]);
  await reviewFor(5);
  assert.equal(network.stores.length, 2);
  assert.equal(health.healthy, true);
  await runtime.pipeline.drain();
});

Deno.test("storageSettings() lets no commit wait for a lock longer than two seconds", () => {
  const settings = storageSettings(configWith({ "storage.busy_timeout_ms": "30000" }).storage);
  assert.equal(settings.busyTimeoutMs, 30_000);
  assert.equal(settings.commitBusyTimeoutMs, 2_000);
});
