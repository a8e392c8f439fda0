/** The embedded broker: credentials, limits, and its way into the queue. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { silentLog } from "../../src/capture/log.ts";
import {
  EmbeddedBroker,
  type EmbeddedBrokerOptions,
  ListenError,
} from "../../src/mqtt/embedded_broker.ts";
import { EmbeddedSource, ledgerId } from "../../src/mqtt/embedded_source.ts";
import { MqttSource } from "../../src/mqtt/source.ts";
import { BURST_SECONDS, PublishRate } from "../../src/mqtt/publish_rate.ts";
import { RefusalLog } from "../../src/mqtt/broker_access.ts";
import { clientUrl } from "../../src/mqtt/create_source.ts";
import { EmbeddedBrokers } from "../../src/mqtt/embedded_brokers.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { freePort } from "../helpers/mosquitto.ts";
import { acknowledge, Publisher, testParts, TestSink } from "../helpers/mqtt_fakes.ts";
import { waitUntil } from "../helpers/wait.ts";

function broker(options: EmbeddedBrokerOptions = {}): EmbeddedBroker {
  return new EmbeddedBroker({ port: 0, ...options }, silentLog);
}

function source(of: EmbeddedBroker, parts = testParts()): EmbeddedSource {
  return new EmbeddedSource({ name: "embedded", topics: ["msh/#"] }, of, parts);
}

Deno.test("EmbeddedSource offers QoS 0 and acknowledges QoS 1 only after acknowledge()", async () => {
  await using embedded = broker();
  const parts = testParts();
  await using captured = source(embedded, parts);
  await captured.start();
  await using publisher = await Publisher.connect(embedded.port);
  await publisher.publish("msh/a", "zero", { qos: 0 });
  let acknowledged = false;
  const publishing = publisher.publish("msh/a", "one").then(() => acknowledged = true);
  await waitUntil(() => parts.sink.all.length === 2, "both");
  const [zero, one] = parts.sink.all;
  assert.deepEqual([zero!.message.qos, one!.message.qos], [0, 1]);
  assert.equal(zero!.acknowledger, undefined);
  assert.equal(captured.status().withheldAcks, 1);
  // A PUBACK on its way would be here before the answer to a whole new connection.
  await using _other = await Publisher.connect(embedded.port);
  assert.equal(acknowledged, false);
  acknowledge(parts.sink.take());
  await publishing;
  assert.equal(captured.status().withheldAcks, 0);
  const status = captured.status();
  assert.equal(status.connected, true);
  assert.equal(status.subscribed, true);
  assert.equal(status.url, `embedded://127.0.0.1:${embedded.port}`);
  assert.deepEqual(status.delivered, { qos0: 1, qos1: 1 });
});

for (const qos of [0, 1] as const) {
  Deno.test(`EmbeddedBroker passes on a will at QoS ${qos} that is captured, and retains it`, async () => {
    await using embedded = broker();
    const parts = testParts();
    await using captured = source(embedded, parts);
    await captured.start();
    await using subscriber = await Publisher.connect(embedded.port);
    const heard: string[] = [];
    subscriber.client.on("message", (_topic, payload) => heard.push(payload.toString()));
    await subscriber.client.subscribeAsync("msh/#", { qos: 1 });
    {
      await using radio = await Publisher.connect(embedded.port, {
        will: { topic: "msh/a", payload: "offline" as never, qos, retain: true },
      });
      radio.client.stream.destroy();
      await waitUntil(() => parts.sink.all.length === 1, "the will is captured");
      acknowledge(parts.sink.take());
    }
    await waitUntil(() => heard.length === 1, "the will is passed on");
    await using late = await Publisher.connect(embedded.port);
    late.client.on("message", (_topic, payload) => heard.push(payload.toString()));
    await late.client.subscribeAsync("msh/#", { qos: 1 });
    await waitUntil(() => heard.length === 2, "it is retained");
    assert.deepEqual(heard, ["offline", "offline"]);
  });
}

Deno.test("EmbeddedSource knows a redelivery, and no publisher by another's ids", async () => {
  await using embedded = broker();
  const parts = testParts();
  await using captured = source(embedded, parts);
  await captured.start();
  // Written by hand, for mqtt.js publishes again without DUP.
  const publish = async (dup: boolean) => {
    const socket = connect({ host: "127.0.0.1", port: embedded.port });
    let received: number[] = [];
    socket.on("data", (bytes: Uint8Array) => received.push(...bytes));
    const id = [0, 5, ..."radio"].map((c) => typeof c === "string" ? c.charCodeAt(0) : c);
    socket.write(Uint8Array.from([0x10, 17, 0, 4, 77, 81, 84, 84, 4, 0, 0, 60, ...id]));
    await waitUntil(() => received.length === 4, "CONNACK");
    received = [];
    const topic = [0, 5, ..."msh/a"].map((c) => typeof c === "string" ? c.charCodeAt(0) : c);
    socket.write(Uint8Array.from([dup ? 0x3a : 0x32, 11, ...topic, 0, 7, 1, 2]));
    return { socket, received };
  };
  const first = await publish(false);
  await waitUntil(() => parts.sink.all.length === 1, "the message");
  first.socket.destroy();
  await waitUntil(() => embedded.clients === 0, "the connection is gone");
  acknowledge(parts.sink.take());
  const again = await publish(true);
  await waitUntil(() => parts.sink.all.length === 2, "the redelivery");
  assert.equal(parts.sink.all[1]!.message.redelivered, true);
  assert.equal(parts.sink.all[1]!.duplicate, true);
  assert.deepEqual(again.received, []);
  acknowledge(parts.sink.take());
  await waitUntil(() => again.received.length === 4, "PUBACK");
  assert.deepEqual(again.received, [0x40, 2, 0, 7]);
  again.socket.destroy();
  await using second = await Publisher.connect(embedded.port, { clientId: "other radio" });
  const publishing = second.publish("msh/a", Uint8Array.of(1, 2));
  await waitUntil(() => parts.sink.all.length === 3, "the other radio's");
  assert.equal(parts.sink.all[2]!.duplicate, false);
  acknowledge(parts.sink.take());
  await publishing;
});

Deno.test("ledgerId() gives each of a publisher's identifiers an id of its own", () => {
  const ids = new Set<number>();
  for (let id = 1; id <= 65_535; id++) ids.add(ledgerId("radio", id));
  assert.equal(ids.size, 65_535);
  assert.equal(Math.min(...ids), 1);
  assert.equal(Math.max(...ids), 65_535);
  assert.notEqual(ledgerId("radio", 1), ledgerId("other radio", 1));
});

Deno.test("EmbeddedBroker passes messages on to other subscribers, once they are safe", async () => {
  await using embedded = broker();
  const parts = testParts();
  await using captured = source(embedded, parts);
  await captured.start();
  const others = testParts();
  await using subscriber = new MqttSource({
    name: "subscriber",
    url: `mqtt://127.0.0.1:${embedded.port}`,
    topics: ["#"],
    clientId: "subscriber",
  }, others);
  await subscriber.start();
  await waitUntil(() => subscriber.status().subscribed, "subscribed");
  assert.equal(subscriber.status().protocol, "3.1.1", "the broker speaks no MQTT 5");
  await using publisher = await Publisher.connect(embedded.port);
  const publishing = publisher.publish("msh/a", "ours");
  await waitUntil(() => parts.sink.all.length === 1, "the message");
  await using second = await Publisher.connect(embedded.port);
  await second.publish("elsewhere/b", "not captured");
  await waitUntil(() => others.sink.all.length === 1, "what is not captured is passed on at once");
  assert.deepEqual(others.sink.texts(), ["not captured"]);
  acknowledge(parts.sink.take());
  await publishing;
  await waitUntil(() => others.sink.all.length === 2, "and now ours");
  assert.deepEqual(others.sink.texts(), ["not captured", "ours"]);
  assert.equal(parts.sink.all.length, 1);
});

Deno.test("EmbeddedBroker keeps a subscriber's session, within its bound", async () => {
  await using embedded = broker({ maxQueued: 10 });
  await embedded.start();
  const parts = testParts();
  const options = {
    name: "subscriber",
    url: `mqtt://127.0.0.1:${embedded.port}`,
    topics: ["#"],
    clientId: "subscriber",
    protocol: "3.1.1",
  } as const;
  {
    await using subscriber = new MqttSource(options, parts);
    await subscriber.start();
    await waitUntil(() => subscriber.status().subscribed, "subscribed");
  }
  await waitUntil(() => embedded.clients === 0, "it is gone");
  await using publisher = await Publisher.connect(embedded.port);
  for (let i = 0; i < 15; i++) await publisher.publish("a", String(i));
  await waitUntil(() => embedded.dropped === 5, "the bound holds");
  await using subscriber = new MqttSource(options, parts);
  await subscriber.start();
  await waitUntil(() => parts.sink.all.length === 10, "what was kept");
  assert.deepEqual(parts.ledger.connections, [false, true]);
  assert.deepEqual(parts.sink.texts(), Array.from({ length: 10 }, (_, i) => String(i)));
});

Deno.test("EmbeddedSource takes no more than its sink wants, and loses nothing", async () => {
  await using embedded = broker();
  const parts = testParts({ sink: new TestSink(20) });
  await using captured = source(embedded, parts);
  await captured.start();
  await using publisher = await Publisher.connect(embedded.port);
  const total = 1000;
  const publishing = Promise.all(
    Array.from(
      { length: total },
      (_, i) => publisher.publish("msh/a", String(i), { qos: i % 2 === 0 ? 1 : 0 }),
    ),
  );
  await waitUntil(() => parts.sink.full, "the sink is full");
  assert.equal(parts.sink.all.length, 20);
  assert.equal(captured.status().paused, true);
  const deliveries: readonly unknown[] = parts.sink.all;
  while (deliveries.length < total) {
    acknowledge(parts.sink.take());
    await waitUntil(() => parts.sink.size > 0, "more");
  }
  acknowledge(parts.sink.take());
  await publishing;
  assert.deepEqual(parts.sink.texts(), Array.from({ length: total }, (_, i) => String(i)));
});

Deno.test("EmbeddedSource bounds what waits, and counts what is lost at QoS 0", async () => {
  const { refused, events } = counting();
  await using embedded = broker({ events });
  const parts = testParts({ sink: new TestSink(1) });
  await using captured = new EmbeddedSource(
    { name: "embedded", topics: ["msh/#"], maxWaitingBytes: 1000 },
    embedded,
    parts,
  );
  await captured.start();
  await using first = await Publisher.connect(embedded.port);
  let closed = false;
  first.client.on("close", () => closed = true);
  await first.publish("msh/a", "taken", { qos: 0 });
  await first.publish("msh/a", "w".repeat(900), { qos: 0 });
  first.publish("msh/a", "q".repeat(200), { qos: 1 }).catch(() => {});
  await waitUntil(() => closed, "there is no room for the third");
  assert.equal(captured.status().overflowed, 0, "its publisher still has it");
  await using second = await Publisher.connect(embedded.port);
  await second.publish("msh/a", "z".repeat(200), { qos: 0 });
  await waitUntil(() => captured.status().overflowed === 1, "it is lost and counted");
  parts.sink.take();
  await waitUntil(() => parts.sink.all.length === 2, "what waited");
  assert.deepEqual(parts.sink.texts(), ["taken", "w".repeat(900)]);
  assert.ok(refused.includes("no_room"), refused.join());
});

Deno.test("EmbeddedSource takes nothing more after stopReading()", async () => {
  await using embedded = broker();
  const parts = testParts();
  await using captured = source(embedded, parts);
  await captured.start();
  await using publisher = await Publisher.connect(embedded.port);
  const first = publisher.publish("msh/a", "1");
  await waitUntil(() => parts.sink.all.length === 1, "the first");
  captured.stopReading();
  publisher.publish("msh/a", "2").catch(() => {});
  acknowledge(parts.sink.take());
  await first;
  await using _other = await Publisher.connect(embedded.port);
  assert.deepEqual(parts.sink.texts(), ["1"]);
});

Deno.test("EmbeddedBroker lets in only who knows the password", async () => {
  const { refused, events } = counting();
  await using embedded = broker({
    accounts: [{ username: "radio", password: "a secret" }],
    events,
  });
  await embedded.start();
  const attempt = (username?: string, password?: string) =>
    Publisher.connect(embedded.port, {
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    });
  await assert.rejects(attempt());
  assert.deepEqual(refused, ["bad_credentials"]);
  await assert.rejects(attempt("radio", "wrong"));
  await assert.rejects(attempt("other", "a secret"));
  await using _publisher = await attempt("radio", "a secret");
  await using wrong = new MqttSource({
    name: "wrong",
    url: `mqtt://127.0.0.1:${embedded.port}`,
    topics: ["#"],
    clientId: "wrong",
    username: "radio",
    password: "wrong",
  }, testParts());
  await wrong.start();
  await waitUntil(() => wrong.status().problem?.reason === "credentials_refused", "it says so");
});

Deno.test("EmbeddedBroker listens beyond loopback only with credentials or when told so", async () => {
  await using open = broker({ host: "0.0.0.0" });
  await using captured = source(open);
  await assert.rejects(
    captured.start(),
    (error) => error instanceof ListenError && error.reason === "listen_refused",
  );
  assert.equal(captured.status().problem?.reason, "listen_refused");
  assert.equal(captured.status().connected, false);
  await using told = broker({ host: "0.0.0.0", allowAnonymous: true });
  await told.start();
  await using guarded = broker({
    host: "0.0.0.0",
    accounts: [{ username: "radio", password: "secret" }],
  });
  await guarded.start();
});

Deno.test("EmbeddedBroker says that its address is in use", async () => {
  await using first = broker();
  await first.start();
  await using second = broker({ port: first.port });
  await assert.rejects(
    second.start(),
    (error) => error instanceof ListenError && error.reason === "address_in_use",
  );
});

/** Counts what a broker says of its clients. */
function counting() {
  const refused: string[] = [];
  let slowed = 0;
  return {
    refused,
    slowed: () => slowed,
    events: {
      onRefused: (reason: string) => void refused.push(reason),
      onSlowed: () => void slowed++,
    },
  };
}

