import assert from "node:assert/strict";
import { silentLog } from "../../src/capture/log.ts";
import { StorageError } from "../../src/capture/network.ts";
import { noObserver } from "../../src/capture/observer.ts";
import { CaptureQueue } from "../../src/capture/queue.ts";
import { SourceRuntime, type SourceRuntimeParts } from "../../src/cli/source_runtime.ts";
import { EmbeddedBrokers } from "../../src/mqtt/embedded_brokers.ts";
import type {
  Source,
  SourceParts,
  SourceProblem,
  SourceStatus,
} from "../../src/mqtt/source_types.ts";
import { HealthRegistry } from "../../src/observe/health.ts";
import { message } from "../helpers/deliveries.ts";
import { FakeStore } from "../helpers/fake_network.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

const T0 = 1_760_000_000_000;

/** A source that is as a test says. */
class FakeSource implements Source {
  readonly name = "home";
  started = 0;
  disposed = 0;
  stopped = false;
  startFailure: Error | undefined;
  state: Partial<SourceStatus> = {};

  constructor(readonly parts: SourceParts) {}

  async start(): Promise<void> {
    this.started++;
    if (this.startFailure !== undefined) throw this.startFailure;
  }

  stopReading(): void {
    this.stopped = true;
  }

  forceReconnect(): void {}

  status(): SourceStatus {
    return {
      name: "home",
      url: "mqtt://broker",
      connected: false,
      subscribed: false,
      since: 0,
      reconnects: 0,
      failures: 0,
      delivered: { qos0: 0, qos1: 0 },
      duplicates: 0,
      retainedSkipped: 0,
      overflowed: 0,
      withheldAcks: 0,
      paused: false,
      ...this.state,
    };
  }

  /** Sets the state and tells of it, as a source does. */
  become(state: Partial<SourceStatus>): void {
    this.state = state;
    this.parts.events?.onStateChange?.(this.status());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed++;
  }
}

function setUp(
  over: { config?: Partial<SourceRuntimeParts["config"]>; startFailures?: (Error | undefined)[] } =
    {},
) {
  const clock = new ManualClock(T0);
  const health = new HealthRegistry({ clock });
  const store = new FakeStore();
  const queue = new CaptureQueue({ maxMessages: 100, maxBytes: 1e6 }, clock);
  const sources: FakeSource[] = [];
  const former: unknown[] = [];
  const startFailures = [...over.startFailures ?? []];
  const told: string[] = [];
  const runtime = new SourceRuntime({
    config: {
      name: "home",
      url: "mqtt://broker",
      network: "meshtastic",
      topics: ["msh/EU/#"],
      qos: 1,
      protocol: "auto",
      keepalive_seconds: 60,
      reconnect: { min_ms: 1000, max_ms: 4000 },
      tls: { verify: true },
      broker: {
        allow_anonymous: false,
        max_clients: 100,
        max_packet_bytes: 1_048_576,
        max_messages_per_second: 1000,
      },
      auth: { lifetime_minutes: 60, reconnect_before_expiry: false },
      ...over.config,
    },
    network: { store: store as never, queue, receipts: clock },
    clock,
    log: silentLog,
    observer: {
      ...noObserver,
      sourceUp: (_source, up) => told.push(up ? "up" : "down"),
      sourceReconnect: () => told.push("reconnect"),
      duplicate: () => told.push("duplicate"),
      captureGap: (_source, reason) => told.push(`gap ${reason}`),
    },
    health: health.component("source:home"),
    shadow: false,
    brokers: new EmbeddedBrokers(silentLog),
    createSource: (_config, clientId, parts, options) => {
      assert.equal(clientId, "mc-1");
      former.push(options.formerTopics);
      const source = new FakeSource(parts);
      source.startFailure = startFailures.shift();
      sources.push(source);
      return source;
    },
  });
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1000);
      runtime.review();
    }
  };
  const stop = new AbortController();
  return { clock, health, store, queue, sources, former, told, runtime, pass, stop };
}

