/** Recorded MeshCore traffic: the same tables by `replay` and over a real broker. @module */
import assert from "node:assert/strict";
import { meshcoreComparisons } from "../../src/meshcore/diff_tables.ts";
import { diffDatabases } from "../../src/recording/diff.ts";
import { formatDiff } from "../../src/recording/format_diff.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, runCommand, type ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { fixture } from "../meshcore/fixtures.ts";
import { coreScopeService } from "./meshcore_helper.ts";
import { publishAll, type Published } from "./traffic_helper.ts";

/** Seconds of a recording between two counts of neighbours. */
const COUNT_EVERY = 60;

/** A line of the recording. */
interface Line extends Published {
  /** Unix seconds of receipt. */
  readonly ts: number;
}

/**
 * The recording as if its end were now: what it says of time is judged by the time of receipt, and
 * over a broker that is now. One of two equal companion messages is left out: whether they are one
 * depends on whether a second ends between them.
 */
function recentTraffic(): Line[] {
  const lines = fixture("traffic.jsonl").trim().split("\n").map((line) => JSON.parse(line))
    .filter((line, index, all) =>
      line.case !== "comp-ch-twice" || all[index - 1].case !== "comp-ch-twice"
    );
  const shiftSeconds = Math.floor(Date.now() / 1000 - lines.at(-1)!.ts);
  const shifted = (whole: string, key: string, time: string) => {
    const at = Date.parse(`${time}Z`) + shiftSeconds * 1000;
    return Number.isNaN(at) ? whole : `${key}${new Date(at).toISOString().slice(0, 19)}`;
  };
  return lines.map(({ ts, topic, payload_b64 }) => {
    const text = atob(payload_b64).replace(
      /("timestamp": *")(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)/g,
      shifted,
    );
    const payload = Uint8Array.from(text, (char) => char.charCodeAt(0));
    return { ts: ts + shiftSeconds, topic, payload };
  });
}

/** Replays the lines with the command; `config` is a file of CoreScope's. */
async function replay(scratch: Scratch, config: string, lines: readonly Line[]): Promise<string> {
  const recording = scratch.file("recording.jsonl");
  Deno.writeTextFileSync(
    recording,
    lines.map(({ ts, topic, payload }) => {
      const payload_b64 = btoa(Array.from(payload, (byte) => String.fromCharCode(byte)).join(""));
      return `${JSON.stringify({ ts, topic, payload_b64 })}\n`;
    }).join(""),
  );
  const database = scratch.file("replay.db");
  const { code, stdout, stderr } = await runCommand([
    ...["replay", recording, "--network", "meshcore", "--config", config],
    ...["--database", database, "--json"],
  ]);
  assert.equal(code, 0, stderr);
  const { read, stored, quarantined } = JSON.parse(stdout);
  assert.deepEqual({ read, stored, quarantined }, { read: 1999, stored: 1973, quarantined: 0 });
  return database;
}

/**
 * Runs the service, publishes and stops it. The round of jobs at its start is over before the first
 * message: a request to prune, which is looked at after the neighbours, is answered.
 */
async function published(
  scratch: Scratch,
  service: ServiceProcess,
  port: number,
  messages: readonly Published[],
  qos: 0 | 1,
): Promise<void> {
  const folder = scratch.file("prune-requests");
  Deno.mkdirSync(folder, { recursive: true });
  const id = crypto.randomUUID().replaceAll("-", "");
  Deno.writeTextFileSync(`${folder}/request-${id}.json`, JSON.stringify({ id, pubkeys: [] }));
  await service.run();
  await service.healthy();
  await waitUntil(() => {
    try {
      return Deno.statSync(`${folder}/result-${id}.json`).isFile;
    } catch {
      return false;
    }
  }, "the jobs have gone round");
  if (messages.length > 0) {
    await using publisher = await Publisher.connect(port);
    await publishAll(publisher, messages, qos, 250);
    await waitUntil(
      async () => await service.received(qos) === messages.length,
      "all messages came",
    );
  }
  // What came in is committed before it ends.
  assert.equal((await service.stop()).code, 0);
}

for (const qos of [0, 1] as const) {
  mosquittoTest(`run writes for MeshCore at QoS ${qos} what replay does`, async () => {
    const lines = recentTraffic();
    using scratch = new Scratch("mc-recorded");
    await using broker = await Mosquitto.start(["max_queued_messages 0"]);
    const { service, database } = await coreScopeService(scratch, [
      { name: "local", broker: broker.url },
    ]);
    await using _service = service;
    const expected = await replay(scratch, service.configFile, lines);
    const firstMinute = lines.filter(({ ts }) => ts < lines[0]!.ts + COUNT_EVERY).length;
    const began = performance.now();
    // As in the replay, neighbours are counted, and paths resolved by them, after the first minute
    // and at the end; a start counts them at once.
    await published(scratch, service, broker.port, lines.slice(0, firstMinute), qos);
    await published(scratch, service, broker.port, lines.slice(firstMinute), qos);
    await published(scratch, service, broker.port, [], qos);
    const seconds = (performance.now() - began) / 1000;

    // How wrong an observer's clock is, depends on the moment of receipt.
    const ignore = ["clock_skew_seconds"];
    const diff = await diffDatabases(expected, database, meshcoreComparisons(), { ignore });
    assert.ok(diff.equal, formatDiff(diff));
    const same = Object.fromEntries(diff.tables.map((table) => [table.table, table.same]));
    const ignored = Object.fromEntries(
      diff.tables.map((table) => [table.table, table.ignored.toSorted().join(" ")]),
    );
    assert.deepEqual(same, {
      transmissions: 787,
      observations: 1793,
      nodes: 110,
      inactive_nodes: 0,
      observers: 16,
      neighbor_edges: 730,
      client_receptions: 45,
    });
    // The same tables hold what replay resolved, so there is something to compare.
    const [paths] = service.query(
      "SELECT count(resolved_path) AS n FROM observations",
      database,
    );
    assert.ok(Number(paths!["n"]) > 100);
    // Row ids and the wall clock. A hash is compared as `packet`, but for companions' messages.
    assert.deepEqual(ignored, {
      transmissions: "created_at first_seen hash id last_seen",
      observations: "id observer_idx timestamp transmission_id",
      nodes: "first_seen last_seen",
      inactive_nodes: "first_seen last_seen",
      observers: "clock_last_naive_at clock_skew_seconds first_seen last_packet_at last_seen",
      neighbor_edges: "last_seen",
      client_receptions: "id ingested_at rx_at",
    });
    figures(`recorded MeshCore traffic at QoS ${qos}`, { ...same, seconds: seconds.toFixed(1) });
  });
}
