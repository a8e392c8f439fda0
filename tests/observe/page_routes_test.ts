import assert from "node:assert/strict";
import { silentLog } from "../../src/capture/log.ts";
import type { FeedFilter } from "../../src/capture/page_view.ts";
import { settingPaths } from "../../src/config/layers.ts";
import { schemaTree } from "../../src/config/schema_tree.ts";
import { configSchema } from "../../src/config/schema.ts";
import { configSections } from "../../src/networks.ts";
import { Access, type AccessOptions } from "../../src/observe/access.ts";
import { createHandler } from "../../src/observe/http_handler.ts";
import { LiveFeed } from "../../src/observe/live_feed.ts";
import type { StatusAnswer } from "../../src/observe/page_api.ts";
import { pagePolicy } from "../../src/observe/page_policy.ts";
import { pageRoutes } from "../../src/observe/page_routes.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

const TOKEN = "correct-horse-battery";

function setUp(options: Partial<AccessOptions> = {}, tiles?: string) {
  const asked: unknown[] = [];
  const denied: string[] = [];
  const clock = new ManualClock();
  const feed = new LiveFeed({ clock, status: () => Promise.resolve(undefined) });
  const routes = pageRoutes({
    access: new Access({ access: "local", token: TOKEN, hosts: [], ...options }),
    feed,
    onDenied: (reason) => denied.push(reason),
    status: () => Promise.resolve({ version: "1" } as StatusAnswer),
    history: (hours) => {
      asked.push(hours);
      return Promise.resolve({ networks: {}, problems: {} });
    },
    nodes: () => Promise.resolve({ networks: {}, totals: {}, problems: {} }),
    packets: (filter: FeedFilter, limit) => {
      asked.push([filter, limit]);
      return Promise.resolve({ packets: [], problems: {} });
    },
    ...(tiles === undefined ? {} : { tiles }),
  });
  const handler = createHandler(routes, silentLog);
  const ask = (
    path: string,
    { from = "127.0.0.1", headers = {}, ...init }: RequestInit & {
      from?: string;
      headers?: Record<string, string>;
    } = {},
  ) =>
    handler(
      new Request(`http://localhost:2112${path}`, {
        ...init,
        headers: { host: "localhost:2112", ...headers },
      }),
      { hostname: from },
    );
  return { ask, asked, denied, feed };
}

const PATHS = [
  "/",
  "/assets/page.js",
  "/api/status",
  "/api/history",
  "/api/nodes",
  "/api/packets",
  "/api/events",
];

