import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { clockFindings } from "../../src/cli/clock_findings.ts";
import { databaseFindings, isHeld, roomFindings } from "../../src/cli/database_findings.ts";
import { sectionText } from "../../src/cli/findings.ts";
import type { ListeningResult } from "../../src/cli/listening.ts";
import { main } from "../../src/cli/main.ts";
import { sourceFindings } from "../../src/cli/source_findings.ts";
import { silentLog } from "../../src/capture/log.ts";
import { EmbeddedBroker } from "../../src/mqtt/embedded_broker.ts";
import type { SourceConfig } from "../../src/config/schema.ts";
import { WriterLock } from "../../src/storage/writer_lock.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";
import { freePort, Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { waitUntil } from "../helpers/wait.ts";
import { Scratch } from "../helpers/scratch.ts";

const source = {
  name: "home",
  url: "mqtt://broker",
  network: "meshtastic",
  topics: ["msh/#"],
  qos: 1,
} as unknown as SourceConfig;

/** Ten seconds of 20 messages, changed as a test wants. */
function result(
  heard: Partial<Record<keyof ListeningResult["heard"], unknown>> = {},
  over: Record<string, unknown> = {},
): ListeningResult {
  return {
    heard: {
      messages: 20,
      retained: 0,
      qos: [0, 20],
      topics: new Map([["msh/EU_868/2/e/LongFast/!1", 20]]),
      types: new Map([["POSITION_APP", 20]]),
      keys: new Map([["default", 20]]),
      unreadable: new Map(),
      drops: new Map(),
      clocks: new Map(),
      ...heard,
    },
    status: { subscribed: true, protocol: "5", url: "mqtt://broker", grantedQos: 1 },
    seconds: 10,
    ...over,
  } as unknown as ListeningResult;
}

const told = (one: ListeningResult, config: SourceConfig = source) => {
  const findings = sourceFindings(config, one, { ordinary: ["json_topic"] });
  return {
    findings,
    worst: ["bad", "look", "note", "good"].find((level) =>
      findings.some((finding) => finding.severity === level)
    ),
    text: sectionText({ title: "t", findings }).join("\n").replace(/\s+/g, " "),
  };
};

Deno.test("sourceFindings() is content with what comes at QoS 1 and can be read", () => {
  const { worst, text } = told(result());
  assert.equal(worst, "good");
  assert.match(text, /20 messages in 10 s, 2\.0 a second/);
  assert.match(text, /20 of 20 packets could be read \(20 POSITION_APP\); opened with 20 default/);
  assert.match(text, /all delivered at QoS 1: the broker keeps each message/);
});

Deno.test("sourceFindings() says what QoS 0 means, and whose doing it is", () => {
  const radio = told(result({ qos: [20, 0] }));
  assert.equal(radio.worst, "look");
  assert.match(radio.text, /all delivered at QoS 0, as radios publish.*upgrade_outgoing_qos true/);
  assert.match(told(result({ qos: [5, 15] })).text, /5 of 20 delivered at QoS 0/);
  const own = told(result({ qos: [20, 0] }), { ...source, qos: 0 });
  assert.match(own.text, /because the source says `qos: 0`/);
  const embedded = told(result({ qos: [20, 0] }), { ...source, url: "embedded://127.0.0.1:1" });
  assert.match(embedded.text, /published at QoS 0: 20.*acknowledged after it is stored/);
});

Deno.test("sourceFindings() tells silence from topics that match nothing", () => {
  const none = { messages: 0, qos: [0, 0], topics: new Map(), types: new Map() };
  const silent = told(result(none, { elsewhere: [] }));
  assert.equal(silent.worst, "look");
  assert.match(silent.text, /nothing came in 10 s under msh\/#.*--seconds 300/);
  const wrong = told(result(none, { elsewhere: ["mesh/EU/2/e/LongFast/!1"] }));
  assert.equal(wrong.worst, "bad");
  assert.match(wrong.text, /match nothing.*mesh\/EU\/2\/e\/LongFast\/!1.*msh\/# does not match/);
});

Deno.test("sourceFindings() names what could not be read and what would be dropped", () => {
  const { text } = told(result({
    unreadable: new Map([['decrypt: no key reads it: channel "Private" (hash 0x7a)', 7]]),
    drops: new Map([["json_topic", 3], ["oversized", 1]]),
  }));
  assert.match(text, /7 could not be read.*7 decrypt: no key reads it: channel "Private"/);
  assert.match(text, /meshcapture decrypt explain PACKET/);
  assert.match(text, /3 are no packets and are only counted: 3 json_topic/);
  assert.match(text, /1 would not be stored: 1 oversized/);
});

Deno.test("sourceFindings() explains why there is no connection", () => {
  const { worst, text } = told(result({}, {
    seconds: 0,
    status: {
      subscribed: false,
      url: "mqtt://broker",
      problem: { reason: "credentials_refused", detail: "mqtt://broker refuses the user name me" },
    },
  }));
  assert.equal(worst, "bad");
  assert.match(text, /refuses the user name me.*Compare username and password/);
});

Deno.test("sourceFindings() asks for the port where TLS may have met a broker without it", () => {
  const problem = { reason: "unreachable", detail: "the broker closed the connection" };
  const failed = result({}, { seconds: 0, status: { subscribed: false, problem } });
  assert.match(
    told(failed, { ...source, url: "mqtts://broker" }).text,
    /Is the port one for TLS\?/,
  );
  assert.doesNotMatch(told(failed).text, /TLS/);
});

Deno.test("clockFindings() knows whose clock is off: theirs, ours, or a time zone", () => {
  const clocks = (...offsets: number[]) =>
    new Map(offsets.map((offset, i) => [`!${i}`, [offset, offset + 1, offset - 1]]));
  assert.deepEqual(clockFindings(new Map()), []);
  assert.equal(clockFindings(clocks(1, -3, 10))[0]!.severity, "good");
  const theirs = clockFindings(clocks(0, 0, -3 * 86_400 - 3600, 1))[0]!;
  assert.equal(theirs.severity, "look");
  assert.match(theirs.text, /1 of 4 are off/);
  assert.deepEqual(theirs.lines, ["!2: 3 d 1 h behind"]);
  const zone = clockFindings(clocks(0, 7200, 1))[0]!;
  assert.match(zone.advice!, /time without its zone/);
  const ours = clockFindings(clocks(600, 601, 599, 602))[0]!;
  assert.equal(ours.severity, "bad");
  assert.match(ours.text, /this machine's clock is 10 min \d+ s behind/);
});

Deno.test("databaseFindings() looks at folder, file and holder, and leaves nothing behind", async () => {
  using scratch = new Scratch();
  const path = scratch.file("x.db");
  const fresh = await databaseFindings(path);
  assert.deepEqual(fresh.map((one) => one.severity), ["good"]);
  assert.match(fresh[0]!.text, /does not exist yet/);
  const away = await databaseFindings(scratch.file("no/where.db"));
  assert.equal(away[0]!.severity, "bad");
  assert.match(away[0]!.text, /folder .*no does not exist/);
  new DatabaseSync(path).close();
  Deno.writeTextFileSync(path, "");
  assert.match((await databaseFindings(path))[0]!.text, /nobody holds it/);
  {
    using _lock = WriterLock.acquire(path);
    assert.equal(isHeld(path), true);
    assert.match((await databaseFindings(path))[0]!.text, /a meshcapture is running and holds it/);
  }
  assert.equal(isHeld(path), false);
  const names = [...Deno.readDirSync(scratch.path)].map(({ name }) => name).sort();
  assert.deepEqual(names, ["x.db", "x.db.lock"]);
  assert.equal((await databaseFindings(scratch.path))[0]!.text, "is not a file");
});

Deno.test("roomFindings() warns before the disk is full, and says nothing where it may not ask", () => {
  assert.deepEqual(roomFindings(undefined), []);
  assert.deepEqual(roomFindings(5e9), []);
  assert.equal(roomFindings(3e8)[0]!.severity, "look");
  assert.equal(roomFindings(1e6)[0]!.severity, "bad");
  assert.match(roomFindings(1e6)[0]!.text, /1\.0 MB left/);
});

Deno.test("sectionText() lets no name move the cursor", () => {
  const lines = sectionText({
    title: "source \u001b[2J",
    findings: [{ severity: "look", text: "x\u001b[31m", lines: ["\u202eevil"] }],
  });
  const text = lines.join("\n");
  assert.ok(!text.includes("\u001b") && !text.includes("\u202e"), text);
});

Deno.test("check tells of a broker that is not there, and of an embedded one that could listen", async () => {
  using scratch = new Scratch();
  const [gone, free] = [await freePort(), await freePort()];
  const config = scratch.file("config.yaml");
  Deno.writeTextFileSync(
    config,
    JSON.stringify({
      sources: [
        { name: "gone", url: `mqtt://127.0.0.1:${gone}`, password: "geheim7", username: "u" },
        { name: "radio", url: `embedded://127.0.0.1:${free}` },
      ],
      meshtastic: { database: scratch.file("x.db") },
    }),
  );
  const terminal = new FakeTerminal();
  const checking = main(["check", "-c", config, "--source", "radio"], terminal);
  assert.equal(await checking, 0, terminal.out + terminal.err);
  assert.match(terminal.out, /could listen on 127\.0\.0\.1/);
  assert.match(terminal.out, /Nothing is wrong; 1 thing worth a look/);
  const strange = new FakeTerminal();
  assert.equal(await main(["check", "-c", config, "--source", "x"], strange), 2);
  assert.match(strange.err, /there are: gone, radio/);
  const session = new FakeTerminal();
  assert.equal(await main(["check", "-c", config, "--delete-session"], session), 2);
  assert.match(session.err, /needs --source/);
});

Deno.test("check finds nothing wrong with what init writes, where two sources share a broker", async () => {
  using scratch = new Scratch();
  const config = scratch.file("config.yaml");
  const writing = new FakeTerminal({ cwd: scratch.path });
  const port = String(await freePort());
  assert.equal(await main(["init", "--yes", "--port", port], writing), 0, writing.err);
  const terminal = new FakeTerminal();
  const databases = ["meshtastic", "meshcore"].flatMap((name) => [
    "--set",
    `${name}.database=${scratch.file(`${name}.db`)}`,
  ]);
  const checking = main(["check", "-c", config, ...databases], terminal);
  assert.equal(await checking, 0, terminal.out + terminal.err);
  const told = terminal.printed.filter((line) => line.includes(`could listen on 0.0.0.0:${port}`));
  assert.equal(told.length, 2, "each source says so");
  assert.ok(!terminal.out.includes("✗"), terminal.out);
});

function webSocketBroker(port: number): Promise<Mosquitto> {
  return Mosquitto.start([`listener ${port} 127.0.0.1`, "protocol websockets"]);
}

/** Path of a configuration with one source and a database that is not there. */
function configOf(scratch: Scratch, url: string): string {
  const path = scratch.file("config.yaml");
  const meshtastic = { database: scratch.file("x.db") };
  Deno.writeTextFileSync(path, JSON.stringify({ sources: [{ url }], meshtastic }));
  return path;
}

mosquittoTest("check says at once that a port for WebSockets talks no MQTT", async () => {
  using scratch = new Scratch();
  const port = await freePort();
  await using _broker = await webSocketBroker(port);
  const config = configOf(scratch, `mqtt://127.0.0.1:${port}`);
  const terminal = new FakeTerminal();
  const began = performance.now();
  assert.equal(await main(["check", "-c", config], terminal), 1, terminal.out);
  assert.ok(performance.now() - began < 9_000, "no time would change it");
  const text = terminal.out.replace(/\s+/g, " ");
  assert.match(text, /sent what is no MQTT: .* → What listens there .*WebSockets \(ws:\/\/\)/);
});

mosquittoTest("check shows no query of an address, for there may be a secret in it", async () => {
  using scratch = new Scratch();
  const port = await freePort();
  await using _broker = await webSocketBroker(port);
  const config = configOf(scratch, `ws://127.0.0.1:${port}/mqtt?token=geheim7`);
  for (const args of [[], ["--json"], ["--config-only"], ["--delete-session", "old-one"]]) {
    const terminal = new FakeTerminal();
    let ended = false;
    const checking = main(["check", "-c", config, ...args], terminal).finally(() => ended = true);
    await waitUntil(() => ended || terminal.listening === 1, "it listens");
    terminal.signal("SIGINT");
    assert.equal(await checking, 0, terminal.err);
    const all = terminal.out + terminal.err;
    assert.match(all, /ws:\/\/127\.0\.0\.1/, String(args));
    assert.ok(!all.includes("geheim7"), `${args}: ${all}`);
  }
});

Deno.test("check ends early at a signal, and tells what came by then", async () => {
  using scratch = new Scratch();
  await using broker = new EmbeddedBroker({ port: 0 }, silentLog);
  await broker.start();
  const config = scratch.file("config.yaml");
  Deno.writeTextFileSync(
    config,
    JSON.stringify({
      sources: [{ url: `mqtt://127.0.0.1:${broker.port}`, topics: ["msh/#"] }],
      meshtastic: { database: scratch.file("x.db") },
    }),
  );
  const terminal = new FakeTerminal();
  const checking = main(["check", "-c", config, "--seconds", "3600"], terminal);
  await waitUntil(() => broker.clients === 1, "it listens");
  await waitUntil(() => terminal.listening === 1, "it hears signals");
  terminal.signal("SIGINT");
  assert.equal(await checking, 0, terminal.out);
  assert.equal(terminal.listening, 0);
  assert.match(terminal.out, /database .*x\.db/);
});
