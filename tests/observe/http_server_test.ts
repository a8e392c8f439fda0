import assert from "node:assert/strict";
import { systemClock } from "../../src/capture/clock.ts";
import { type Log, type LogFields, silentLog } from "../../src/capture/log.ts";
import type { ListenAddress } from "../../src/observe/address.ts";
import { checkHealth } from "../../src/observe/health_client.ts";
import { HealthRegistry } from "../../src/observe/health.ts";
import { createHandler, type Handler, jsonResponse } from "../../src/observe/http_handler.ts";
import { HttpServer } from "../../src/observe/http_server.ts";
import { Metrics } from "../../src/observe/metrics.ts";
import { serviceRoutes } from "../../src/observe/routes.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { runScript } from "../helpers/run_script.ts";

const HOST = "127.0.0.1";

function collect(): { warnings: LogFields[]; log: Log } {
  const warnings: LogFields[] = [];
  return { warnings, log: { ...silentLog, warn: (_, fields = {}) => void warnings.push(fields) } };
}

function serve(handler: Handler, address: ListenAddress = { hostname: HOST, port: 0 }) {
  const clock = systemClock;
  const server = new HttpServer({ address, handler, clock, log: silentLog });
  server.start();
  return server;
}

function portOf(server: HttpServer): number {
  const port = server.address?.port;
  assert.ok(port !== undefined && port > 0, "the server listens");
  return port;
}

async function textOf(url: string): Promise<string> {
  return await (await fetch(url)).text();
}

/** A port that nobody listens at. */
function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

Deno.test("HttpServer serves metrics and health on the port that the system chose", async () => {
  const health = new HealthRegistry({ clock: systemClock });
  const metrics = new Metrics({ version: "1" });
  const handler = createHandler(serviceRoutes(metrics, health), silentLog);
  await using server = serve(handler);
  const base = `http://${HOST}:${portOf(server)}`;
  assert.match(await textOf(`${base}/metrics`), /^meshcapture_memory_rss_bytes \d+$/m);
  assert.equal(await textOf(`${base}/livez`), "alive\n");
  const head = await fetch(`${base}/healthz`, { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
});

Deno.test("HttpServer listens on all interfaces when no host is given", async () => {
  await using server = serve(() => Promise.resolve(new Response("here")), { port: 0 });
  assert.equal(await textOf(`http://${HOST}:${portOf(server)}/`), "here");
});

Deno.test("HttpServer warns once of a busy port and has it when it is free", async () => {
  const { warnings, log } = collect();
  const clock = new ManualClock();
  const listener = Deno.listen({ hostname: HOST, port: 0 });
  const port = (listener.addr as Deno.NetAddr).port;
  const handler: Handler = () => Promise.resolve(new Response("at last"));
  await using server = new HttpServer({ address: { hostname: HOST, port }, handler, clock, log });
  server.start();
  assert.ok(server.address === undefined);
  await clock.advance(90_000);
  assert.equal(warnings.length, 1);
  assert.equal(warnings[0]?.["address"], `${HOST}:${port}`);
  listener.close();
  await clock.advance(30_000);
  assert.equal(portOf(server), port);
  assert.equal(await textOf(`http://${HOST}:${port}/`), "at last");
});

Deno.test("HttpServer stops trying when it is disposed of", async () => {
  const clock = new ManualClock();
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const address = { hostname: HOST, port: (listener.addr as Deno.NetAddr).port };
  const handler: Handler = () => Promise.resolve(new Response());
  const server = new HttpServer({ address, handler, clock, log: silentLog });
  server.start();
  assert.equal(clock.armed, 1);
  await server[Symbol.asyncDispose]();
  assert.equal(clock.armed, 0);
  server.start();
  assert.equal(clock.armed, 0);
});

Deno.test("HttpServer ends open streams when it is disposed of", async () => {
  let ended = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("first\n")),
    cancel: () => void (ended = true),
  });
  const server = serve(() => Promise.resolve(new Response(stream)));
  const port = portOf(server);
  using connection = await Deno.connect({ hostname: HOST, port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  assert.ok(await connection.read(new Uint8Array(1000)) !== null);
  await server[Symbol.asyncDispose]();
  assert.equal(ended, true);
  assert.ok(server.address === undefined);
  await assert.rejects(Deno.connect({ hostname: HOST, port }));
});

Deno.test("checkHealth() tells health from trouble", async () => {
  const clock = new ManualClock();
  const health = new HealthRegistry({ clock });
  const source = health.component("source:home");
  source.ok();
  const metrics = new Metrics({ version: "1", clock });
  await using server = serve(createHandler(serviceRoutes(metrics, health), silentLog));
  const address = { hostname: HOST, port: portOf(server) };
  assert.deepEqual(await checkHealth(address, 5000), { kind: "ok", mode: "meshcapture" });
  source.trouble("broker_away", "refused");
  await clock.advance(10_000);
  assert.deepEqual(await checkHealth(address, 5000), {
    kind: "trouble",
    reasons: ["source:home: broker_away (refused)"],
  });
});

Deno.test("checkHealth() reaches a service on all interfaces, and one that is off", async () => {
  const health = new HealthRegistry({ clock: systemClock, mode: "off" });
  const handler = createHandler(serviceRoutes(new Metrics({ version: "1" }), health), silentLog);
  await using server = serve(handler, { port: 0 });
  const answer = await checkHealth({ port: portOf(server) }, 5000);
  assert.equal(answer.kind, "ok");
  assert.match((answer.kind === "ok" && answer.statement) || "", /nothing is captured/);
});

Deno.test("checkHealth() says that nobody is there", async () => {
  const port = freePort();
  const answer = await checkHealth({ hostname: HOST, port }, 5000);
  assert.equal(answer.kind, "unreachable");
  assert.ok(answer.kind === "unreachable" && answer.detail.startsWith(`${HOST}:${port}: `));
});

Deno.test("checkHealth() gives up after its time", async () => {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  const address = { hostname: HOST, port: (listener.addr as Deno.NetAddr).port };
  const answer = await checkHealth(address, 100);
  assert.deepEqual(answer, {
    kind: "unreachable",
    detail: `${HOST}:${address.port}: no answer within 100 ms`,
  });
});

Deno.test("checkHealth() does not believe another program's answer", async () => {
  for (const body of ["<html>", "null", "[]", '{"status":"ok"}', '{"status":1,"mode":"x"}']) {
    await using server = serve(() => Promise.resolve(new Response(body)));
    const answer = await checkHealth({ hostname: HOST, port: portOf(server) }, 5000);
    assert.equal(answer.kind, "unreachable", body);
  }
  await using server = serve(() => Promise.resolve(jsonResponse("x".repeat(2_000_000))));
  const answer = await checkHealth({ hostname: HOST, port: portOf(server) }, 5000);
  assert.equal(answer.kind, "unreachable");
});

Deno.test("checkHealth() goes past the proxy that the environment names", async () => {
  const health = new HealthRegistry({ clock: systemClock });
  const handler = createHandler(serviceRoutes(new Metrics({ version: "1" }), health), silentLog);
  await using server = serve(handler);
  const proxy = `http://${HOST}:${freePort()}`;
  const script = `
    import { checkHealth } from "./src/observe/health_client.ts";
    console.log((await checkHealth({ hostname: "${HOST}", port: ${portOf(server)} }, 5000)).kind);
  `;
  const output = await runScript(script, {
    permissions: [`--allow-net=${HOST}`],
    env: { HTTP_PROXY: proxy, http_proxy: proxy, NO_PROXY: "", no_proxy: "" },
  });
  assert.equal(output.stdout, "ok\n", output.stderr);
});