for (const path of PATHS) {
  Deno.test(`${path} is served to this machine, and elsewhere only with the token`, async () => {
    const { ask, denied, feed } = setUp();
    using _ = feed;
    const here = await ask(path);
    assert.equal(here.status, 200);
    await here.body?.cancel();
    const there = await ask(path, { from: "10.0.0.7" });
    assert.equal(there.status, 401);
    assert.match(await there.text(), /observability\.token/);
    const proxied = await ask(path, { headers: { "x-forwarded-for": "127.0.0.1" } });
    assert.equal(proxied.status, 401);
    await proxied.body?.cancel();
    const program = await ask(path, {
      from: "10.0.0.7",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    assert.equal(program.status, 200);
    await program.body?.cancel();
    const site = await ask(path, { headers: { "sec-fetch-site": "cross-site" } });
    assert.equal(site.status, 403);
    await site.body?.cancel();
    assert.deepEqual(denied, ["token_needed", "token_needed", "cross_site"]);
  });
}

Deno.test("/?token= sets the cookie and takes the token out of the address", async () => {
  const { ask, feed } = setUp();
  using _ = feed;
  const first = await ask(`/?token=${TOKEN}&a=b`, { from: "10.0.0.7" });
  assert.equal(first.status, 303);
  assert.equal(first.headers.get("location"), "/?a=b");
  const cookie = first.headers.get("set-cookie")!;
  assert.match(cookie, /HttpOnly; SameSite=Strict/);
  const second = await ask("/", { from: "10.0.0.7", headers: { cookie: cookie.split(";")[0]! } });
  assert.equal(second.status, 200);
  assert.match(await second.text(), /<title>meshcapture<\/title>/);
});

Deno.test("/?token= with a wrong token is refused and sets nothing", async () => {
  const { ask, denied, feed } = setUp();
  using _ = feed;
  const answer = await ask("/?token=wrong", { from: "10.0.0.7" });
  assert.equal(answer.status, 401);
  assert.equal(answer.headers.get("set-cookie"), null);
  assert.deepEqual(denied, ["wrong_token"]);
  await answer.body?.cancel();
});

Deno.test("/login takes the token of the form, from its own page alone", async () => {
  const { ask, feed } = setUp();
  using _ = feed;
  const send = (token: string, headers: Record<string, string> = {}) =>
    ask("/login", {
      method: "POST",
      from: "10.0.0.7",
      body: new URLSearchParams({ token }),
      headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    });
  const right = await send(` ${TOKEN} `);
  assert.equal(right.status, 303);
  assert.equal(right.headers.get("location"), "/");
  assert.ok(right.headers.has("set-cookie"));
  for (const answer of [await send("wrong"), await send(TOKEN + "x".repeat(9000))]) {
    assert.equal(answer.status, 401);
    await answer.body?.cancel();
  }
  const foreign = await send(TOKEN, { "sec-fetch-site": "cross-site" });
  assert.equal(foreign.status, 403);
  await foreign.body?.cancel();
});

Deno.test("who may not look is told why and what to do, as a page in a browser", async () => {
  const { ask, feed } = setUp();
  using _ = feed;
  const headers = { accept: "text/html,*/*" };
  const page = await ask("/", { from: "10.0.0.7", headers });
  assert.match(page.headers.get("content-type")!, /^text\/html/);
  const html = await page.text();
  assert.match(html, /<form method="post" action="\/login">/);
  assert.ok(!html.includes("http-equiv"));
  assert.ok(!html.includes(TOKEN));
  const name = await ask("/", { headers: { ...headers, host: "<b>.example.com" } });
  assert.equal(name.status, 403);
  assert.ok(!(await name.text()).includes("<b>"));
  const link = {
    ...headers,
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
  };
  // The cookie is not sent along a link of another site: the page asks once more by itself.
  assert.match(
    await (await ask("/", { from: "10.0.0.7", headers: link })).text(),
    /http-equiv="refresh"/,
  );
});

Deno.test("without a token set, who comes from elsewhere is told how to set one", async () => {
  const { ask, feed } = setUp({ token: undefined });
  using _ = feed;
  const text = await (await ask("/", { from: "10.0.0.7" })).text();
  assert.match(text, /no token is set/);
  assert.match(text, /ssh -L/);
});

Deno.test("the stylesheet is for everybody", async () => {
  const { ask, feed } = setUp();
  using _ = feed;
  const answer = await ask("/assets/page.css", { from: "10.0.0.7" });
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type")!, /^text\/css/);
  await answer.body?.cancel();
});

Deno.test("a browser that has the files already gets nothing but that they are the same", async () => {
  const { ask, feed } = setUp();
  using _ = feed;
  const first = await ask("/assets/page.js");
  const tag = first.headers.get("etag")!;
  await first.body?.cancel();
  const second = await ask("/assets/page.js", { headers: { "if-none-match": `W/${tag}` } });
  assert.equal(second.status, 304);
  assert.equal(second.body, null);
  const other = await ask("/assets/page.js", { headers: { "if-none-match": '"x"' } });
  assert.equal(other.status, 200);
  await other.body?.cancel();
});

Deno.test("the page's answers may be neither framed, sniffed, kept nor read by other sites", async () => {
  const { ask, feed } = setUp();
  using _ = feed;
  for (const path of PATHS) {
    const answer = await ask(path);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(answer.headers.get("x-frame-options"), "DENY", path);
    assert.equal(answer.headers.get("cross-origin-resource-policy"), "same-origin", path);
    const keeps = path.startsWith("/assets/") ? /^private, no-cache$/ : /^no-store/;
    assert.match(answer.headers.get("cache-control")!, keeps, path);
    assert.equal(answer.headers.get("access-control-allow-origin"), null, path);
    assert.match(answer.headers.get("content-security-policy")!, /default-src 'none'/, path);
    await answer.body?.cancel();
  }
});

Deno.test("pagePolicy() allows nothing inline, and pictures of the operator's tiles alone", () => {
  assert.ok(!pagePolicy().includes("unsafe"));
  assert.match(pagePolicy(), /img-src 'self' data:;/);
  assert.match(
    pagePolicy("https://tile.example.org:8443/{z}/{x}/{y}.png"),
    /img-src 'self' data: https:\/\/tile\.example\.org:8443;/,
  );
});

Deno.test("pagePolicy() names the hosts that {s} stands for, wherever it stands in the host", () => {
  const images = (tiles: string) => /img-src 'self' data: ([^;]*);/.exec(pagePolicy(tiles))?.[1];
  assert.equal(
    images("https://{s}.tile.example.org:8443/{z}/{x}/{y}.png"),
    "https://a.tile.example.org:8443 https://b.tile.example.org:8443 https://c.tile.example.org:8443",
  );
  assert.equal(
    images("https://basemaps-{s}.global.example.net/{z}/{x}/{y}.png"),
    ["a", "b", "c"].map((one) => `https://basemaps-${one}.global.example.net`).join(" "),
  );
  assert.equal(
    images("https://{s}.{s}.example.org/{z}/{x}/{y}.png"),
    "https://a.a.example.org https://b.b.example.org https://c.c.example.org",
  );
  assert.equal(images("https://example.org/{s}/{z}/{x}/{y}.png"), "https://example.org");
});

Deno.test("/api/history and /api/packets take numbers in range, and filters", async () => {
  const { ask, asked, feed } = setUp();
  using _ = feed;
  assert.equal((await ask("/api/history")).status, 200);
  assert.equal((await ask("/api/history?hours=168")).status, 200);
  for (const hours of ["0", "169", "-1", "1.5", "x", "", "99999999"]) {
    assert.equal((await ask(`/api/history?hours=${hours}`)).status, 400, hours);
  }
  assert.equal(
    (await ask("/api/packets?network=meshcore&type=ADVERT&node=ab&limit=5")).status,
    200,
  );
  assert.equal((await ask("/api/packets?limit=501")).status, 400);
  assert.deepEqual(asked, [
    6,
    168,
    [{ network: "meshcore", type: "ADVERT", node: "ab" }, 5],
  ]);
});

Deno.test("whoever is denied is told of settings that exist", async () => {
  const told = new Set<string>();
  const tell = async (options: Partial<AccessOptions>, from: string, headers = {}) => {
    const { ask, feed } = setUp(options);
    using _ = feed;
    for (const accept of ["text/html", "*/*"]) {
      const text = await (await ask("/", { from, headers: { accept, ...headers } })).text();
      for (const [name] of text.matchAll(/observability\.\w+/g)) told.add(name);
    }
  };
  for (const token of [TOKEN, undefined]) {
    await tell({ token }, "10.0.0.7");
    await tell({ token }, "127.0.0.1", { host: "mesh.example.org" });
    await tell({ token }, "127.0.0.1", { authorization: "Bearer wrong" });
    await tell({ token }, "127.0.0.1", { "sec-fetch-site": "cross-site" });
  }
  const settings = settingPaths(schemaTree(configSchema(configSections)));
  assert.deepEqual([...told].filter((name) => !settings.includes(name)), []);
  assert.deepEqual([...told].sort(), ["observability.page_hosts", "observability.token"]);
});
