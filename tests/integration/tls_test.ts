/** What log and health say of certificates. @module */
import assert from "node:assert/strict";
import { mosquittoTest } from "../helpers/mosquitto.ts";
import { Scratch } from "../helpers/scratch.ts";
import { ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { CERTIFICATES, tlsBroker } from "../mqtt/tls_broker.ts";

mosquittoTest(
  "run is red for an expired certificate, and says that one is not verified",
  async () => {
    const { broker, url } = await tlsBroker("mqtts", "expired");
    await using _ = broker;
    using scratch = new Scratch("tls");
    await using service = await ServiceProcess.prepare({
      scratch,
      sources: [
        { name: "strict", url, topics: ["msh/#"], tls: { ca_file: `${CERTIFICATES}ca.crt` } },
        { name: "lax", url, topics: ["msh/#"], client_id: "lax", tls: { verify: false } },
      ],
    });
    await service.run();
    await waitUntil(
      async () => (await service.health())?.status === 503,
      "red after ten seconds",
      60_000,
    );
    const text = (await service.fetchText("/healthz"))!.text;
    const { reasons, components } = JSON.parse(text);
    assert.equal(reasons.length, 1, text);
    assert.match(
      reasons[0],
      /^source:strict: tls \(no trusted connection to .* certificate .*expired/,
    );
    assert.equal(components["source:lax"].status, "ok");
    assert.match(
      components["source:lax"].note,
      /^tls\.verify is false: anybody on the way can read/,
    );
    assert.equal(components["source:strict"].note, undefined);
    assert.match(
      service.log,
      /WARN .*source in trouble source=strict reason=tls detail=".*expired/,
    );
    assert.match(service.log, /WARN .*certificate is NOT verified.* source=lax /);
    assert.equal((await service.stop()).code, 0);
  },
);
