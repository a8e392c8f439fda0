import assert from "node:assert/strict";
import fc from "fast-check";
import { BROKER_SCHEMES, formatBrokerUrl, parseBrokerUrl } from "../../src/config/broker_url.ts";
import { maskUrl } from "../../src/config/mask.ts";

Deno.test("parseBrokerUrl() takes addresses apart", () => {
  assert.deepEqual(parseBrokerUrl("mqtts://u:p%3Aq@[2001:db8::1]:8883"), {
    scheme: "mqtts",
    host: "2001:db8::1",
    port: 8883,
    path: "",
    username: "u",
    password: "p:q",
  });
  assert.deepEqual(parseBrokerUrl("WSS://h/mqtt?x=1"), {
    scheme: "wss",
    host: "h",
    path: "/mqtt?x=1",
  });
  assert.deepEqual(parseBrokerUrl("embedded://"), { scheme: "embedded", host: "", path: "" });
  assert.deepEqual(parseBrokerUrl("embedded://:0"), {
    scheme: "embedded",
    host: "",
    port: 0,
    path: "",
  });
  assert.deepEqual(parseBrokerUrl("mqtt://h/"), { scheme: "mqtt", host: "h", path: "" });
});

Deno.test("parseBrokerUrl() says what is wrong", () => {
  const cases: [string, RegExp][] = [
    ["localhost", /not an address/],
    ["http://h", /scheme/],
    ["mqtt://", /no host/],
    ["mqtt://h:0", /port/],
    ["mqtt://h:65536", /port/],
    ["mqtt://h:x", /not an address/],
    ["mqtt://h/path", /path/],
    ["mqtt://a:%zz@h", /percent/],
    ["mqtt://a b", /not an address/],
    ["", /not an address/],
  ];
  for (const [text, expected] of cases) assert.match(String(parseBrokerUrl(text)), expected, text);
});

Deno.test("formatBrokerUrl() gives back what parseBrokerUrl() has read", () => {
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.constant("2001:db8::7"), fc.constant("::1"));
  const port = fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined });
  fc.assert(
    fc.property(fc.constantFrom(...BROKER_SCHEMES), host, port, (scheme, host, port) => {
      const url = { scheme, host, ...(port === undefined ? {} : { port }), path: "" };
      assert.deepEqual(parseBrokerUrl(formatBrokerUrl(url)), url);
    }),
  );
});

Deno.test("parseBrokerUrl() never throws", () => {
  fc.assert(fc.property(fc.string(), (text) => void parseBrokerUrl(`mqtt://${text}`)));
});

Deno.test("maskUrl() hides user information and query, also of what is no address", () => {
  assert.equal(maskUrl("mqtt://u:p@h:1"), "mqtt://***@h:1");
  assert.equal(maskUrl("mqtt://u:p@ss/w?o#rd@h:1"), "mqtt://***@h:1");
  assert.equal(maskUrl("u:p@h"), "***@h");
  assert.equal(maskUrl("wss://h/p?token=x"), "wss://h/p?***");
  assert.equal(maskUrl("mqtt://h:1"), "mqtt://h:1");
});
