/** What MqttSource does when a broker refuses, disturbs or ends it. */
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { MqttSource, type MqttSourceOptions } from "../../src/mqtt/source.ts";
import { PASSWORDS } from "../helpers/deploy_broker.ts";
import { dynamicSecurityPlugin, freePort, Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { security } from "../helpers/mosquitto_security.ts";
import { acknowledge, Publisher, TestLog, testParts, TestSink } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { waitUntil } from "../helpers/wait.ts";

const QUICK = { minMs: 10, maxMs: 60 };
const BASE = { name: "test", topics: ["msh/#"], clientId: "capture-test", reconnect: QUICK };

const WITH_PASSWORDS = {
  whole: true,
  files: { passwords: PASSWORDS },
} as const;
const PASSWORD_LINES = [
  "listener %PORT% 127.0.0.1",
  "allow_anonymous false",
  "password_file %DIR%/passwords",
];

async function until(source: MqttSource, reason: string): Promise<void> {
  await waitUntil(() => source.status().problem?.reason === reason, `the source says ${reason}`);
}

for (const protocol of ["3.1.1", "5"] as const) {
  mosquittoTest(
    `MqttSource says that the password is wrong, and recovers at ${protocol}`,
    async () => {
      await using broker = await Mosquitto.start(PASSWORD_LINES, WITH_PASSWORDS);
      using scratch = new Scratch();
      const passwordFile = scratch.file("password");
      Deno.writeTextFileSync(passwordFile, "wrong\n");
      const log = new TestLog();
      await using source = new MqttSource(
        { ...BASE, url: broker.url, protocol, username: "capture", passwordFile },
        { ...testParts(), log },
      );
      await source.start();
      await until(source, "credentials_refused");
      assert.match(source.status().problem!.detail, /refuses the user name capture/);
      const { failures } = source.status();
      await waitUntil(() => source.status().failures > failures + 1, "it goes on trying");
      const warnings = log.lines.filter(({ level }) => level === "warn");
      assert.equal(warnings.length, 1, "one warning, not one for each attempt");
      assert.doesNotMatch(JSON.stringify(log.lines), /wrong/);
      Deno.writeTextFileSync(passwordFile, "right:pass word\n");
      await waitUntil(() => source.status().subscribed, "the new password works");
      assert.equal(source.status().problem, undefined);
    },
  );

  mosquittoTest(
    `MqttSource keeps what is granted and names what is refused at ${protocol}`,
    async () => {
      const plugin = dynamicSecurityPlugin();
      assert.ok(plugin, "mosquitto comes with its dynamic security plugin");
      await using broker = await Mosquitto.start(
        [`plugin ${plugin}`, "plugin_opt_config_file %DIR%/security.json"],
        { files: { "security.json": security(["msh/allowed/#"]) } },
      );
      const parts = testParts();
      await using source = new MqttSource({
        ...BASE,
        url: broker.url,
        protocol,
        topics: ["msh/allowed/#", "msh/denied/#", "msh/wrong#"],
        resubscribeMs: 50,
      }, parts);
      await source.start();
      await until(source, "subscription_refused");
      const status = source.status();
      assert.match(status.problem!.detail, /msh\/denied\/#, msh\/wrong#/);
      assert.doesNotMatch(status.problem!.detail, /allowed/);
      assert.equal(status.connected, true);
      assert.equal(status.subscribed, false);
      assert.equal(status.grantedQos, 1);
      await using publisher = await Publisher.connect(broker.port);
      await publisher.publish("msh/allowed/a", "1");
      await waitUntil(() => parts.sink.all.length === 1, "what is granted arrives");
      assert.equal(source.status().reconnects, 0);
    },
  );
}

// mosquitto 2.0.11 hangs up without MQTT 5's reason, so at either version only the pattern tells.
for (const protocol of ["3.1.1", "5"] as const) {
  mosquittoTest(
    `MqttSource suspects a rival, until a connection lasts, at ${protocol}`,
    async () => {
      await using broker = await Mosquitto.start();
      const log = new TestLog();
      await using source = new MqttSource(
        { ...BASE, url: broker.url, protocol, stableMs: 500 },
        { ...testParts(), log },
      );
      await source.start();
      for (let i = 0; i < 3; i++) {
        await waitUntil(() => source.status().subscribed, "subscribed");
        assert.notEqual(source.status().problem?.reason, "taken_over");
        await using _rival = await Publisher.connect(broker.port, { clientId: BASE.clientId });
        await waitUntil(
          () => source.status().reconnects > i || !source.status().subscribed,
          "ended",
        );
      }
      await until(source, "taken_over");
      assert.match(
        source.status().problem!.detail,
        /either another client uses our client id capture-test .*, or the line is bad/,
      );
      assert.ok(log.lines.some((line) => line.fields["reason"] === "taken_over"));
      await waitUntil(() => source.status().problem === undefined, "a stable connection");
      assert.equal(source.status().connected, true);
    },
  );
}

mosquittoTest("MqttSource takes user information from its address and never shows it", async () => {
  await using broker = await Mosquitto.start(PASSWORD_LINES, WITH_PASSWORDS);
  const log = new TestLog();
  const url = `mqtt://capture:right%3Apass%20word@127.0.0.1:${broker.port}/?secret`;
  await using source = new MqttSource({ ...BASE, url }, { ...testParts(), log });
  await source.start();
  await waitUntil(() => source.status().subscribed, "subscribed");
  assert.equal(source.status().url, `mqtt://127.0.0.1:${broker.port}/`);
  assert.equal(source.status().protocol, "5", "auto begins with 5");
  assert.doesNotMatch(JSON.stringify([log.lines, source.status()]), /right|pass|secret/);
});

mosquittoTest("MqttSource reports a password file that cannot be read, and recovers", async () => {
  await using broker = await Mosquitto.start(PASSWORD_LINES, WITH_PASSWORDS);
  using scratch = new Scratch();
  const passwordFile = scratch.file("later");
  await using source = new MqttSource(
    { ...BASE, url: broker.url, username: "capture", passwordFile },
    testParts(),
  );
  await source.start();
  await until(source, "credentials_file");
  Deno.writeTextFileSync(passwordFile, "right:pass word");
  await waitUntil(() => source.status().subscribed, "subscribed");
});

mosquittoTest("MqttSource.stopReading() lets acknowledgements out but no message in", async () => {
  await using broker = await Mosquitto.start();
  const parts = testParts();
  const options: MqttSourceOptions = { ...BASE, url: broker.url };
  await using publisher = await Publisher.connect(broker.port);
  {
    await using source = new MqttSource(options, parts);
    await source.start();
    await waitUntil(() => source.status().subscribed, "subscribed");
    await publisher.publish("msh/a", "1");
    await waitUntil(() => parts.sink.all.length === 1, "the first message");
    source.stopReading();
    await publisher.publish("msh/a", "2");
    assert.equal(source.status().paused, true);
    acknowledge(parts.sink.take());
    assert.equal(source.status().withheldAcks, 0);
  }
  assert.equal(parts.sink.all.length, 1);
  await publisher.publish("msh/a", "3");
  await using again = new MqttSource(options, parts);
  await again.start();
  await waitUntil(() => parts.sink.all.length >= 3, "the session went on without us");
  assert.deepEqual(parts.sink.texts(), ["1", "2", "3"], "and the first is not delivered again");
  assert.deepEqual(parts.ledger.connections, [false, true]);
});

mosquittoTest("MqttSource with `clean` leaves the session of its namesake alone", async () => {
  await using broker = await Mosquitto.start();
  const parts = testParts();
  const shadowParts = testParts();
  await using source = new MqttSource({ ...BASE, url: broker.url }, parts);
  await source.start();
  await waitUntil(() => source.status().subscribed, "subscribed");
  const shadow = { ...BASE, url: broker.url, clean: true, clientIdSuffix: "-shadow" };
  await using other = new MqttSource(shadow, shadowParts);
  await other.start();
  await waitUntil(() => other.status().subscribed, "the shadow is subscribed");
  assert.equal(other.status().clientId, "capture-test-shadow");
  other.forceReconnect();
  await waitUntil(() => shadowParts.ledger.connections.length === 2, "the shadow reconnects");
  assert.deepEqual(shadowParts.ledger.connections, [false, false]);
  assert.equal(source.status().reconnects, 0);
  assert.equal(source.status().connected, true);
});

mosquittoTest("MqttSource reports QoS 2 as 1, and QoS 0 without acknowledger", async () => {
  await using broker = await Mosquitto.start();
  const parts = testParts();
  const received: unknown[] = [];
  await using source = new MqttSource({ ...BASE, url: broker.url, qos: 2 }, {
    ...parts,
    events: { onReceived: (...what) => received.push(what) },
  });
  await source.start();
  await waitUntil(() => source.status().subscribed, "subscribed");
  assert.equal(source.status().grantedQos, 1);
  await using publisher = await Publisher.connect(broker.port);
  await publisher.publish("msh/a", "zero", { qos: 0 });
  await publisher.publish("msh/a", "one!!", { qos: 1 });
  await waitUntil(() => parts.sink.all.length === 2, "both");
  const [zero, one] = parts.sink.all;
  assert.equal(zero!.message.qos, 0);
  assert.equal(zero!.acknowledger, undefined);
  assert.equal(zero!.message.messageId, undefined);
  assert.equal(zero!.digest, 0n);
  assert.equal(one!.message.qos, 1);
  assert.deepEqual(received, [[0, 4, "offered"], [1, 5, "offered"]]);
});

for (const protocol of ["3.1.1", "5"] as const) {
  mosquittoTest(`MqttSource takes a retained message once at ${protocol}`, async () => {
    await using broker = await Mosquitto.start();
    await using publisher = await Publisher.connect(broker.port);
    await publisher.publish("msh/a", "kept", { retain: true });
    const known = new Map<string, bigint>();
    const parts = testParts();
    await using source = new MqttSource({ ...BASE, url: broker.url, protocol }, {
      ...parts,
      retained: { isKnown: (topic, digest) => known.get(topic) === digest },
    });
    await source.start();
    await waitUntil(() => parts.sink.all.length === 1, "the retained message");
    const [first] = parts.sink.all;
    assert.equal(first!.message.retained, true);
    known.set("msh/a", first!.digest);
    acknowledge(parts.sink.take());
    source.forceReconnect();
    await waitUntil(() => source.status().reconnects === 1, "a second connection");
    await waitUntil(() => source.status().subscribed, "subscribed again");
    if (protocol === "3.1.1") {
      await waitUntil(() => source.status().retainedSkipped === 1, "it comes again and is skipped");
      assert.equal(parts.sink.all[1]!.duplicate, true);
      assert.equal(
        source.status().withheldAcks,
        1,
        "acknowledged in its turn, after the first copy",
      );
    }
    await publisher.publish("msh/a", "changed", { retain: true });
    const fresh = () => parts.sink.all.filter((one) => !one.duplicate);
    await waitUntil(() => fresh().length === 2, "the new one");
    const changed = fresh()[1]!.message;
    assert.equal(new TextDecoder().decode(changed.payload), "changed");
    assert.equal(changed.retained, false, "published now, not from store");
    assert.equal(source.status().retainedSkipped, protocol === "3.1.1" ? 1 : 0);
    acknowledge(parts.sink.take());
    assert.equal(source.status().withheldAcks, 0);
  });
}

/** A server that answers every CONNECT with `answer(version)` and then hangs up, or not. */
async function fakeBroker(
  answer: (version: number, socket: Socket) => void,
): Promise<{ port: number } & AsyncDisposable> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    // Byte 8 of a CONNECT with a one-byte length is the protocol version.
    socket.once("data", (data: Uint8Array) => answer(data[8]!, socket));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      // On Deno 2.4 the server says so in a turn of its own.
      await new Promise((resolve) => setTimeout(resolve, 0));
    },
  };
}

