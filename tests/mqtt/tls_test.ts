/** Certificates, against a real mosquitto: what is refused and why, what is shown, what is renewed. @module */
import assert from "node:assert/strict";
import { type SourceTls, tlsBroker } from "./tls_broker.ts";
import { explainTlsFault } from "../../src/mqtt/certificates.ts";
import { MqttSource } from "../../src/mqtt/source.ts";
import { loginFiles } from "../../src/mqtt/source_options.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { TestLog, testParts } from "../helpers/mqtt_fakes.ts";
import { waitUntil } from "../helpers/wait.ts";
import { CERTIFICATES as DIR } from "./tls_broker.ts";

const CA = { caFile: `${DIR}ca.crt` };
const CLIENT = { ...CA, certFile: `${DIR}client.crt`, keyFile: `${DIR}client.key` };
const ASKS = ["require_certificate true", "use_identity_as_username true"];

const AUTHORITY = Deno.readTextFileSync(`${DIR}ca.crt`);
const KEY = Deno.readTextFileSync(`${DIR}client.key`);
const NO_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n";

/** Deno 2.4 shows no certificate of ours, and trusts no authority of ours over wss. */
const LACKS = { ignore: Deno.version.deno.startsWith("2.4.") };

function source(url: string, tls: SourceTls, maxMs = 50) {
  const log = new TestLog();
  const parts = { ...testParts(), log };
  const clientId = `tls-${crypto.randomUUID().slice(0, 8)}`;
  const made = new MqttSource(
    { name: "s", topics: ["a"], clientId, url, tls, reconnect: { minMs: 10, maxMs } },
    parts,
  );
  return { made, log };
}

/** What a source says that cannot connect, once it has tried more than once. */
async function trouble(url: string, tls: SourceTls) {
  const { made, log } = source(url, tls);
  await using failing = made;
  await failing.start();
  // mosquitto opens its listeners one after the other.
  await waitUntil(
    () => {
      const { problem, failures } = failing.status();
      return failures > 1 && problem !== undefined && problem.reason !== "unreachable";
    },
    "trouble",
    30_000,
  );
  const { reason, detail } = failing.status().problem!;
  assert.ok(log.lines.some(({ level, fields }) => level === "warn" && fields["detail"] === detail));
  assert.equal(failing.status().connected, false);
  return `${reason}: ${detail}`;
}

const REFUSALS = [
  { name: "an expired certificate", shows: "expired", tls: CA, says: /expired/ },
  {
    name: "a certificate for another host",
    shows: "wrong_host",
    tls: CA,
    says: /for another name .*other\.example/,
  },
  {
    name: "a certificate of a foreign authority",
    shows: "other_server",
    tls: CA,
    says: /whoever signed .* is not trusted; name an authority of your own in tls\.ca_file/,
  },
  {
    name: "a certificate of an authority of one's own, without ca_file",
    shows: "server",
    tls: {},
    says: /whoever signed .* is not trusted/,
  },
] as const;

