/** Logging in with tokens: over wss, renewed, refused, and never shown. @module */
import assert from "node:assert/strict";
import { CERTIFICATES } from "./tls_broker.ts";
import { TokenBroker, type TokenBrokerOptions } from "./token_broker.ts";
import { systemClock } from "../../src/capture/clock.ts";
import { deleteSession } from "../../src/mqtt/delete_session.ts";
import { MqttSource, type MqttSourceOptions } from "../../src/mqtt/source.ts";
import { parsePrivateKey } from "../../src/mqtt/ed25519_key.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { TestLog, testParts } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { waitUntil } from "../helpers/wait.ts";

/** An expanded key: MeshCore's kind. */
const PRIVATE = "4a".repeat(31) + "40" + "5b".repeat(32);
const parsed = parsePrivateKey(PRIVATE);
assert.ok(typeof parsed === "object");
const USERNAME = `v1_${parsed.publicKey}`;
const HOUR_MS = 3_600_000;

const OLD = Deno.version.deno.startsWith("2.4.");

/** A test; Deno 2.4 trusts no authority of ours over wss, and keeps the broker's sockets too long. */
function tokenTest(name: string, fn: () => Promise<void>, wss = false): void {
  Deno.test({ name, fn, ignore: wss && OLD, sanitizeOps: !OLD, sanitizeResources: !OLD });
}

async function setUp(over: {
  scheme?: "ws" | "wss";
  token?: MqttSourceOptions["token"];
  broker?: Partial<TokenBrokerOptions>;
} = {}) {
  const clock = new ManualClock();
  const broker = await TokenBroker.start({ now: () => clock.now(), ...over.broker });
  const log = new TestLog();
  const parts = { ...testParts(), log, clock };
  const source = new MqttSource({
    name: "token",
    url: broker.listen(over.scheme ?? "ws"),
    topics: ["meshcore/#"],
    clientId: "token-test",
    protocol: "3.1.1",
    token: { privateKey: PRIVATE, ...over.token },
    tls: { caFile: `${CERTIFICATES}ca.crt` },
    reconnect: { minMs: 1000, maxMs: HOUR_MS },
  }, parts);
  return {
    clock,
    broker,
    log,
    parts,
    source,
    async [Symbol.asyncDispose]() {
      // Its goodbye has a deadline on a clock that stands still.
      const disposed = source[Symbol.asyncDispose]();
      await clock.advance(2000);
      await disposed;
      await broker[Symbol.asyncDispose]();
    },
  };
}

/** Everything that was said of a source, where no secret may be. */
function told({ log, source }: { log: TestLog; source: MqttSource }): string {
  return JSON.stringify(log.lines) + JSON.stringify(source.status());
}

for (const scheme of ["ws", "wss"] as const) {
  tokenTest(
    `MqttSource logs in over ${scheme} with a token that Web Crypto verifies`,
    async () => {
      await using test = await setUp({ scheme });
      const { source, broker, clock, parts } = test;
      await source.start();
      await waitUntil(() => source.status().subscribed, "subscribed", 30_000);
      const [login] = broker.logins;
      const iat = Math.floor(clock.now() / 1000);
      assert.equal(login!.username, USERNAME);
      assert.deepEqual(login!.claims, {
        publicKey: parsed.publicKey,
        aud: "localhost",
        iat,
        exp: iat + 3600,
      });
      await broker.publish("meshcore/SJC/x/packets", "{}");
      await waitUntil(() => parts.sink.all.length === 1, "a message");
      const everything = told(test);
      assert.ok(!everything.includes(PRIVATE) && !everything.includes(login!.token));
    },
    scheme === "wss",
  );
}

tokenTest("MqttSource shows a new token at every connection", async () => {
  await using test = await setUp({ token: { lifetimeSeconds: 600 } });
  const { source, broker, clock } = test;
  await source.start();
  for (let n = 1; n <= 3; n++) {
    await waitUntil(() => source.status().subscribed && broker.logins.length === n, `login ${n}`);
    // The token of the connection before would be refused by now.
    await clock.advance(601_000);
    source.forceReconnect();
    await waitUntil(() => broker.logins.length > n, `login ${n + 1}`);
  }
  assert.ok(broker.logins.every(({ accepted }) => accepted));
  const times = broker.logins.map(({ claims }) => Number(claims["exp"]));
  assert.deepEqual(times, times.toSorted((a, b) => a - b));
  assert.equal(new Set(times).size, times.length);
});