function accept(socket: Socket): void {
  socket.write(Uint8Array.of(0x20, 2, 0, 0));
  socket.on("data", (data: Uint8Array) => {
    if (data[0] === 0x82) socket.write(Uint8Array.of(0x90, 3, data[2]!, data[3]!, 1));
  });
}

for (const manner of ["refuses it in 3.1.1's words", "hangs up"] as const) {
  Deno.test(`MqttSource falls back to 3.1.1 when the broker ${manner}`, async () => {
    const versions: number[] = [];
    await using broker = await fakeBroker((version, socket) => {
      versions.push(version);
      if (version === 4) return accept(socket);
      if (manner === "hangs up") socket.destroy();
      else socket.end(Uint8Array.of(0x20, 2, 0, 1));
    });
    await using source = new MqttSource(
      { ...BASE, url: `mqtt://127.0.0.1:${broker.port}` },
      testParts(),
    );
    await source.start();
    await waitUntil(() => source.status().subscribed, "subscribed");
    assert.equal(source.status().protocol, "3.1.1");
    assert.deepEqual(versions, [5, 4]);
  });
}

Deno.test("MqttSource names a rival at once when an MQTT 5 broker says so", async () => {
  let connections = 0;
  await using broker = await fakeBroker((_version, socket) => {
    connections++;
    socket.write(Uint8Array.of(0x20, 3, 0, 0, 0));
    socket.on("data", (data: Uint8Array) => {
      if (data[0] !== 0x82) return;
      socket.write(Uint8Array.of(0x90, 4, data[2]!, data[3]!, 0, 1));
      if (connections === 1) socket.end(Uint8Array.of(0xe0, 1, 0x8e));
    });
  });
  await using source = new MqttSource(
    { ...BASE, url: `mqtt://127.0.0.1:${broker.port}`, protocol: "5" },
    testParts(),
  );
  await source.start();
  await until(source, "taken_over");
  await waitUntil(() => source.status().subscribed, "it comes back");
  assert.equal(source.status().problem?.reason, "taken_over", "one subscription proves nothing");
});

