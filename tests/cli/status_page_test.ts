import assert from "node:assert/strict";
import { silentLog } from "../../src/capture/log.ts";
import { noObserver } from "../../src/capture/observer.ts";
import { DatabaseWatch } from "../../src/cli/database_watch.ts";
import { NetworkRuntime } from "../../src/cli/network_runtime.ts";
import { StatusPage } from "../../src/cli/status_page.ts";
import { HealthRegistry } from "../../src/observe/health.ts";
import { createHandler } from "../../src/observe/http_handler.ts";
import { Metrics } from "../../src/observe/metrics.ts";
import { MetricsObserver } from "../../src/observe/metrics_observer.ts";
import type { StatusAnswer } from "../../src/observe/page_api.ts";
import { loadOk } from "../config/load_helper.ts";
import { FakeNetwork } from "../helpers/fake_network.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

const never = () => new Promise<never>(() => {});

/** A page over one network, and what looks after its database. */
function setUp() {
  const clock = new ManualClock(Date.UTC(2026, 10, 22, 12));
  const { config } = loadOk();
  const { descriptor, ...network } = new FakeNetwork();
  const health = new HealthRegistry({ clock });
  const metrics = new Metrics({ prefix: "meshcapture_", version: "1", clock });
  const runtime = new NetworkRuntime({
    descriptor,
    section: {},
    config,
    readFile: () => assert.fail("no file is named"),
    path: "x.db",
    clock,
    log: silentLog,
    observer: noObserver,
    storeHealth: health.component("store:meshtastic"),
    queueHealth: health.component("queue:meshtastic"),
  });
  const watch = new DatabaseWatch({ clock, log: () => silentLog, metrics, integrityHours: 0 });
  const networks = [{ name: descriptor.name, ...descriptor.labels }];
  watch.add("meshtastic", runtime, new MetricsObserver(metrics, { clock, sources: [], networks }));
  const page = new StatusPage({
    config,
    networks: [descriptor],
    clock,
    health,
    metrics,
    stats: (name) => watch.stats(name),
  });
  page.addNetwork(descriptor, runtime);
  const handler = createHandler(page.routes, silentLog);
  const ask = (path: string) =>
    handler(new Request(`http://localhost${path}`, { headers: { host: "localhost" } }), {
      hostname: "127.0.0.1",
    });
  return { clock, network, runtime, watch, page, ask };
}

Deno.test("StatusPage answers while the storage thread is busy, with what that said last", async () => {
  const { clock, network, runtime, watch, page, ask } = setUp();
  using _ = page;
  const stop = new AbortController();
  const database = async () => {
    const answer = await ask("/api/status");
    return (await answer.json() as StatusAnswer).networks[0]!.database;
  };
  assert.deepEqual(await database(), { path: "x.db" }, "nothing is known before it is open");
  await runtime.start(stop.signal);
  watch.opened("meshtastic", runtime, stop.signal);
  await clock.advance(0);
  const known = { path: "x.db", bytes: 4096, walBytes: 32, freeBytes: 0, pendingJobs: [] };
  assert.deepEqual(await database(), known);

  network.stores[0]!.stats = never;
  await clock.advance(60_000);
  watch.review();
  assert.deepEqual(await database(), known);
  const feed = (await ask("/api/events")).body!.pipeThrough(new TextDecoderStream()).getReader();
  let told = "";
  while (!told.includes("event: status")) told += (await feed.read()).value;
  assert.match(told, /"walBytes":32/);
  page.review();
  // Its log only fills up to where it is emptied: that is no growth.
  assert.deepEqual(runtime.store.samples.waiting.map((one) => one.databaseBytes), [4096]);
  stop.abort();
  await runtime.pipeline.drain();
});