const refused: SourceProblem = { reason: "subscription_refused", detail: "no, not msh/EU/#" };
const up = { connected: true, subscribed: true };

Deno.test("SourceRuntime: a refused subscription is red until it is granted, then green", async () => {
  const { health, sources, runtime, pass, stop, told } = setUp();
  await runtime.start(stop.signal);
  sources[0]!.become({ connected: true, problem: refused });
  await pass(60);
  assert.deepEqual(health.report().reasons, [
    "source:home: subscription_refused (no, not msh/EU/#)",
  ]);
  sources[0]!.become(up);
  assert.equal(health.healthy, true);
  assert.deepEqual(told, ["up"]);
});

Deno.test("SourceRuntime: a problem beside a connection that is up turns red, too", async () => {
  const { health, sources, runtime, pass, stop } = setUp();
  await runtime.start(stop.signal);
  sources[0]!.become({ ...up, problem: { reason: "taken_over", detail: "a rival" } });
  await pass(11);
  assert.deepEqual(health.report().reasons, ["source:home: taken_over (a rival)"]);
});

Deno.test("SourceRuntime: trouble that changes its face is one trouble, and only the last is shown", async () => {
  const { health, sources, runtime, pass, stop } = setUp();
  await runtime.start(stop.signal);
  for (let i = 0; i < 3; i++) {
    sources[0]!.become({ problem: { reason: "unreachable", detail: "refused" } });
    await pass(2);
    sources[0]!.become({ problem: { reason: "tls", detail: "expired" } });
    await pass(2);
  }
  assert.deepEqual(health.report().reasons, ["source:home: tls (expired)"]);
});

Deno.test("SourceRuntime says on health, from the start on, that a certificate is not verified", () => {
  const tls = { verify: false };
  const note = (config: Partial<SourceRuntimeParts["config"]>, found?: string) => {
    const { health, runtime } = setUp({ config });
    if (found !== undefined) runtime.note(found);
    return health.report().components["source:home"]!.note;
  };
  assert.match(note({ tls, url: "mqtts://b" })!, /^tls\.verify is false: anybody on the way can/);
  assert.match(note({ tls, url: "wss://b" }, "watchdog: silent")!, /traffic; watchdog: silent$/);
  assert.equal(note({ tls, url: "mqtt://b" }), undefined);
  assert.equal(note({ url: "mqtts://b" }), undefined);
  assert.equal(note({ url: "mqtts://b" }, "watchdog: silent"), "watchdog: silent");
});

Deno.test("SourceRuntime takes a retained message that is kept already for no sign of life, but counts it", async () => {
  const { sources, runtime, stop, told } = setUp();
  await runtime.start(stop.signal);
  sources[0]!.become(up);
  const { onReceived } = sources[0]!.parts.events!;
  onReceived!(0, 10, "retained_known");
  onReceived!(1, 10, "retained_known");
  assert.equal(runtime.watched().receivedAt, undefined);
  assert.deepEqual(told, ["up", "duplicate"]);
  onReceived!(0, 10, "offered");
  assert.equal(runtime.watched().receivedAt, 0);
});

Deno.test("SourceRuntime counts reconnects and tells changes of up", async () => {
  const { sources, runtime, stop, told } = setUp();
  await runtime.start(stop.signal);
  sources[0]!.become(up);
  sources[0]!.become({});
  sources[0]!.become({ ...up, reconnects: 2 });
  assert.deepEqual(told, ["up", "down", "up", "reconnect", "reconnect"]);
});

Deno.test("SourceRuntime tries a source that cannot be started again, red meanwhile", async () => {
  const { health, sources, runtime, pass, stop } = setUp({
    startFailures: Array.from({ length: 20 }, () => new Error("the port is taken")),
    config: { reconnect: { min_ms: 3_000_000, max_ms: 4_000_000 } },
  });
  const started = runtime.start(stop.signal);
  await pass(12);
  assert.deepEqual(health.report().reasons, ["source:home: start_failed (the port is taken)"]);
  for (let i = 0; i < 2000 && sources.length < 21; i++) await pass(100);
  await started;
  assert.equal(sources.length, 21);
  assert.ok(sources.slice(0, 20).every((one) => one.disposed === 1), "each failed one is let go");
  sources[20]!.become(up);
  assert.equal(health.healthy, true);
});