Deno.test("MqttSource suspects its subscription when the broker hangs up on it again and again", async () => {
  const reasons: string[] = [];
  await using broker = await fakeBroker((_version, socket) => {
    socket.write(Uint8Array.of(0x20, 2, 0, 0));
    // One cut between CONNACK and SUBACK is a bad line, and no word of the broker's.
    socket.on("data", (data: Uint8Array) => {
      if (data[0] === 0x82) socket.end();
    });
  });
  const url = `mqtt://127.0.0.1:${broker.port}`;
  await using source = new MqttSource({ ...BASE, url, protocol: "3.1.1" }, {
    ...testParts(),
    events: {
      onStateChange: ({ problem }) => {
        if (problem !== undefined && problem.reason !== reasons.at(-1)) {
          reasons.push(problem.reason);
        }
      },
    },
  });
  await source.start();
  await until(source, "subscription_refused");
  assert.deepEqual(reasons, ["connection_lost", "subscription_refused"]);
});

Deno.test("MqttSource stops the sender by TCP itself while its sink is full", async () => {
  const body = new Uint8Array(60_000);
  const head = [0x30, 0xe7, 0xd4, 0x03, 0, 5, ..."msh/a"].map((c) =>
    typeof c === "string" ? c.charCodeAt(0) : c
  );
  const publish = Uint8Array.from([...head, ...body]);
  let sent = 0;
  let lastAt = 0;
  await using broker = await fakeBroker((_version, socket) => {
    accept(socket);
    const flood = () => {
      if (socket.destroyed) return;
      sent++;
      lastAt = performance.now();
      socket.write(publish, () => setTimeout(flood, 0));
    };
    flood();
  });
  const parts = testParts({ sink: new TestSink(3) });
  await using source = new MqttSource(
    { ...BASE, url: `mqtt://127.0.0.1:${broker.port}`, protocol: "3.1.1" },
    parts,
  );
  await source.start();
  await waitUntil(() => parts.sink.full, "the sink is full");
  await waitUntil(() => performance.now() - lastAt > 500, "the sender is stuck");
  // What the system buffers for a loopback connection differs, but has an end.
  assert.ok(sent * publish.length < 32e6, `${sent} messages of ${publish.length} bytes`);
  assert.equal(parts.sink.all.length, 3);
  parts.sink.take();
  await waitUntil(() => parts.sink.all.length === 6, "it goes on");
});

