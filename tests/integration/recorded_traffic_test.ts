/** The recorded traffic, over the command line and over a real broker, against the right answers. @module */
import assert from "node:assert/strict";
import { meshtasticComparisons } from "../../src/meshtastic/diff_tables.ts";
import { diffDatabases } from "../../src/recording/diff.ts";
import { formatDiff } from "../../src/recording/format_diff.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { fromFileUrl } from "../helpers/paths.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, queryDatabase, runCommand, ServiceProcess } from "../helpers/service_process.ts";
import { decodeBase64 } from "../meshtastic/base64.ts";
import { namedChannels, readMessages, readTruth } from "../meshtastic/traffic.ts";
import { publishAll } from "./traffic_helper.ts";

const RECORDING = fromFileUrl(
  new URL("../fixtures/meshtastic/meshtastic.jsonl", import.meta.url),
);
const DROPPED = { json_topic: 27, oversized: 1, stat_topic: 12 };

/** Replays the recording with the command and returns what it printed. */
async function replay(scratch: Scratch): Promise<{ database: string; summary: unknown }> {
  const database = scratch.file("replay.db");
  const config = scratch.file("replay.yaml");
  Deno.writeTextFileSync(config, JSON.stringify({ meshtastic: { channels: namedChannels() } }));
  const args = ["--network", "meshtastic", "--config", config, "--database", database, "--json"];
  const { code, stdout, stderr } = await runCommand(["replay", RECORDING, ...args]);
  assert.equal(code, 0, stderr);
  return { database, summary: JSON.parse(stdout) };
}

Deno.test("replay writes the right answer for every message of the recorded traffic", async () => {
  using scratch = new Scratch("recorded");
  const { database, summary } = await replay(scratch);
  const stored = 2000 - 27 - 1 - 12;
  assert.deepEqual(summary, {
    read: 2000,
    problems: 0,
    stored,
    quarantined: 0,
    dropped: DROPPED,
  });
  const rows = queryDatabase(database, "SELECT * FROM packet_history ORDER BY id");
  assert.equal(rows.length, stored);
  const messages = readMessages();
  let at = 0;
  let readable = 0;
  for (const [line, expected] of readTruth().entries()) {
    const where = `line ${line} (${expected.kind})`;
    const isDropped = expected.kind === "oversized" ||
      ["json", "stat"].includes(expected.msg_type ?? "");
    if (isDropped) continue;
    const row = rows[at++]!;
    const message = messages[line]!;
    assert.equal(row["topic"], message.topic, where);
    assert.deepEqual(row["raw_service_envelope"], message.payload, where);
    assert.ok(Math.abs(Number(row["timestamp"]) - message.receivedAt / 1000) < 1e-3, where);
    if (expected.portnum === undefined || expected.portnum === null) {
      assert.equal(row["processed_successfully"], 0, where);
      assert.equal((row["raw_payload"] as Uint8Array).length, 0, where);
      assert.ok(row["parsing_error"], where);
      continue;
    }
    readable++;
    assert.equal(row["processed_successfully"], 1, where);
    assert.equal(row["portnum"], expected.portnum, where);
    assert.equal(row["portnum_name"], expected.portnum_name, where);
    assert.deepEqual(row["raw_payload"], decodeBase64(expected.payload_b64!), where);
  }
  assert.equal(at, rows.length);
  assert.equal(readable, 1805);
});

mosquittoTest("run writes the same over a broker as replay does", async () => {
  using scratch = new Scratch("recorded");
  const expected = await replay(scratch);
  const stored = 2000 - 27 - 1 - 12;
  await using broker = await Mosquitto.start(["max_queued_messages 0"]);
  const recorded = readMessages().map((message) => ({ ...message, retain: message.retained }));
  for (const protocol of ["3.1.1", "5"]) {
    for (const qos of [0, 1] as const) {
      const name = `qos${qos} at ${protocol}`;
      await using service = await ServiceProcess.start({
        scratch,
        // The replay's rows carry the same name.
        sources: [{ name: "recording", client_id: name, url: broker.url, protocol }],
        config: {
          meshtastic: { database: scratch.file(`${name}.db`), channels: namedChannels() },
        },
      });
      const began = performance.now();
      await using publisher = await Publisher.connect(broker.port);
      await publishAll(publisher, recorded, qos, 500);
      await service.stored(stored);
      const seconds = (performance.now() - began) / 1000;
      assert.equal((await service.stop()).code, 0);
      const diff = await diffDatabases(
        expected.database,
        service.database,
        meshtasticComparisons(),
        { ignore: ["qos"] },
      );
      assert.ok(diff.equal, `${name}\n${formatDiff(diff)}`);
      const [packets, nodes] = diff.tables;
      assert.equal(packets!.same, stored);
      assert.ok(nodes!.same > 0);
      // All that is left out of the comparison: the wall clock, the row id, and the QoS.
      assert.deepEqual([...packets!.ignored].sort(), ["id", "qos", "timestamp"]);
      assert.deepEqual([...nodes!.ignored].sort(), ["first_seen", "last_heard", "last_updated"]);
      const levels = service.query("SELECT DISTINCT qos FROM packet_history");
      assert.deepEqual(levels.map((row) => row["qos"]), [qos]);
      figures(name, { rows: packets!.same, nodes: nodes!.same, seconds: seconds.toFixed(1) });
    }
  }
});