Deno.test("SourceRuntime waits for a database that cannot be read yet", async () => {
  const { health, store, sources, runtime, pass, stop } = setUp();
  store.failure = new StorageError("locked", "locked", true);
  const started = runtime.start(stop.signal);
  await pass(12);
  assert.deepEqual(health.report().reasons, ["source:home: store (locked)"]);
  assert.equal(sources.length, 0);
  store.failure = undefined;
  await pass(2);
  await started;
  sources[0]!.become(up);
  assert.equal(health.healthy, true);
});

Deno.test("SourceRuntime connects no more when it is stopped while it loads", async () => {
  const { store, sources, runtime, pass, stop } = setUp();
  store.failure = new StorageError("locked", "locked", true);
  const started = runtime.start(stop.signal);
  started.catch(() => {});
  await pass(1);
  store.failure = undefined;
  stop.abort(new Error("shutting down"));
  await assert.rejects(started, /shutting down/);
  assert.equal(sources.length, 0);
});

Deno.test("SourceRuntime notes once a minute that it listens, and it is no batch", async () => {
  const { store, sources, runtime, pass, stop } = setUp();
  await runtime.start(stop.signal);
  sources[0]!.become(up);
  await pass(121);
  const heard = store.commits.filter((one) => one.context.heardUntil.length > 0);
  assert.deepEqual(heard.map((one) => one.context.heardUntil), [
    [["home", T0]],
    [["home", T0 + 60_000]],
    [["home", T0 + 120_000]],
  ]);
  assert.ok(heard.every((one) => one.records.length === 0));
});

Deno.test("SourceRuntime does not note that it was heard while messages wait to be stored", async () => {
  const { store, queue, sources, runtime, pass, stop } = setUp();
  await runtime.start(stop.signal);
  sources[0]!.become(up);
  const before = store.commits.length;
  sources[0]!.parts.events!.onReceived!(0, 1, "offered");
  await pass(120);
  assert.equal(store.commits.length, before, "its own message waits");
  runtime.activity.settled();
  queue.hold(true);
  await pass(120);
  assert.equal(store.commits.length, before);
  queue.hold(false);
  // Another source's message.
  queue.offer({ message: message(), session: 1, digest: 0n, duplicate: false });
  await pass(1);
  assert.deepEqual(store.commits.at(-1)?.context.heardUntil.length, 1);
});

Deno.test("SourceRuntime gives up the filters of the last run, and forgets them when that is done", async () => {
  const { store, sources, former, runtime, pass, stop } = setUp();
  store.state = { ...store.state, topics: ["msh/US/#"] };
  await runtime.start(stop.signal);
  assert.deepEqual(former, [["msh/US/#"]]);
  const topics = () => store.commits.flatMap((one) => one.context.topics ?? []);
  assert.deepEqual(topics(), [["home", ["msh/US/#", "msh/EU/#"]]], "before it connects");
  sources[0]!.become(up);
  await pass(1);
  assert.equal(topics().length, 1);
  await pass(60);
  assert.deepEqual(topics()[1], ["home", ["msh/EU/#"]]);
});

Deno.test("SourceRuntime writes nothing before it connects when the filters are the old ones", async () => {
  const { store, runtime, stop } = setUp();
  store.state = { ...store.state, topics: ["msh/EU/#"] };
  await runtime.start(stop.signal);
  assert.equal(store.commits.length, 0);
});

