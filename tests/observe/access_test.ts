import assert from "node:assert/strict";
import { Access, type AccessOptions } from "../../src/observe/access.ts";
import { isSafeHost, proxyHeader } from "../../src/observe/client_address.ts";

const TOKEN = "correct-horse-battery";
const HERE = { hostname: "127.0.0.1" };
const ELSEWHERE = { hostname: "192.168.1.20" };

interface Case {
  readonly name: string;
  readonly options?: Partial<AccessOptions>;
  readonly client?: { readonly hostname: string } | undefined;
  readonly headers?: Record<string, string>;
  readonly isPage?: boolean;
  readonly expected: string;
}

/** The cookie that a browser has once it has shown the token. */
function cookie(token = TOKEN): string {
  const access = new Access({ access: "local", token, hosts: [] });
  return access.setCookie(new Request("http://localhost/")).split(";")[0]!;
}

const LINK = {
  "sec-fetch-site": "cross-site",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
};

const cases: readonly Case[] = [
  { name: "this machine", client: HERE, expected: "loopback" },
  { name: "this machine by IPv6", client: { hostname: "::1" }, expected: "loopback" },
  {
    name: "this machine by IPv4 in IPv6",
    client: { hostname: "::ffff:127.0.0.1" },
    expected: "loopback",
  },
  { name: "this machine without a token set", options: { token: undefined }, expected: "loopback" },
  { name: "another machine", client: ELSEWHERE, expected: "token_needed" },
  { name: "nobody knows who", client: undefined, expected: "token_needed" },
  {
    name: "a proxy on this machine",
    headers: { forwarded: "for=1.2.3.4" },
    expected: "token_needed",
  },
  { name: "an older one", headers: { "x-forwarded-for": "127.0.0.1" }, expected: "token_needed" },
  {
    name: "one that says its host",
    headers: { "x-forwarded-host": "a" },
    expected: "token_needed",
  },
  {
    name: "one that says the address",
    headers: { "x-real-ip": "127.0.0.1" },
    expected: "token_needed",
  },
  { name: "one that says its name", headers: { via: "1.1 proxy" }, expected: "token_needed" },
  {
    name: "this machine where everybody needs the token",
    options: { access: "token" },
    expected: "token_needed",
  },
  {
    name: "the cookie from elsewhere",
    client: ELSEWHERE,
    headers: { cookie: cookie() },
    expected: "cookie",
  },
  {
    name: "the cookie through a proxy and by any name",
    headers: { cookie: `a=b; ${cookie()}`, "x-forwarded-for": "1.2.3.4", host: "mesh.example.org" },
    expected: "cookie",
  },
  {
    name: "the cookie of another token",
    client: ELSEWHERE,
    headers: { cookie: cookie("another-token-of-old") },
    expected: "token_needed",
  },
  {
    name: "the token itself in the cookie",
    client: ELSEWHERE,
    headers: { cookie: cookie().replace(/=.*/, `=${TOKEN}`) },
    expected: "token_needed",
  },
  {
    name: "the token of a program",
    client: ELSEWHERE,
    headers: { authorization: `Bearer ${TOKEN}` },
    expected: "bearer",
  },
  {
    name: "a wrong token of a program, even here",
    headers: { authorization: "Bearer correct-horse-batterz" },
    expected: "wrong_token",
  },
  {
    name: "a token where none is set",
    client: ELSEWHERE,
    options: { token: "" },
    headers: { authorization: "Bearer " },
    expected: "token_needed",
  },
  { name: "everybody", client: ELSEWHERE, options: { access: "open" }, expected: "open" },
  {
    name: "everybody through a proxy by a name that is known",
    client: ELSEWHERE,
    options: { access: "open", hosts: ["mesh.example.org"] },
    headers: { host: "Mesh.Example.org:8080", "x-forwarded-for": "1.2.3.4" },
    expected: "open",
  },
  {
    name: "a website whose name points here",
    headers: { host: "evil.example.com:2112", "sec-fetch-site": "same-origin" },
    expected: "bad_host",
  },
  {
    name: "a website whose name points here, where everybody may look",
    client: ELSEWHERE,
    options: { access: "open" },
    headers: { host: "evil.example.com" },
    expected: "bad_host",
  },
  {
    name: "the machine's own short name",
    headers: { host: "raspberrypi:2112" },
    expected: "loopback",
  },
  {
    name: "another site's script",
    headers: { "sec-fetch-site": "cross-site" },
    expected: "cross_site",
  },
  {
    name: "another site's script with the cookie",
    headers: { "sec-fetch-site": "cross-site", cookie: cookie() },
    expected: "cross_site",
  },
  {
    name: "a neighbour's script",
    headers: { "sec-fetch-site": "same-site" },
    expected: "cross_site",
  },
  {
    name: "another site's script in an older browser",
    headers: { origin: "http://evil.example.com" },
    expected: "cross_site",
  },
  { name: "a sandboxed frame", headers: { origin: "null" }, expected: "cross_site" },
  {
    name: "our own script in an older browser",
    headers: { origin: "http://localhost:2112" },
    expected: "loopback",
  },
  { name: "a link to the page", headers: LINK, isPage: true, expected: "loopback" },
  { name: "a link to the figures", headers: LINK, expected: "cross_site" },
  {
    name: "the page in another site's frame",
    headers: { ...LINK, "sec-fetch-dest": "iframe" },
    isPage: true,
    expected: "cross_site",
  },
];