Deno.test("EmbeddedBroker turns away one client too many", async () => {
  const { refused, events } = counting();
  await using embedded = broker({ maxClients: 1, events });
  await embedded.start();
  {
    await using _first = await Publisher.connect(embedded.port);
    await assert.rejects(Publisher.connect(embedded.port));
    assert.ok(refused.length > 0 && refused.every((reason) => reason === "too_many_clients"));
  }
  await waitUntil(() => embedded.clients === 0, "the first is gone");
  await using _next = await Publisher.connect(embedded.port);
});

Deno.test("EmbeddedBroker lets a client in where others only hold places", async () => {
  const { refused, events } = counting();
  await using embedded = broker({ maxClients: 3, events });
  await embedded.start();
  await using _in = await Publisher.connect(embedded.port);
  const silent = Array.from({ length: 5 }, () => connect(embedded.port, "127.0.0.1"));
  silent.forEach((socket) => socket.on("error", () => {}));
  await waitUntil(() => refused.length === 3, "the last three take the places of others");
  assert.equal(embedded.clients, 3);
  await using _next = await Publisher.connect(embedded.port);
  await using _last = await Publisher.connect(embedded.port);
  await assert.rejects(Publisher.connect(embedded.port), "these three have logged in");
  assert.ok(refused.every((reason) => reason === "too_many_clients"));
  silent.forEach((socket) => socket.destroy());
});

