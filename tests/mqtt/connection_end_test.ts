/** What the end of a connection is called. @module */
import assert from "node:assert/strict";
import { type ConnectionEnd, explainEnd, needsAPerson } from "../../src/mqtt/connection_end.ts";

/** What is said of a connection to `url` that ended while it was made. */
function told(url: string, message: string, code?: string, end: Partial<ConnectionEnd> = {}) {
  const error = Object.assign(new Error(message), code === undefined ? {} : { code });
  return explainEnd({ phase: "connecting", error, ...end }, {
    url,
    encrypted: /^(mqtts|wss):/.test(url),
    clientId: "c",
    version: 5,
  });
}

for (const scheme of ["mqtt", "mqtts", "ws", "wss"]) {
  Deno.test(`explainEnd() takes no host's name for a fault of TLS over ${scheme}`, () => {
    for (const host of ["tls.example", "ssl.example", "certificate.example", "handshake.example"]) {
      for (
        const [code, message] of [
          ["ENOTFOUND", `getaddrinfo ENOTFOUND ${host}`],
          ["EAI_AGAIN", `getaddrinfo EAI_AGAIN ${host}`],
          ["ECONNREFUSED", `connect ECONNREFUSED ${host}:8883`],
        ] as const
      ) {
        const problem = told(`${scheme}://${host}`, message, code);
        assert.equal(problem.reason, "unreachable", problem.detail);
        assert.equal(problem.detail, `${scheme}://${host} cannot be reached: ${message}`);
        assert.equal(needsAPerson(problem), false, "it is soon tried again");
      }
    }
  });
}

Deno.test("explainEnd() knows a fault of TLS by its code or, where it has none, by its words", () => {
  const faults = [
    ["certificate has expired", "CERT_HAS_EXPIRED"],
    ["unable to verify the first certificate", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["received corrupt message", "ERR_SSL_WRONG_VERSION_NUMBER"],
    ["invalid peer certificate: UnknownIssuer", undefined],
  ] as const;
  for (const [message, code] of faults) {
    assert.equal(told("mqtts://b", message, code).reason, "tls", message);
    assert.equal(told("wss://b", message, code).reason, "tls", message);
    assert.notEqual(told("mqtt://b", message, code).reason, "tls", "nothing is encrypted there");
  }
});
