import fc from "fast-check";
import assert from "node:assert/strict";
import { maskUrl, parseBrokerUrl } from "../../src/mqtt/broker_url.ts";

Deno.test("parseBrokerUrl() takes addresses apart and knows the usual ports", () => {
  assert.deepEqual(parseBrokerUrl("mqtt://broker"), {
    scheme: "mqtt",
    host: "broker",
    port: 1883,
    path: "/",
  });
  assert.deepEqual(parseBrokerUrl("MQTTS://u%40x:p%3Aq@broker.example:80"), {
    scheme: "mqtts",
    host: "broker.example",
    port: 80,
    path: "/",
    username: "u@x",
    password: "p:q",
  });
  assert.deepEqual(parseBrokerUrl("wss://[::1]/mqtt?a=b"), {
    scheme: "wss",
    host: "::1",
    port: 443,
    path: "/mqtt?a=b",
  });
  assert.deepEqual(parseBrokerUrl("embedded://127.0.0.1:0"), {
    scheme: "embedded",
    host: "127.0.0.1",
    port: 0,
    path: "/",
  });
  assert.equal((parseBrokerUrl("tcp://a") as { scheme: string }).scheme, "mqtt");
  assert.equal((parseBrokerUrl("ssl://a") as { port: number }).port, 8883);
});

Deno.test("parseBrokerUrl() says what is wrong, without secrets", () => {
  for (const url of ["broker", "http://a", "mqtt://", "mqtt://u:secret@a:99999", "mqtt://a b"]) {
    const answer = parseBrokerUrl(url);
    assert.equal(typeof answer, "string", url);
    assert.doesNotMatch(answer as string, /secret/);
  }
});

Deno.test("parseBrokerUrl() never throws", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    parseBrokerUrl(text);
    parseBrokerUrl(`mqtt://${text}`);
    maskUrl(text);
  }));
});

Deno.test("maskUrl() leaves no user information and no query", () => {
  assert.equal(maskUrl("mqtt://u:p@host:1/x?token=1#y"), "mqtt://host:1/x");
  assert.equal(maskUrl("mqtt://u:p@q@host"), "mqtt://host");
  assert.equal(maskUrl("mqtt://host:1883"), "mqtt://host:1883");
  fc.assert(
    fc.property(
      fc.stringMatching(/^wss?:\/\/[a-z]{1,9}(:[0-9]{2,4})?(\/[a-z]{1,5})?$/),
      fc.stringMatching(/^[a-z0-9%]{8,20}$/),
      (url, secret) => {
        fc.pre(!url.includes(secret));
        assert.ok(!maskUrl(url.replace("://", `://user:${secret}@`)).includes(secret));
      },
    ),
  );
});

Deno.test("parseBrokerUrl() takes an embedded broker without a host for one that listens everywhere", () => {
  for (const url of ["embedded://:1884", "embedded://u:p@:1884", "embedded://0.0.0.0:1884"]) {
    const parsed = parseBrokerUrl(url);
    assert.ok(typeof parsed === "object", String(parsed));
    assert.deepEqual([parsed.host, parsed.port], ["0.0.0.0", 1884]);
  }
  assert.equal(typeof parseBrokerUrl("mqtt://:1884"), "string");
});