Deno.test("EmbeddedBroker ends a client that sends an overlong packet", async () => {
  const { refused, events } = counting();
  await using embedded = broker({ maxPacketBytes: 1000, events });
  const parts = testParts();
  await using captured = source(embedded, parts);
  await captured.start();
  await using publisher = await Publisher.connect(embedded.port);
  let closed = false;
  publisher.client.on("close", () => closed = true);
  await publisher.publish("msh/a", new Uint8Array(900), { qos: 0 });
  await waitUntil(() => parts.sink.all.length === 1, "what fits");
  publisher.publish("msh/a", new Uint8Array(2000), { qos: 0 }).catch(() => {});
  await waitUntil(() => closed, "the connection ends");
  assert.equal(parts.sink.all.length, 1);
  assert.deepEqual(refused, ["packet_too_large"]);
});

Deno.test("EmbeddedBroker slows down who publishes too fast, and loses nothing", async () => {
  const { refused, slowed, events } = counting();
  const clock = new ManualClock();
  await using embedded = broker({ maxMessagesPerSecond: 2, clock, events });
  const parts = testParts();
  await using captured = source(embedded, parts);
  await captured.start();
  await using publisher = await Publisher.connect(embedded.port);
  const publishing = Promise.all(
    Array.from({ length: 30 }, (_, i) => publisher.publish("msh/a", String(i), { qos: 0 })),
  );
  const wait = (n: number) =>
    waitUntil(() => parts.sink.all.length + slowed() >= n, `${n} have come`);
  // Ten seconds' worth at once, then two a second.
  await wait(21);
  assert.equal(parts.sink.all.length, 20);
  await publishing;
  await waitUntil(async () => {
    await clock.advance(500);
    return parts.sink.all.length === 30;
  }, "the rest");
  assert.deepEqual(parts.sink.texts(), Array.from({ length: 30 }, (_, i) => String(i)));
  assert.deepEqual(refused, []);
  assert.ok(slowed() > 0);
});

