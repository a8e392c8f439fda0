import assert from "node:assert/strict";
import { HealthRegistry } from "../../src/observe/health.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

function setUp() {
  const clock = new ManualClock();
  const health = new HealthRegistry({ clock });
  const source = health.component("source:home");
  const store = health.component("store:meshtastic");
  return { clock, health, source, store };
}

Deno.test("HealthRegistry turns red when one trouble has lasted ten seconds", async () => {
  const { clock, health, source, store } = setUp();
  source.ok();
  store.ok();
  assert.equal(health.healthy, true);
  source.trouble("broker_away", "connection refused");
  await clock.advance(9_999);
  assert.equal(health.healthy, true);
  assert.equal(health.report().components["source:home"]?.status, "waiting");
  await clock.advance(1);
  assert.equal(health.healthy, false);
  const report = health.report();
  assert.equal(report.status, "trouble");
  assert.deepEqual(report.reasons, ["source:home: broker_away (connection refused)"]);
  assert.deepEqual(report.components["source:home"], {
    status: "trouble",
    troubles: [{
      reason: "broker_away",
      detail: "connection refused",
      since: "2025-10-09T08:53:20.000Z",
      seconds: 10,
    }],
  });
  assert.deepEqual(report.components["store:meshtastic"], { status: "ok", troubles: [] });
});

Deno.test("HealthRegistry is green again by itself", async () => {
  const { clock, health, source, store } = setUp();
  store.ok();
  source.trouble("broker_away");
  await clock.advance(20_000);
  assert.equal(health.healthy, false);
  source.ok();
  assert.equal(health.healthy, true);
  assert.deepEqual(health.report().reasons, []);
});

Deno.test("HealthRegistry counts from the beginning of a trouble that is told again", async () => {
  const { clock, health, source, store } = setUp();
  source.ok();
  for (let i = 0; i < 4; i++) {
    store.trouble("disk_full", `try ${i}`);
    await clock.advance(3_000);
  }
  assert.deepEqual(health.report().reasons, ["store:meshtastic: disk_full (try 3)"]);
});

Deno.test("HealthRegistry begins anew when the trouble has ended in between", async () => {
  const { clock, health, source, store } = setUp();
  store.ok();
  source.trouble("broker_away");
  await clock.advance(9_000);
  source.ok();
  source.trouble("broker_away");
  await clock.advance(9_000);
  assert.equal(health.healthy, true);
});

Deno.test("HealthRegistry does not take a jump of the wall clock for time that passed", () => {
  const { clock, health, source, store } = setUp();
  store.ok();
  source.trouble("broker_away");
  clock.jump(86_400_000);
  assert.equal(health.healthy, true);
});

Deno.test("HealthComponent.ok() does not end a lasting trouble; resolved() does", async () => {
  const { clock, health, source, store } = setUp();
  store.ok();
  source.trouble("subscription_refused", "msh/#", { lasting: true });
  source.ok();
  await clock.advance(10_000);
  assert.deepEqual(health.report().reasons, ["source:home: subscription_refused (msh/#)"]);
  source.resolved("subscription_refused");
  assert.equal(health.healthy, true);
});

Deno.test("HealthRegistry shows every trouble of a component", async () => {
  const { clock, health, source, store } = setUp();
  store.ok();
  source.trouble("subscription_refused", undefined, { lasting: true });
  source.trouble("client_id_taken");
  await clock.advance(10_000);
  assert.deepEqual(health.report().reasons, [
    "source:home: subscription_refused",
    "source:home: client_id_taken",
  ]);
});

Deno.test("HealthRegistry turns red when a component never reports", async () => {
  const { clock, health, store } = setUp();
  store.ok();
  await clock.advance(10_000);
  assert.deepEqual(health.report().reasons, ["source:home: starting"]);
});

Deno.test("HealthRegistry shows no user information of a URL", async () => {
  const { clock, health, source } = setUp();
  source.trouble("broker_away", "mqtt://me:secret@broker refused");
  await clock.advance(10_000);
  assert.ok(!JSON.stringify(health.report()).includes("secret"));
});

Deno.test("HealthRegistry forgets a component that is removed", async () => {
  const { clock, health, source, store } = setUp();
  store.ok();
  source.remove();
  await clock.advance(10_000);
  assert.equal(health.healthy, true);
  const second = health.component("source:home");
  source.remove();
  second.ok();
  assert.equal("source:home" in health.report().components, true);
});

Deno.test("HealthRegistry.component() refuses a name that is taken", () => {
  const { health } = setUp();
  assert.throws(() => health.component("source:home"), /declared twice/);
});

Deno.test("HealthRegistry.readiness() waits for each store to open and each source's first try", () => {
  const { health, source, store } = setUp();
  health.component("queue:meshtastic");
  assert.deepEqual(health.readiness().waiting, [
    "service: starting",
    "source:home: not tried yet",
    "store:meshtastic: not open yet",
  ]);
  health.allDeclared();
  source.trouble("broker_away");
  store.trouble("locked");
  assert.deepEqual(health.readiness(), {
    ready: false,
    waiting: ["store:meshtastic: not open yet"],
  });
  store.ok();
  assert.deepEqual(health.readiness(), { ready: true, waiting: [] });
  store.trouble("disk_full");
  assert.equal(health.readiness().ready, true, "being ready once is enough");
});

Deno.test("HealthRegistry is healthy and says so when capture is off", async () => {
  const clock = new ManualClock();
  const health = new HealthRegistry({ clock, mode: "off" });
  health.component("source:home").trouble("broker_away");
  await clock.advance(60_000);
  assert.equal(health.healthy, true);
  assert.equal(health.report().status, "ok");
  assert.match(health.report().statement ?? "", /off: nothing is captured/);
  assert.equal(health.readiness().ready, true);
});

Deno.test("trouble() that replaces another takes its beginning, and the other ends", async () => {
  const clock = new ManualClock();
  const registry = new HealthRegistry({ clock });
  const source = registry.component("source:home");
  source.trouble("unreachable", "refused");
  await clock.advance(6000);
  source.trouble("tls", "expired", { replaces: "unreachable" });
  await clock.advance(3999);
  assert.equal(registry.healthy, true);
  await clock.advance(1);
  assert.deepEqual(registry.report().reasons, ["source:home: tls (expired)"]);
  source.trouble("tls", "still", { replaces: "tls" });
  assert.deepEqual(registry.report().reasons, ["source:home: tls (still)"]);
  source.ok();
  assert.equal(registry.healthy, true);
});