tokenTest(
  "MqttSource takes the end of its token for no trouble, and comes with a new one",
  async () => {
    await using test = await setUp();
    const { source, broker, clock, log } = test;
    await source.start();
    await waitUntil(() => source.status().subscribed, "subscribed");
    await clock.advance(HOUR_MS);
    assert.equal(
      broker.logins.length,
      1,
      "a connection outlives its token where the broker lets it",
    );
    broker.dropClients();
    // No clock is turned: there is no waiting.
    await waitUntil(() => broker.logins.length === 2 && source.status().subscribed, "again");
    assert.equal(source.status().problem, undefined);
    assert.equal(source.status().failures, 0);
    assert.ok(log.lines.every(({ level }) => level !== "warn"));
    assert.ok(log.lines.some(({ message }) => /token came to its end/.test(message)));
    // Long before the end it is trouble like any other.
    broker.dropClients();
    await waitUntil(() => source.status().problem?.reason === "connection_lost", "trouble");
  },
);

tokenTest("MqttSource reconnects before its token expires where that is wished", async () => {
  await using test = await setUp({ token: { reconnectBeforeExpiry: true } });
  const { source, broker, clock } = test;
  await source.start();
  await waitUntil(() => source.status().subscribed, "subscribed");
  await clock.advance(HOUR_MS - 61_000);
  assert.equal(broker.logins.length, 1);
  await clock.advance(2000);
  await waitUntil(() => broker.logins.length === 2 && source.status().subscribed, "a new token");
  const [old, renewed] = broker.logins.map(({ claims }) => Number(claims["exp"]) * 1000);
  assert.ok(clock.now() < old! && renewed! > old!);
  assert.equal(source.status().problem, undefined);
});

tokenTest(
  "MqttSource says whose token is refused, for whom, and shows neither token nor key",
  async () => {
    await using test = await setUp({ broker: { audience: "somebody.else" } });
    const { source, broker } = test;
    await source.start();
    await waitUntil(() => source.status().problem !== undefined, "refused");
    const { reason, detail } = source.status().problem!;
    assert.equal(reason, "credentials_refused");
    assert.match(detail, new RegExp(`refuses the token of ${USERNAME} for localhost; .*clock\\?$`));
    const everything = told(test);
    assert.ok(!everything.includes(PRIVATE) && !everything.includes(broker.logins[0]!.token));
  },
);

tokenTest("MqttSource names an audience of its own, or none", async () => {
  await using named = await setUp({ token: { audience: "b" }, broker: { audience: "b" } });
  await named.source.start();
  await waitUntil(() => named.source.status().subscribed, "accepted");
  await using none = await setUp({ token: { audience: "" } });
  await none.source.start();
  await waitUntil(() => none.broker.logins.length > 0, "a login");
  assert.ok(!("aud" in none.broker.logins[0]!.claims));
});

tokenTest("MqttSource says so when a broker lets the owner of a token publish only", async () => {
  await using test = await setUp({ broker: { publishOnly: true } });
  await test.source.start();
  // Once would be a line that broke.
  await waitUntil(async () => {
    await test.clock.advance(1000);
    return test.source.status().problem?.reason === "subscription_refused";
  }, "thrown out again and again");
});

tokenTest(
  "MqttSource waits for a file with a key, and says what is wrong without showing it",
  async () => {
    using scratch = new Scratch("token");
    const privateKeyFile = scratch.file("key");
    const publicKey = "AB".repeat(32);
    await using test = await setUp({ token: { privateKeyFile, publicKey } });
    const { source, clock } = test;
    const problem = async (pattern: RegExp) => {
      await waitUntil(async () => {
        await clock.advance(100);
        return pattern.test(source.status().problem?.detail ?? "");
      }, `${pattern}`);
      assert.equal(source.status().problem!.reason, "credentials_file");
    };
    await source.start();
    await problem(/cannot be read: .*(no such file|ENOENT)/i);
    Deno.writeTextFileSync(privateKeyFile, "1f".repeat(20));
    await problem(/what .*key holds has 40 hexadecimal digits, not 128/);
    Deno.writeTextFileSync(privateKeyFile, `${PRIVATE}\n`);
    await problem(new RegExp(`is the key of ${parsed.publicKey}, not of ${publicKey}`));
    assert.ok(!told(test).includes("1f1f") && !told(test).includes(PRIVATE));
  },
);

tokenTest("deleteSession() logs in with a token, too", async () => {
  await using broker = await TokenBroker.start({ now: () => Date.now() });
  const result = await deleteSession({
    url: broker.listen("ws"),
    clientId: "token-test",
    protocol: "3.1.1",
    token: { privateKey: PRIVATE },
  }, systemClock);
  assert.deepEqual(result, { kind: "deleted", existed: false });
  assert.ok(broker.logins.length === 2 && broker.logins.every(({ accepted }) => accepted));
});