Deno.test("PublishRate keeps the order, and its long-run rate", async () => {
  const clock = new ManualClock();
  using rate = new PublishRate(10, clock);
  const passed: number[] = [];
  let waits = 0;
  for (let i = 0; i < 150; i++) if (!rate.pass(() => passed.push(i))) waits++;
  assert.equal(passed.length, BURST_SECONDS * 10);
  assert.equal(waits, 50);
  assert.equal(rate.idle, false);
  await clock.advance(1000);
  assert.equal(passed.length, 110);
  rate.pass(() => passed.push(150));
  await clock.advance(60_000);
  assert.deepEqual(passed, Array.from({ length: 151 }, (_, i) => i));
  assert.equal(rate.idle, true);
});

Deno.test("RefusalLog warns once a minute for a reason, and counts the rest", async () => {
  const clock = new ManualClock();
  const warnings: (Record<string, unknown> | undefined)[] = [];
  const log = {
    ...silentLog,
    warn: (_text: string, fields?: Record<string, unknown>) => void warnings.push(fields),
  };
  const refusals = new RefusalLog(log, clock);
  for (let i = 0; i < 5; i++) refusals.note("too_many_clients", {});
  refusals.note("bad_credentials", {});
  assert.equal(warnings.length, 2);
  await clock.advance(61_000);
  refusals.note("too_many_clients", {});
  assert.deepEqual(warnings[2], { reason: "too_many_clients", untold: 4 });
});

