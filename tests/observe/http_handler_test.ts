import assert from "node:assert/strict";
import { silentLog } from "../../src/capture/log.ts";
import { HealthRegistry } from "../../src/observe/health.ts";
import { createHandler, type Route, textResponse } from "../../src/observe/http_handler.ts";
import { Metrics } from "../../src/observe/metrics.ts";
import { serviceRoutes } from "../../src/observe/routes.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

function setUp(more: readonly Route[] = []) {
  const clock = new ManualClock();
  const health = new HealthRegistry({ clock });
  const memoryUsage = () => ({ rss: 1, heapUsed: 1, external: 1 });
  const metrics = new Metrics({ version: "1", clock, memoryUsage });
  const handler = createHandler([...serviceRoutes(metrics, health), ...more], silentLog);
  const ask = (path: string, method = "GET") =>
    handler(new Request(`http://localhost${path}`, { method }));
  return { clock, health, ask };
}

Deno.test("/healthz answers 200, then 503 with the reasons, then 200 again", async () => {
  const { clock, health, ask } = setUp();
  const source = health.component("source:home");
  source.ok();
  const well = await ask("/healthz");
  assert.equal(well.status, 200);
  assert.equal((await well.json()).status, "ok");
  source.trouble("broker_away", "refused");
  await clock.advance(10_000);
  const ill = await ask("/healthz");
  assert.equal(ill.status, 503);
  assert.match(ill.headers.get("content-type") ?? "", /^application\/json/);
  assert.deepEqual((await ill.json()).reasons, ["source:home: broker_away (refused)"]);
  assert.match(await (await ask("/metrics")).text(), /^meshcapture_healthy 0$/m);
  source.ok();
  assert.equal((await ask("/healthz")).status, 200);
  assert.match(await (await ask("/metrics")).text(), /^meshcapture_healthy 1$/m);
});

Deno.test("/livez answers 200 in trouble too", async () => {
  const { clock, health, ask } = setUp();
  health.component("source:home").trouble("broker_away");
  await clock.advance(10_000);
  assert.equal((await ask("/livez")).status, 200);
});

Deno.test("/readyz answers 503 until everything has started", async () => {
  const { health, ask } = setUp();
  const store = health.component("store:meshtastic");
  health.allDeclared();
  const early = await ask("/readyz");
  assert.equal(early.status, 503);
  assert.deepEqual((await early.json()).waiting, ["store:meshtastic: not open yet"]);
  store.ok();
  assert.equal((await ask("/readyz")).status, 200);
});

Deno.test("/metrics answers in Prometheus' text format", async () => {
  const { ask } = setUp();
  const response = await ask("/metrics");
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.match(await response.text(), /^meshcapture_build_info\{version="1",/m);
});

Deno.test("/ lists the routes", async () => {
  const { ask } = setUp([{ path: "/hidden", handle: () => textResponse("x") }]);
  const text = await (await ask("/")).text();
  for (const path of ["/metrics", "/healthz", "/livez", "/readyz"]) assert.ok(text.includes(path));
  assert.ok(!text.includes("/hidden"));
});

Deno.test("createHandler() answers 404 for what it does not know", async () => {
  const { ask } = setUp();
  for (const path of ["/nothing", "/metrics/", "/healthz/x", "//", "/%2e%2e/etc"]) {
    assert.equal((await ask(path)).status, 404, path);
  }
});

Deno.test("createHandler() answers 405 with the methods that are allowed", async () => {
  const { ask } = setUp([{ path: "/do", methods: ["POST"], handle: () => textResponse("done") }]);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const response = await ask("/healthz", method);
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "GET, HEAD");
  }
  const response = await ask("/do");
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "POST");
  assert.equal((await ask("/do", "HEAD")).status, 405);
  assert.equal((await ask("/do", "POST")).status, 200);
});

Deno.test("createHandler() answers HEAD with the headers of GET and no body", async () => {
  const { ask } = setUp();
  const response = await ask("/healthz", "HEAD");
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /json/);
  assert.equal(await response.text(), "");
});

Deno.test("createHandler() ends a stream that HEAD does not want", async () => {
  let ended = false;
  const body = () => new ReadableStream({ cancel: () => void (ended = true) });
  const { ask } = setUp([{ path: "/feed", handle: () => new Response(body()) }]);
  await ask("/feed", "HEAD");
  assert.equal(ended, true);
});

Deno.test("createHandler() sends security headers, unless a route has its own", async () => {
  const policy = "default-src 'self'";
  const { ask } = setUp([{
    path: "/page/*",
    handle: () => new Response("x", { headers: { "content-security-policy": policy } }),
  }]);
  const plain = await ask("/nothing");
  assert.match(plain.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.equal(plain.headers.get("x-content-type-options"), "nosniff");
  const page = await ask("/page/a/b");
  assert.equal(page.headers.get("content-security-policy"), policy);
  assert.equal(page.headers.get("x-frame-options"), "DENY");
});

Deno.test("createHandler() prefers an exact path, then the longest wildcard", async () => {
  const route = (path: string): Route => ({ path, handle: () => textResponse(path) });
  const { ask } = setUp([route("/a/*"), route("/a/b/*"), route("/a/b/c"), route("/")]);
  for (
    const [path, expected] of [
      ["/a/x", "/a/*"],
      ["/a/b/x", "/a/b/*"],
      ["/a/b/c", "/a/b/c"],
      ["/", "/"],
    ] as const
  ) assert.equal(await (await ask(path)).text(), `${expected}\n`);
  assert.equal((await ask("/a")).status, 404);
});

Deno.test("createHandler() answers 500 and logs when a route fails", async () => {
  const errors: unknown[] = [];
  const log = { ...silentLog, error: (_: string, fields = {}) => void errors.push(fields) };
  const handler = createHandler([{
    path: "/x",
    handle: () => Promise.reject(new Error("with a secret")),
  }], log);
  const response = await handler(new Request("http://localhost/x"));
  assert.equal(response.status, 500);
  assert.equal(await response.text(), "internal error\n");
  assert.equal(errors.length, 1);
});