Deno.test("SourceRuntime records the time since the last run, and the broker's silence as a gap", async () => {
  const { clock, store, sources, runtime, stop, told } = setUp();
  store.state = { ...store.state, heardUntil: T0 - 50_000 };
  await runtime.start(stop.signal);
  const events = sources[0]!.parts.events!;
  const connect = (sessionPresent: boolean) => {
    events.onConnected?.({ sessionPresent, at: clock.now() });
    sources[0]!.become({ ...up, since: clock.now() });
  };
  connect(false);
  await clock.advance(300_000);
  // Pings were not answered: the last sign of life is a keep-alive and a half ago.
  events.onDisconnected?.({ at: clock.now(), silent: true });
  await clock.advance(5_000);
  connect(true);
  events.onReceived?.(0, 1, "offered");
  assert.deepEqual(store.gaps.map(({ from, to, reason }) => [from - T0, to - T0, reason]), [
    [-50_000, 0, "session_lost"],
    [210_000, 305_000, "qos0"],
  ]);
  assert.deepEqual(told.filter((one) => one.startsWith("gap")), ["gap session_lost", "gap qos0"]);
});

Deno.test("SourceRuntime records the time in which the subscription was refused, at its end at the latest", async () => {
  const { clock, store, sources, runtime, stop, pass } = setUp();
  await runtime.start(stop.signal);
  const events = sources[0]!.parts.events!;
  events.onConnected?.({ sessionPresent: false, at: clock.now() });
  events.onSubscribed?.({ granted: false, at: clock.now() });
  sources[0]!.become({ connected: true, problem: refused });
  await pass(600);
  events.onSubscribed?.({ granted: true, at: clock.now() });
  sources[0]!.become(up);
  await pass(60);
  events.onSubscribed?.({ granted: false, at: clock.now() });
  sources[0]!.become({ connected: true, problem: refused });
  await pass(60);
  await runtime.stop(new AbortController().signal);
  assert.deepEqual(store.gaps.map(({ from, to, reason }) => [from - T0, to - T0, reason]), [
    [0, 600_000, "subscription_refused"],
    [660_000, 720_000, "subscription_refused"],
  ]);
});

Deno.test("SourceRuntime records a gap again that the database did not take", async () => {
  const { clock, store, sources, runtime, stop, pass } = setUp();
  store.state = { ...store.state, heardUntil: T0 - 50_000 };
  await runtime.start(stop.signal);
  store.failure = new StorageError("no space left", "disk_full", true);
  sources[0]!.parts.events!.onConnected?.({ sessionPresent: false, at: clock.now() });
  sources[0]!.become(up);
  await pass(60);
  assert.deepEqual(store.gaps, []);
  store.failure = undefined;
  await pass(1);
  assert.deepEqual(store.gaps.map(({ from, to }) => [from - T0, to - T0]), [[-50_000, 0]]);
  await pass(1);
  assert.equal(store.gaps.length, 1);
});

Deno.test("SourceRuntime adds to the gap when the clock is set soon after the start", async () => {
  const { clock, store, sources, runtime, stop, pass } = setUp();
  store.state = { ...store.state, heardUntil: T0 - 1000 };
  await runtime.start(stop.signal);
  sources[0]!.parts.events!.onConnected?.({ sessionPresent: false, at: clock.now() });
  sources[0]!.become(up);
  await pass(60);
  // Two days pass for a machine that was off.
  clock.jump(2 * 86_400_000);
  await pass(1);
  assert.deepEqual(store.gaps.map(({ from, to }) => [from - T0, to - T0]), [
    [-1000, 0],
    [61_000, 2 * 86_400_000 + 61_000],
  ]);
  await pass(3600);
  clock.jump(86_400_000);
  await pass(1);
  assert.equal(store.gaps.length, 2);
});