for (const scheme of ["mqtts", "wss"] as const) {
  const skip = scheme === "wss" ? LACKS : {};
  for (const { name, shows, tls, says } of REFUSALS) {
    mosquittoTest(`MqttSource refuses ${name} over ${scheme}, and says why`, async () => {
      const { broker, url } = await tlsBroker(scheme, shows);
      await using _ = broker;
      const said = await trouble(url, tls);
      assert.match(said, /^tls: no trusted connection to (mqtts|wss):\/\/localhost:\d+(\/mqtt)?: /);
      assert.match(said, says);
    }, skip);
  }

  mosquittoTest(`MqttSource says over ${scheme} that the broker wants a certificate`, async () => {
    const { broker, url } = await tlsBroker(scheme, "server", ASKS);
    await using _ = broker;
    assert.match(
      await trouble(url, CA),
      /^tls: .*wants to see a certificate of ours; set tls\.cert/,
    );
  }, skip);

  mosquittoTest(
    `MqttSource shows its certificate over ${scheme}, the new one next time`,
    async () => {
      const { broker, url } = await tlsBroker(scheme, "server", ASKS);
      await using _ = broker;
      const certFile = broker.scratch.file("own.crt");
      const keyFile = broker.scratch.file("own.key");
      const renew = (name: string) => {
        Deno.copyFileSync(`${DIR}${name}.crt`, certFile);
        Deno.copyFileSync(`${DIR}${name}.key`, keyFile);
      };
      renew("client");
      const { made } = source(url, { ...CA, certFile, keyFile });
      await using connected = made;
      await connected.start();
      await waitUntil(() => connected.status().subscribed, "it is known", 30_000);
      await waitUntil(async () => /u'client'/.test(await broker.log()), "by its name");
      // A renewal cuts nothing; the next connection comes with what is there then.
      renew("other_client");
      connected.forceReconnect();
      await waitUntil(() => connected.status().reconnects === 1, "again");
      await waitUntil(async () => /u'other-client'/.test(await broker.log()), "by its new name");
    },
    LACKS,
  );

  mosquittoTest(`MqttSource says over ${scheme} that its certificate is not taken`, async () => {
    const { broker, url } = await tlsBroker(scheme, "server", ASKS);
    await using _ = broker;
    const foreign = { ...CA, certFile: `${DIR}other_server.crt`, keyFile: `${DIR}server.key` };
    assert.match(await trouble(url, foreign), /^tls: .*does not accept our certificate \(\w+\)/);
  }, LACKS);
}

mosquittoTest("MqttSource says that a key is not that of its certificate", async () => {
  const { broker, url } = await tlsBroker("mqtts", "server", ASKS);
  await using _ = broker;
  const said = await trouble(url, { ...CLIENT, keyFile: `${DIR}server.key` });
  assert.match(said, /^credentials_file: .*server\.key is not that of .*client\.crt$/);
});

for (
  const [setting, name, text, says] of [
    ["caFile", "ca_file", "nothing of the kind\n", /holds no certificate; expected is PEM/],
    ["caFile", "ca_file", KEY, /holds no certificate; expected is PEM/],
    ["caFile", "ca_file", NO_CERTIFICATE, /holds a certificate that cannot be read/],
    [
      "caFile",
      "ca_file",
      AUTHORITY + NO_CERTIFICATE,
      /holds 2 certificates, of which number 2 cannot be read/,
    ],
    ["certFile", "cert_file", KEY, /holds no certificate; expected is PEM/],
    ["keyFile", "key_file", AUTHORITY, /holds no private key; expected is PEM/],
  ] as const
) {
  mosquittoTest(
    `MqttSource says that a ${name} ${says.source}, though the broker asks for none`,
    async () => {
      const { broker, url } = await tlsBroker("mqtts", "server");
      await using _ = broker;
      const file = broker.scratch.file("wrong.pem");
      Deno.writeTextFileSync(file, text);
      const said = await trouble(url, { ...CLIENT, [setting]: file });
      assert.ok(
        said.startsWith(
          `credentials_file: what the connection needs cannot be read: ${file} (tls.${name}) `,
        ),
        said,
      );
      assert.match(said, says);
    },
  );
}

mosquittoTest(
  "MqttSource takes bundles with text between certificates, as they are made",
  async () => {
    const { broker, url } = await tlsBroker("mqtts", "server");
    await using _ = broker;
    const caFile = broker.scratch.file("bundle.pem");
    const other = Deno.readTextFileSync(`${DIR}other_ca.crt`);
    for (
      const text of [
        `# Another\n${other}\n# Ours\n${AUTHORITY}`,
        AUTHORITY.replaceAll("\n", "\r\n"),
        // As some editors save it.
        `\ufeff${AUTHORITY}`,
      ]
    ) {
      Deno.writeTextFileSync(caFile, text);
      const { made } = source(url, { caFile });
      await using connected = made;
      await connected.start();
      await waitUntil(() => connected.status().subscribed, "our authority is found", 30_000);
    }
  },
);

