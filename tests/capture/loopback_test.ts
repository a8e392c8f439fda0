import assert from "node:assert/strict";
import { isLoopbackAddress, isLoopbackHost } from "../../src/capture/loopback.ts";

Deno.test("isLoopbackAddress() knows this machine's addresses and no others", () => {
  for (const address of ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "::FFFF:127.0.0.1"]) {
    assert.ok(isLoopbackAddress(address), address);
  }
  for (
    const address of [
      "10.0.0.1",
      "::",
      "0.0.0.0",
      "::ffff:10.0.0.1",
      "fe80::1",
      "127.0.0.1.example.com",
      "localhost",
    ]
  ) {
    assert.ok(!isLoopbackAddress(address), address);
  }
});

Deno.test("isLoopbackHost() knows localhost, too, and no name that only begins so", () => {
  for (const host of ["localhost", "127.0.0.1", "::1"]) assert.ok(isLoopbackHost(host), host);
  for (const host of ["", "0.0.0.0", "::", "localhost.example.com", "10.0.0.1", "mesh.local"]) {
    assert.ok(!isLoopbackHost(host), host);
  }
});