Deno.test("SourceRuntime tells gaps of a silent connection after the clock was ahead", async () => {
  const { clock, store, sources, runtime, stop, pass } = setUp();
  await runtime.start(stop.signal);
  const events = sources[0]!.parts.events!;
  events.onConnected?.({ sessionPresent: false, at: clock.now() });
  // The last message came while the clock was ten years ahead.
  sources[0]!.become({ ...up, since: clock.now(), lastMessageAt: clock.now() + 3e11 });
  await pass(100);
  events.onDisconnected?.({ at: clock.now(), silent: true });
  await pass(10);
  events.onConnected?.({ sessionPresent: false, at: clock.now() });
  assert.deepEqual(store.gaps.map(({ from, to }) => [from - T0, to - T0]), [[100_000, 110_000]]);
});

Deno.test("SourceRuntime keeps what may be a gap for the next run, and records it there", async () => {
  const { clock, store, sources, runtime, stop } = setUp();
  store.state = {
    ...store.state,
    heardUntil: T0 - 50_000,
    pendingGaps: [{ from: T0 - 90_000, to: T0 - 80_000 }],
  };
  await runtime.start(stop.signal);
  const events = sources[0]!.parts.events!;
  events.onConnected?.({ sessionPresent: true, at: clock.now() });
  const pending = [{ from: T0 - 90_000, to: T0 - 80_000 }, { from: T0 - 50_000, to: T0 }];
  assert.deepEqual(store.commits.at(-1)?.context.pendingGaps, [["home", pending]]);
  assert.deepEqual(store.commits.at(-1)?.context.heardUntil, [], "before we were heard later");
  sources[0]!.become({ ...up, since: clock.now() });
  assert.deepEqual(store.commits.at(-1)?.context.pendingGaps, [["home", pending]]);
  events.onReceived?.(0, 1, "offered");
  await clock.advance(0);
  assert.deepEqual(store.gaps.map(({ from }) => from - T0), [-90_000, -50_000]);
  assert.deepEqual(store.pending, [[]], "both in one transaction");
});

Deno.test("SourceRuntime records a gap once the database takes it", async () => {
  const { clock, store, sources, runtime, pass, stop } = setUp();
  store.state = { ...store.state, heardUntil: T0 - 50_000 };
  await runtime.start(stop.signal);
  store.failure = new StorageError("locked", "locked", true);
  sources[0]!.parts.events!.onConnected?.({ sessionPresent: false, at: clock.now() });
  await pass(30);
  assert.deepEqual(store.gaps, []);
  store.failure = undefined;
  await pass(2);
  assert.deepEqual(store.gaps.map(({ from, to }) => [from - T0, to - T0]), [[-50_000, 0]]);
  await runtime.stop(new AbortController().signal);
});

Deno.test("SourceRuntime records a gap when a broker continues from what it had saved", async () => {
  const { clock, store, sources, runtime, stop, told } = setUp();
  store.state = { ...store.state, heardUntil: T0 - 50_000 };
  await runtime.start(stop.signal);
  const { events, ledger } = sources[0]!.parts;
  for (let id = 1; id <= 20; id++) ledger.admit(id, BigInt(id), false);
  await ledger.connected(true);
  events!.onConnected?.({ sessionPresent: true, at: clock.now() });
  ledger.admit(12, 1000n, false);
  assert.deepEqual(store.gaps.map(({ from, to, reason }) => [from - T0, to - T0, reason]), [
    [-50_000, 0, "session_restored"],
  ]);
  assert.deepEqual(told, ["gap session_restored"]);
});

Deno.test("SourceRuntime.stop() notes when reading stopped, and does not wait for a store that is silent", async () => {
  const { clock, store, sources, runtime, stop } = setUp();
  await runtime.start(stop.signal);
  sources[0]!.become(up);
  await clock.advance(2000);
  runtime.stopReading();
  assert.equal(sources[0]!.stopped, true);
  await clock.advance(3000);
  await runtime.stop(new AbortController().signal);
  assert.deepEqual(store.commits.at(-1)?.context.heardUntil, [["home", T0 + 2000]]);

  store.silent = true;
  const late = new AbortController();
  late.abort(new Error("late"));
  await runtime.stop(late.signal);
  assert.equal(sources[0]!.disposed, 2);
});
