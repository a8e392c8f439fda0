/** The ways to a broker: TLS with and without our certificate, WebSockets. */
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { MqttSource, type MqttSourceOptions } from "../../src/mqtt/source.ts";
import { freePort, Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { acknowledge, Publisher, TestLog, testParts } from "../helpers/mqtt_fakes.ts";
import { fromFileUrl } from "../helpers/paths.ts";
import { waitUntil } from "../helpers/wait.ts";

const TLS = fromFileUrl(new URL("../fixtures/tls/", import.meta.url));
const BASE = {
  name: "test",
  topics: ["msh/#"],
  clientId: "capture-test",
  reconnect: { minMs: 10, maxMs: 60 },
};
const SERVER_LINES = [
  `cafile ${TLS}ca.crt`,
  `certfile ${TLS}server.crt`,
  `keyfile ${TLS}server.key`,
];

/** Deno 2.4 shows no certificate of ours and trusts no authority of ours over wss. */
const SINCE_DENO_2_9 = { ignore: Deno.version.deno.startsWith("2.4.") };

/** A message goes through, and its acknowledgement back. */
async function works(broker: Mosquitto, options: Partial<MqttSourceOptions> & { url: string }) {
  const parts = testParts();
  // A client id of its own each time, or the broker would go on with the session before.
  const clientId = `capture-${crypto.randomUUID().slice(0, 8)}`;
  await using source = new MqttSource({ ...BASE, clientId, ...options }, parts);
  await source.start();
  await waitUntil(() => source.status().subscribed, `subscribed over ${options.url}`);
  await using publisher = await Publisher.connect(broker.port);
  const body = "x".repeat(100_000);
  await publisher.publish("msh/a", body);
  await waitUntil(() => parts.sink.all.length === 1, "the message");
  assert.ok(parts.sink.texts()[0] === body);
  acknowledge(parts.sink.take());
  source.forceReconnect();
  await waitUntil(() => source.status().reconnects === 1, "a second connection");
  await waitUntil(() => source.status().subscribed, "subscribed again");
  await publisher.publish("msh/a", "next");
  await waitUntil(() => parts.sink.all.length === 2, "the next message");
  assert.equal(parts.sink.texts()[1]!.slice(0, 10), "next");
}

mosquittoTest("MqttSource connects over mqtts with an authority of its own", async () => {
  const port = await freePort();
  await using broker = await Mosquitto.start([`listener ${port} 127.0.0.1`, ...SERVER_LINES]);
  const tls = { caFile: `${TLS}ca.crt` };
  await works(broker, { url: `mqtts://localhost:${port}`, tls });
  await works(broker, { url: `mqtts://127.0.0.1:${port}`, tls });
});

mosquittoTest("MqttSource refuses a certificate that nobody vouches for", async () => {
  const port = await freePort();
  await using _broker = await Mosquitto.start([`listener ${port} 127.0.0.1`, ...SERVER_LINES]);
  await using source = new MqttSource(
    { ...BASE, url: `mqtts://localhost:${port}` },
    testParts(),
  );
  await source.start();
  await waitUntil(() => source.status().problem?.reason === "tls", "the source says so");
});

mosquittoTest("MqttSource takes any certificate with `verify: false`, and warns", async () => {
  const port = await freePort();
  await using broker = await Mosquitto.start([`listener ${port} 127.0.0.1`, ...SERVER_LINES]);
  const url = `mqtts://localhost:${port}`;
  await works(broker, { url, tls: { verify: false } });
  const log = new TestLog();
  await using source = new MqttSource({ ...BASE, url, tls: { verify: false } }, {
    ...testParts(),
    log,
  });
  await source.start();
  assert.match(log.lines[0]!.message, /NOT verified/);
});

mosquittoTest("MqttSource shows its certificate to a broker that asks for one", async () => {
  const port = await freePort();
  await using broker = await Mosquitto.start([
    `listener ${port} 127.0.0.1`,
    ...SERVER_LINES,
    "require_certificate true",
  ]);
  await works(broker, {
    url: `mqtts://localhost:${port}`,
    tls: { caFile: `${TLS}ca.crt`, certFile: `${TLS}client.crt`, keyFile: `${TLS}client.key` },
  });
}, SINCE_DENO_2_9);

mosquittoTest("MqttSource connects over ws", async () => {
  const port = await freePort();
  await using broker = await Mosquitto.start([
    `listener ${port} 127.0.0.1`,
    "protocol websockets",
  ]);
  await works(broker, { url: `ws://127.0.0.1:${port}/mqtt` });
});

mosquittoTest("MqttSource connects over wss", async () => {
  const port = await freePort();
  await using broker = await Mosquitto.start([
    `listener ${port} 127.0.0.1`,
    "protocol websockets",
    ...SERVER_LINES,
  ]);
  await works(broker, {
    url: `wss://localhost:${port}/mqtt`,
    tls: { caFile: `${TLS}ca.crt` },
  });
}, SINCE_DENO_2_9);

mosquittoTest("MqttSource reports a WebSocket server that is not there", async () => {
  await using source = new MqttSource(
    { ...BASE, url: `ws://127.0.0.1:${await freePort()}/mqtt` },
    testParts(),
  );
  await source.start();
  await waitUntil(() => source.status().failures > 2, "it fails and tries again");
  assert.equal(source.status().problem?.reason, "unreachable");
});

mosquittoTest("MqttSource reports certificate files that are none, and recovers", async () => {
  const port = await freePort();
  await using broker = await Mosquitto.start([`listener ${port} 127.0.0.1`, ...SERVER_LINES]);
  const caFile = broker.scratch.file("ca.crt");
  await using source = new MqttSource(
    { ...BASE, url: `mqtts://localhost:${port}`, tls: { caFile } },
    testParts(),
  );
  await source.start();
  await waitUntil(() => source.status().problem?.reason === "credentials_file", "no such file");
  Deno.writeTextFileSync(
    caFile,
    "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n",
  );
  const { failures } = source.status();
  await waitUntil(() => source.status().failures > failures + 2, "it goes on trying");
  assert.equal(source.status().problem?.reason, "credentials_file");
  assert.equal(source.status().connected, false);
  Deno.copyFileSync(`${TLS}ca.crt`, caFile);
  await waitUntil(() => source.status().subscribed, "the right file");
});

Deno.test("MqttSource ends promptly while a WebSocket server keeps silent", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const source = new MqttSource({ ...BASE, url: `ws://127.0.0.1:${port}` }, testParts());
  await source.start();
  await waitUntil(() => sockets.length === 1, "the connection");
  await source[Symbol.asyncDispose]();
  sockets[0]!.destroy();
  server.close();
  // On Deno 2.4 the server says so in a turn of its own.
  await new Promise((resolve) => setTimeout(resolve, 0));
});