Deno.test("MqttSource says which version is refused when told to use it", async () => {
  await using broker = await fakeBroker((_version, socket) => {
    socket.end(Uint8Array.of(0x20, 3, 0, 132, 0));
  });
  await using source = new MqttSource(
    { ...BASE, url: `mqtt://127.0.0.1:${broker.port}`, protocol: "5" },
    testParts(),
  );
  await source.start();
  await until(source, "protocol_refused");
  assert.match(source.status().problem!.detail, /does not speak MQTT 5/);
});

Deno.test("MqttSource gives up after maxAttempts, the first connection included", async () => {
  const port = await freePort();
  await using source = new MqttSource({
    ...BASE,
    url: `mqtt://127.0.0.1:${port}`,
    reconnect: { ...QUICK, maxAttempts: 3 },
  }, testParts());
  await source.start();
  await until(source, "gave_up");
  assert.equal(source.status().failures, 3);
  assert.equal(source.status().connected, false);
});

Deno.test("MqttSource waits for a broker that is not there yet", async () => {
  const port = await freePort();
  await using source = new MqttSource(
    { ...BASE, url: `mqtt://127.0.0.1:${port}` },
    testParts(),
  );
  await source.start();
  await waitUntil(() => source.status().failures > 3, "some attempts");
  assert.equal(source.status().problem?.reason, "unreachable");
});