Deno.test("Access.decide() goes by the address where there is no Host, as in HTTP/2", () => {
  const access = new Access({ access: "local", token: TOKEN, hosts: [] });
  const ask = (url: string, headers: Record<string, string> = {}) =>
    access.decide(new Request(url, { headers }), HERE).kind;
  assert.equal(ask("http://localhost:2112/api/status"), "allowed");
  assert.equal(ask("http://evil.example.com:2112/api/status"), "denied");
  const origin = { origin: "http://localhost:2112" };
  assert.equal(ask("http://localhost:2112/api/status", origin), "allowed");
  assert.equal(ask("http://127.0.0.1:2112/api/status", origin), "denied");
});

for (const { name, options, headers = {}, isPage, expected, ...rest } of cases) {
  const client = "client" in rest ? rest.client : HERE;
  Deno.test(`Access.decide() says ${expected} to ${name}`, () => {
    const access = new Access({ access: "local", token: TOKEN, hosts: [], ...options });
    const request = new Request("http://localhost:2112/api/status", {
      headers: { host: "localhost:2112", ...headers },
    });
    const verdict = access.decide(request, client, isPage);
    assert.equal(verdict.kind === "allowed" ? verdict.by : verdict.reason, expected);
  });
}

Deno.test("Access makes a cookie that no script reads and no other site sends", () => {
  const access = new Access({ access: "local", token: TOKEN, hosts: [] });
  const plain = access.setCookie(new Request("http://10.0.0.1/"));
  assert.match(plain, /^meshcapture_[0-9a-f]{8}=[\w-]{43}; /);
  assert.match(plain, /; HttpOnly; SameSite=Strict$/);
  assert.ok(!plain.includes(TOKEN));
  const proxied = new Request("http://10.0.0.1/", { headers: { "x-forwarded-proto": "https" } });
  assert.match(access.setCookie(proxied), /; Secure$/);
  const other = new Access({ access: "local", token: `${TOKEN}2`, hosts: [] });
  const nameOf = (text: string) => text.split("=")[0];
  assert.notEqual(nameOf(other.setCookie(new Request("http://10.0.0.1/"))), nameOf(plain));
});

Deno.test("proxyHeader() names the header of a proxy, and no browser's", () => {
  const browser = new Headers({
    host: "a",
    accept: "*/*",
    "sec-fetch-site": "none",
    cookie: "a=b",
  });
  assert.equal(proxyHeader(browser), undefined);
  assert.equal(proxyHeader(new Headers({ "X-Forwarded-Anything": "x" })), "x-forwarded-anything");
  assert.equal(proxyHeader(new Headers({ "CF-Connecting-IP": "x" })), "cf-connecting-ip");
});

Deno.test("isSafeHost() trusts addresses, local names and those that are named", () => {
  for (
    const host of [
      "localhost",
      "a.localhost:80",
      "127.0.0.1:2112",
      "[::1]:2112",
      "192.168.1.5",
      "pi",
      "pi.local:2112",
      "pi.lan.",
      "box.home.arpa",
      "mesh.example.org:443",
    ]
  ) assert.ok(isSafeHost(host, ["mesh.example.org"]), host);
  for (
    const host of [
      null,
      "",
      "example.com",
      "127.0.0.1.example.com",
      "a b",
      "x.local.evil.com",
      "[::1",
      "evil.com:80:80",
      ".",
    ]
  ) {
    assert.ok(!isSafeHost(host, ["mesh.example.org"]), String(host));
  }
});
