import assert from "node:assert/strict";
import fc from "fast-check";
import { maskUrl, maskUrlsInText } from "../../src/capture/mask_url.ts";

Deno.test("maskUrl() removes user information and the query", () => {
  assert.equal(maskUrl("mqtt://user:pw@broker:1883/x"), "mqtt://broker:1883/x");
  assert.equal(maskUrl("mqtts://user@broker"), "mqtts://broker");
  assert.equal(maskUrl("wss://broker/mqtt?token=abc"), "wss://broker/mqtt?…");
  assert.equal(maskUrl("broker:1883"), "broker:1883");
  assert.equal(maskUrl("mqtt://[::1]:1883"), "mqtt://[::1]:1883");
});

Deno.test("maskUrl() hides a password that would end the authority early", () => {
  assert.equal(maskUrl("mqtt://user:p/a@ss@broker:1883"), "mqtt://broker:1883");
  assert.equal(maskUrl("mqtt://user:12#34@broker"), "mqtt://broker");
  assert.equal(maskUrl("mqtt://user:12?34@broker"), "mqtt://broker");
  assert.equal(maskUrl("user:secret@broker:1883"), "broker:1883");
});

Deno.test("maskUrl() never shows a password, whatever it is", () => {
  fc.assert(fc.property(fc.string(), fc.string({ minLength: 1 }), (user, password) => {
    const secret = `§${password}§`;
    assert.ok(!maskUrl(`mqtt://${user}:${secret}@broker:1883`).includes("§"));
  }));
});

Deno.test("maskUrlsInText() masks each URL and leaves the rest", () => {
  assert.equal(
    maskUrlsInText("no answer from mqtt://u:p@a:1 nor wss://u:p@b/x?k=1 – gave up <me@x.org>"),
    "no answer from mqtt://a:1 nor wss://b/x?… – gave up <me@x.org>",
  );
  assert.equal(maskUrlsInText("nothing here"), "nothing here");
});