for (
  const [what, answer] of [
    ["nonsense", Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 1, 2, 3)],
    ["HTTP", new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["SSH", new TextEncoder().encode("SSH-2.0-OpenSSH_9.2\r\n")],
  ] as const
) {
  Deno.test(`MqttSource survives a server that talks ${what}, and says that it is no MQTT`, async () => {
    await using broker = await fakeBroker((_version, socket) => {
      socket.write(answer);
    });
    const url = `mqtt://127.0.0.1:${broker.port}`;
    await using source = new MqttSource({ ...BASE, url }, testParts());
    await source.start();
    await waitUntil(() => source.status().failures > 2, "it fails and tries again");
    assert.equal(source.status().connected, false);
    const { reason, detail } = source.status().problem!;
    assert.equal(reason, "protocol_error", detail);
    assert.ok(detail.startsWith(`${url} sent what is no MQTT: `), detail);
  });
}

mosquittoTest("MqttSource says that a port for WebSockets talks no MQTT", async () => {
  const port = await freePort();
  await using _broker = await Mosquitto.start([
    `listener ${port} 127.0.0.1`,
    "protocol websockets",
  ]);
  await using source = new MqttSource({ ...BASE, url: `mqtt://127.0.0.1:${port}` }, testParts());
  await source.start();
  await until(source, "protocol_error");
});

Deno.test("MqttSource calls a server unreachable that says nothing at all", async () => {
  await using broker = await fakeBroker(() => {});
  const url = `mqtt://127.0.0.1:${broker.port}`;
  await using source = new MqttSource({ ...BASE, url, connectTimeoutMs: 50 }, testParts());
  await source.start();
  await waitUntil(() => source.status().failures > 0, "it gives up waiting");
  assert.equal(source.status().problem?.reason, "unreachable");
});

Deno.test("MqttSource ends promptly while it waits, and while a server keeps silent", async () => {
  await using broker = await fakeBroker(() => {});
  const source = new MqttSource({ ...BASE, url: `mqtt://127.0.0.1:${broker.port}` }, testParts());
  await source.start();
  await source[Symbol.asyncDispose]();
  const waiting = new MqttSource({
    ...BASE,
    url: `mqtt://127.0.0.1:${await freePort()}`,
    reconnect: { minMs: 60_000, maxMs: 60_000 },
  }, { ...testParts(), random: () => 0.9 });
  await waiting.start();
  await waitUntil(() => waiting.status().failures === 1, "the first failure");
  await waiting[Symbol.asyncDispose]();
});

Deno.test("MqttSource.start() refuses an address that is none, without showing its secrets", async () => {
  const source = new MqttSource({ ...BASE, url: "gopher://me:hush@host" }, testParts());
  await assert.rejects(source.start(), (error: Error) => {
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /gopher/);
    assert.doesNotMatch(error.message, /hush/);
    return true;
  });
});
