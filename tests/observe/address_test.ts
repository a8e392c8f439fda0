import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress, loopbackHost, parseAddress } from "../../src/observe/address.ts";

Deno.test("parseAddress() reads every form", () => {
  const listen = (port: number, hostname?: string) => ({
    kind: "listen",
    address: hostname === undefined ? { port } : { hostname, port },
  });
  assert.deepEqual(parseAddress(":2112"), listen(2112));
  assert.deepEqual(parseAddress("*:2112"), listen(2112));
  assert.deepEqual(parseAddress(" 127.0.0.1:0 "), listen(0, "127.0.0.1"));
  assert.deepEqual(parseAddress("gateway.local:80"), listen(80, "gateway.local"));
  assert.deepEqual(parseAddress("[::1]:2112"), listen(2112, "::1"));
  assert.deepEqual(parseAddress("[fe80::1%eth0]:2112"), listen(2112, "fe80::1%eth0"));
  assert.deepEqual(parseAddress("off"), { kind: "off" });
  assert.deepEqual(parseAddress("OFF"), { kind: "off" });
});

Deno.test("parseAddress() says what is wrong with the rest", () => {
  const wrong = ["", "2112", ":", ":x", ":65536", ":123456", "::1:2112", "[::1]", "[host]:1"];
  wrong.push("http://a:1", "a b:1", "a:-1", "a:1/x", "u@h:1", "[]:1");
  for (const text of wrong) assert.equal(parseAddress(text).kind, "invalid", text);
});

Deno.test("parseAddress() never throws, and reads what formatAddress() writes", () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const parsed = parseAddress(text);
    if (parsed.kind === "listen") {
      assert.deepEqual(parseAddress(formatAddress(parsed.address)), parsed);
    }
  }));
  const hosts = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
  fc.assert(fc.property(hosts, fc.nat(65535), (hostname, port) => {
    const address = { hostname, port };
    assert.deepEqual(parseAddress(formatAddress(address)), { kind: "listen", address });
  }));
});

Deno.test("loopbackHost() gives a host that can be reached from the machine itself", () => {
  assert.equal(loopbackHost({ port: 1 }), "127.0.0.1");
  assert.equal(loopbackHost({ hostname: "0.0.0.0", port: 1 }), "127.0.0.1");
  assert.equal(loopbackHost({ hostname: "::", port: 1 }), "127.0.0.1");
  assert.equal(loopbackHost({ hostname: "::1", port: 1 }), "::1");
  assert.equal(loopbackHost({ hostname: "10.0.0.1", port: 1 }), "10.0.0.1");
});
