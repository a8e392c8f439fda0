/** A power cut at any moment: what the disk holds then opens, with all that was acknowledged. @module */
import assert from "node:assert/strict";
import { trafficConfig } from "../../src/meshcore/traffic_generator.ts";
import { Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { figures, queryDatabase, ServiceProcess } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import {
  distinctReceptions,
  observationKey,
  OBSERVATIONS,
  storedIn,
} from "../integration/meshcore_helper.ts";
import { distinctTraffic, messageKey, publishAll } from "../integration/traffic_helper.ts";
import { FATES, TracedFile } from "./disk.ts";
import { assertSound, seededRandom } from "./kill_rounds.ts";
import {
  canTrace,
  packetId,
  packetsOf,
  parseTrace,
  type TracedCall,
  type TracedPacket,
} from "./trace.ts";

const MESHTASTIC = 500;
const MESHCORE = 250;

/** Moments at which the power is cut. */
const CUTS = 40;

const CALLS = [
  ...["recvfrom", "recvmsg", "sendto", "sendmsg", "write", "writev"],
  ...["pwrite64", "ftruncate", "fsync", "fdatasync"],
];

const traceable = await canTrace();

mosquittoTest("what a power cut leaves opens with all that was acknowledged", async () => {
  const random = seededRandom("power cuts");
  const meshtasticTraffic = distinctTraffic(MESHTASTIC, random.uint32());
  const meshcoreTraffic = await distinctReceptions(MESHCORE, random.uint32());
  await using broker = await Mosquitto.start(["max_inflight_messages 200"]);
  using scratch = new Scratch("power");
  const trace = scratch.file("trace.txt");
  const meshcore = scratch.file("meshcore.db");
  await using service = await ServiceProcess.start({
    scratch,
    sources: [
      { name: "mt", url: broker.url, protocol: "3.1.1" },
      { name: "mc", url: broker.url, protocol: "3.1.1", network: "meshcore" },
    ],
    config: {
      // Many commits, and checkpoints among them, so that the log begins anew, too.
      storage: { batch_max: 40, commit_interval_ms: 20, wal_autocheckpoint_pages: 300 },
      meshtastic: { indexes: "minimal" },
      meshcore: { database: meshcore, ...trafficConfig },
    },
    wrapper: [
      "strace",
      ...["-D", "-f", "-yy", "-xx", "-s", "70000", "-o", trace, "-e", `trace=${CALLS.join()}`],
    ],
  });
  await using publisher = await Publisher.connect(broker.port);
  await Promise.all([
    publishAll(publisher, meshtasticTraffic, 1, 50),
    publishAll(publisher, meshcoreTraffic, 1, 25),
  ]);
  await service.stored(MESHTASTIC, 60_000);
  await storedIn(service, meshcore, "observations", MESHCORE, 60_000);
  await service.kill();
  let text = "";
  await waitUntil(
    () => {
      text = Deno.readTextFileSync(trace);
      return text.trimEnd().endsWith("+++ killed by SIGKILL +++");
    },
    "the end of the trace",
    60_000,
  );

  const calls = parseTrace(text);
  const receptionKeys = new Map(
    meshcoreTraffic.map(({ topic, payload, key }) => [messageKey(topic, payload), key]),
  );
  const acknowledged = acknowledgements(calls, broker.port);
  assert.ok(acknowledged.length > (MESHTASTIC + MESHCORE) * 0.9, `${acknowledged.length}`);
  const networks = [
    {
      path: service.database,
      acknowledged: acknowledged.filter(({ key }) => !receptionKeys.has(key)),
      rows: (path: string) =>
        queryDatabase(path, "SELECT topic, raw_service_envelope AS raw FROM packet_history")
          .map((row) => messageKey(String(row["topic"]), row["raw"] as Uint8Array)),
    },
    {
      path: meshcore,
      acknowledged: acknowledged.filter(({ key }) => receptionKeys.has(key))
        .map(({ key, at }) => ({ key: receptionKeys.get(key)!, at })),
      rows: (path: string) =>
        queryDatabase(path, OBSERVATIONS)
          .map((row) => observationKey(row["hash"], row["observer"], row["path_json"])),
    },
  ];
  const told: Record<string, unknown> = {};
  for (const { path, acknowledged, rows } of networks) {
    const files = ["", "-wal"].map((suffix) => ({
      suffix,
      file: new TracedFile(calls, path + suffix),
    }));
    const end = calls.at(-1)!.endsAt;
    // The trace tells the truth: what it says was written is what is there.
    for (const { suffix, file } of files) {
      assert.deepEqual(
        file.contentAt(end, "all written", random),
        Deno.readFileSync(path + suffix),
      );
    }
    const first = acknowledged[0]!.at;
    let unsynced = 0;
    let beyond = 0;
    for (let cut = 0; cut < CUTS; cut++) {
      const at = random.between(first, end);
      const safe = acknowledged.filter((one) => one.at <= at).map(({ key }) => key);
      unsynced += files.reduce((sum, { file }) => sum + file.unsynced(at), 0);
      for (const fate of FATES) {
        const copy = scratch.file("copy.db");
        for (const { suffix, file } of files) {
          Deno.writeFileSync(copy + suffix, file.contentAt(at, fate, random));
        }
        const found = rows(copy);
        const there = new Set(found);
        const missing = safe.filter((key) => !there.has(key)).length;
        assert.equal(missing, 0, `${path} cut at ${at} of ${end}, ${fate}`);
        assert.equal(there.size, found.length, "nothing twice");
        // What comes again is known: rows and their entries in the ledger are there together.
        const [ledger] = queryDatabase(
          copy,
          "SELECT ifnull(sum(length(entries)), 0) / 10 AS n FROM capture_ledger",
        );
        assert.equal(ledger!["n"], found.length, `ledger, cut at ${at}, ${fate}`);
        assertSound(copy);
        beyond += found.length - safe.length;
        for (const suffix of ["", "-wal", "-shm"]) remove(copy + suffix);
      }
    }
    const name = path.replace(/.*\//, "");
    told[name] = `${CUTS * FATES.length} states, ${unsynced} writes unsynced in ${CUTS} cuts, ` +
      `${beyond} rows beyond what was acknowledged, 0 missing`;
    assert.ok(unsynced > 0, "some cuts hit between a write and its sync");
  }
  figures("power cuts", told);
}, { ignore: !traceable });

/** Messages that were acknowledged, and from which place of the trace on. */
function acknowledgements(
  calls: readonly TracedCall[],
  port: number,
): { key: string; at: number }[] {
  const sockets = new Map<string, TracedCall[]>();
  for (const call of calls) {
    if (!call.target.startsWith("TCP") || !call.target.endsWith(`->127.0.0.1:${port}]`)) continue;
    const own = sockets.get(call.target);
    if (own === undefined) sockets.set(call.target, [call]);
    else own.push(call);
  }
  const found: { key: string; at: number }[] = [];
  for (const own of sockets.values()) {
    const received = own.filter(({ name }) => name.startsWith("recv"));
    const keys = new Map(
      packetsOf(received).filter(({ type }) => type === 3)
        .map((packet) => [packetId(packet), publishKey(packet)]),
    );
    const sent = packetsOf(own.filter(({ name }) => !name.startsWith("recv")));
    for (const packet of sent) {
      if (packet.type !== 4) continue;
      found.push({ key: keys.get(packetId(packet))!, at: packet.call.beginsAt });
    }
  }
  return found.sort((a, b) => a.at - b.at);
}

/** What tells a PUBLISH of MQTT 3.1.1 from others, as the tests have it. */
function publishKey({ body }: TracedPacket): string {
  const length = body[0]! << 8 | body[1]!;
  const topic = new TextDecoder().decode(body.subarray(2, 2 + length));
  return messageKey(topic, body.subarray(4 + length));
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