Deno.test("EmbeddedBrokers let in the account of every source that shares an address", async () => {
  await using brokers = new EmbeddedBrokers(silentLog);
  const port = await freePort();
  const config = (name: string, more: Record<string, string>) => ({
    name,
    url: `embedded://127.0.0.1:${port}`,
    topics: ["msh/#"],
    qos: 1 as const,
    protocol: "auto" as const,
    keepalive_seconds: 60,
    reconnect: { min_ms: 10, max_ms: 100 },
    tls: { verify: true },
    ...more,
  });
  const first = brokers.at(config("a", { username: "a", password: "one" }));
  assert.equal(brokers.at(config("b", { username: "b", password: "two" })), first);
  assert.throws(() => brokers.at(config("c", {})), /c: .*some have a user name/);
  await first.start();
  const enter = (username: string, password: string) =>
    Publisher.connect(port, { username, password });
  await using _a = await enter("a", "one");
  await using _b = await enter("b", "two");
  await assert.rejects(enter("a", "two"));
  assert.deepEqual(brokers.clients.map(([address]) => address), [`127.0.0.1:${port}`]);
});

Deno.test("EmbeddedBroker reserves topics that begin with $", async () => {
  await using embedded = broker();
  await embedded.start();
  await using publisher = await Publisher.connect(embedded.port);
  let closed = false;
  publisher.client.on("close", () => closed = true);
  publisher.publish("$SYS/x", "x", { qos: 0 }).catch(() => {});
  await waitUntil(() => closed, "the connection ends");
});