mosquittoTest("MqttSource tries at once when a file has changed that it waits for", async () => {
  const { broker, url } = await tlsBroker("mqtts", "other_server");
  await using _ = broker;
  const caFile = broker.scratch.file("trusted.crt");
  Deno.copyFileSync(`${DIR}ca.crt`, caFile);
  // Nobody waits for the next attempt here: it is due in half an hour or later.
  const { made, log } = source(url, { caFile }, 3_600_000);
  await using waiting = made;
  await waiting.start();
  await waitUntil(() => waiting.status().problem?.reason === "tls", "it is refused", 30_000);
  // As an ACME client does it: a new file takes the place of the old one.
  Deno.copyFileSync(`${DIR}other_ca.crt`, `${caFile}.new`);
  Deno.renameSync(`${caFile}.new`, caFile);
  await waitUntil(() => waiting.status().subscribed, "the new authority counts", 30_000);
  assert.ok(log.lines.some(({ message }) => /file of the connection has changed/.test(message)));
  assert.equal(waiting.status().problem, undefined);
});

mosquittoTest(
  "MqttSource with `verify: false` takes an expired certificate, and warns",
  async () => {
    const { broker, url } = await tlsBroker("mqtts", "expired");
    await using _ = broker;
    const { made, log } = source(url, { verify: false });
    await using connected = made;
    await connected.start();
    await waitUntil(() => connected.status().subscribed, "connected all the same", 30_000);
    const [first] = log.lines;
    assert.equal(first!.level, "warn");
    assert.match(
      first!.message,
      /certificate is NOT verified: anybody on the way can read and change/,
    );
  },
);

mosquittoTest(
  "MqttSource does not warn of `verify: false` where nothing is encrypted",
  async () => {
    await using broker = await Mosquitto.start();
    const { made, log } = source(broker.url, { verify: false });
    await using connected = made;
    await connected.start();
    await waitUntil(() => connected.status().subscribed, "connected");
    assert.ok(log.lines.every(({ level }) => level !== "warn"));
  },
);

mosquittoTest("MqttSource reads no file of TLS where nothing is encrypted", async () => {
  await using broker = await Mosquitto.start();
  const missing = broker.scratch.file("missing.pem");
  const tls = { caFile: missing, certFile: missing, keyFile: missing };
  const { made, log } = source(broker.url, tls);
  await using connected = made;
  await connected.start();
  await waitUntil(() => connected.status().subscribed, "connected all the same");
  assert.ok(log.lines.every(({ level }) => level !== "warn"));
  const options = { name: "s", topics: ["a"], clientId: "c", tls };
  for (const scheme of ["mqtt", "ws"]) {
    assert.deepEqual(loginFiles({ ...options, url: `${scheme}://b` }), []);
  }
  for (const scheme of ["mqtts", "wss"]) {
    assert.deepEqual(loginFiles({ ...options, url: `${scheme}://b` }), [missing, missing, missing]);
  }
});

Deno.test("explainTlsFault() says what each kind of complaint means", () => {
  const error = (code: string, message: string) => Object.assign(new Error(message), { code });
  const certificate = { validFrom: 0, validTo: 1e12, issuer: "A", seenAt: 5e11 };
  const cases: [Error, RegExp, Parameters<typeof explainTlsFault>[1]?][] = [
    [error("CERT_HAS_EXPIRED", "certificate has expired"), /has expired/],
    [error("", "invalid peer certificate: Expired"), /has expired/],
    [error("CERT_NOT_YET_VALID", "x"), /not valid yet; is this machine's clock right/],
    [error("", "certificate not valid yet: verification time 5"), /not valid yet/],
    [error("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "x"), /\(A\) is not trusted/, certificate],
    [
      error("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "x"),
      /expired on 2001-09-09/,
      { ...certificate, seenAt: 2e12 },
    ],
    [
      error("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "x"),
      /not valid yet/,
      { ...certificate, validFrom: 6e11 },
    ],
    [error("", "received fatal alert: CertificateExpired"), /our certificate has expired/],
    [error("", "received fatal alert: CertificateRevoked"), /not accept .*\(CertificateRevoked\)/],
    [error("", "received fatal alert: HandshakeFailure"), /HandshakeFailure/],
  ];
  for (const [fault, says, seen] of cases) assert.match(explainTlsFault(fault, seen), says);
});