Deno.test("EmbeddedSource.start() can be tried again when the address was in use", async () => {
  await using rival = broker();
  await rival.start();
  await using second = broker({ port: rival.port });
  await using captured = source(second);
  await assert.rejects(captured.start(), /in use/);
  assert.equal(captured.status().problem?.reason, "address_in_use");
  await rival[Symbol.asyncDispose]();
  // The address is given back in its own time.
  await waitUntil(() => captured.start().then(() => true, () => false), "the address is free");
  assert.equal(captured.status().problem, undefined);
  assert.equal(captured.status().connected, true);
});

Deno.test("EmbeddedBroker reads a stream that is cut anywhere, at both QoS", async () => {
  await using embedded = broker();
  const parts = testParts();
  await using captured = source(embedded, parts);
  await captured.start();
  const packets: number[] = [
    0x10,
    17,
    0,
    4,
    77,
    81,
    84,
    84,
    4,
    2,
    0,
    60,
    0,
    5,
    114,
    97,
    100,
    105,
    111,
  ];
  const payload = Array.from({ length: 90 }, (_, i) => i);
  for (let id = 1; id <= 400; id++) {
    const qos = id % 2;
    const retain = id % 5 === 0 ? 1 : 0;
    const topic = id % 7 === 0 ? "mshb" : "msh/a";
    const name = [0, topic.length, ...new TextEncoder().encode(topic)];
    const body = [...name, ...(qos === 1 ? [id >> 8, id & 255] : []), ...payload];
    packets.push(0x30 | qos << 1 | retain, body.length, ...body);
  }
  const wanted = 400 - Math.floor(400 / 7);
  const bytes = new Uint8Array(packets);
  const socket = connect({ host: "127.0.0.1", port: embedded.port });
  let ended = false;
  socket.on("close", () => ended = true);
  socket.setNoDelay(true);
  for (let at = 0; at < bytes.length; at += 1009) {
    await new Promise<void>((resolve) =>
      socket.write(bytes.subarray(at, at + 1009), () => resolve())
    );
  }
  await waitUntil(() => {
    acknowledge(parts.sink.take());
    return parts.sink.all.length === wanted || ended;
  }, "all of them");
  assert.equal(parts.sink.all.length, wanted);
  assert.ok(parts.sink.all.every(({ message }) => message.payload.length === 90));
  socket.destroy();
});

Deno.test("clientUrl() leads to the embedded broker from this machine", () => {
  const cases = [
    ["embedded://0.0.0.0:1884", "mqtt://127.0.0.1:1884"],
    ["embedded://:1884", "mqtt://127.0.0.1:1884"],
    ["embedded://", "mqtt://127.0.0.1"],
    ["embedded://[::]:1884", "mqtt://[::1]:1884"],
    ["embedded://u:p@0.0.0.0:1884", "mqtt://u:p@127.0.0.1:1884"],
    ["embedded://192.0.2.7:1883", "mqtt://192.0.2.7:1883"],
    ["mqtts://0.0.0.0:1883", "mqtts://0.0.0.0:1883"],
  ] as const;
  for (const [url, wanted] of cases) assert.equal(clientUrl(url), wanted);
});
