/** The service in the place of CoreScope's ingestor: its file, its statistics, its old databases. @module */
import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { readOnly } from "../helpers/read_only.ts";
import { freePort, Mosquitto, mosquittoTest } from "../helpers/mosquitto.ts";
import { Publisher } from "../helpers/mqtt_fakes.ts";
import { Scratch } from "../helpers/scratch.ts";
import { symbolicLink } from "../helpers/symbolic_link.ts";
import { figures, queryDatabase } from "../helpers/service_process.ts";
import { waitUntil } from "../helpers/wait.ts";
import { type Generation, GENERATIONS, makeCoreScope, THEN } from "../meshcore/old_databases.ts";
import { coreScopeService, distinctReceptions, rowsOf, storedIn } from "./meshcore_helper.ts";
import { publishAll } from "./traffic_helper.ts";

const USER = "watcher-0815";
const PASSWORD = "swordfish-4711";

/** What the tests look at of the statistics file. */
interface Stats {
  readonly sampledAt: string;
  readonly [counter: string]: unknown;
  readonly source_statuses: readonly Record<string, unknown>[];
}

/** The statistics file, when there is a whole one. */
function readStats(path: string): Stats | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

mosquittoTest(
  "run writes CoreScope's statistics file every second and follows no link",
  async () => {
    const traffic = await distinctReceptions(300, 41);
    await using broker = await Mosquitto.start();
    using scratch = new Scratch("stats");
    const { service, database, stats } = await coreScopeService(scratch, [
      // A broker that lets anybody in takes any password.
      { name: "home", broker: broker.url, username: USER, password: PASSWORD },
      {
        name: "in the address",
        broker: broker.url.replace("://", `://${USER}:${PASSWORD}@`),
        topics: ["elsewhere/#"],
      },
    ]);
    await using _service = service;
    const victim = scratch.file("victim");
    Deno.writeTextFileSync(victim, "precious");
    await symbolicLink(victim, stats);
    await service.run();
    await service.healthy();
    await using publisher = await Publisher.connect(broker.port);
    await publishAll(publisher, traffic);
    await publishAll(publisher, traffic.slice(0, 10), 0);
    const values = (): [string, unknown][] => [
      ["tx_inserted", rowsOf(database, "transmissions")],
      ["obs_inserted", traffic.length + 10],
      ["tx_dupes", traffic.length + 10 - rowsOf(database, "transmissions")],
      ["observer_upserts", traffic.length + 10],
      ["sig_drops", 0],
      ["write_errors", 0],
    ];
    await waitUntil(
      () => {
        const now = readStats(stats);
        return now !== undefined && values().every(([name, value]) => now[name] === value);
      },
      "the statistics have counted everything",
      10_000,
    ).catch((error) => {
      const text = JSON.stringify([values(), readStats(stats)]);
      throw new Error(`${text}\n${service.log}`, { cause: error });
    });

    // Once a second, give or take what a busy machine takes.
    const samples = new Set<string>();
    const began = performance.now();
    await waitUntil(() => samples.add(readStats(stats)!.sampledAt).size === 4, "four samples");
    const seconds = (performance.now() - began) / 1000;
    assert.ok(seconds > 1.5 && seconds < 8, `${seconds} s for four samples`);
    figures("statistics file", { samples: samples.size, seconds: seconds.toFixed(1) });

    const file = Deno.lstatSync(stats);
    assert.ok(file.isFile && !file.isSymlink);
    assert.equal(file.mode! & 0o777, 0o600);
    assert.equal(Deno.readTextFileSync(victim), "precious");
    const now = readStats(stats)!;
    assert.ok(Math.abs(Date.parse(now.sampledAt) - Date.now()) < 5000, now.sampledAt);
    assert.deepEqual(
      now.source_statuses.map(({ name, broker: url, connected, connectCount, packetsTotal }) => ({
        ...{ name, url, connected, connectCount, packetsTotal },
      })),
      [
        {
          name: "home",
          url: broker.url,
          connected: true,
          connectCount: 1,
          packetsTotal: traffic.length + 10,
        },
        {
          name: "in the address",
          url: broker.url,
          connected: true,
          connectCount: 1,
          packetsTotal: 0,
        },
      ],
    );
    assert.equal((await service.stop()).code, 0);
    for (const text of [Deno.readTextFileSync(stats), service.log]) {
      assert.ok(!text.includes(PASSWORD) && !text.includes(USER), text);
    }
    // Whatever is read is whole: no half file was left either.
    const left = [...Deno.readDirSync(scratch.path)].map(({ name }) => name);
    assert.ok(left.every((name) => !name.endsWith(".tmp")), left.join(" "));
  },
);

mosquittoTest(
  "run captures at once though other brokers are dead and the keys file is missing",
  async () => {
    const traffic = await distinctReceptions(20, 42);
    await using broker = await Mosquitto.start();
    using scratch = new Scratch("dead");
    const sockets: Socket[] = [];
    // It takes connections and never says a word.
    const mute = createServer((socket) => sockets.push(socket.on("error", () => {})));
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = mute.address() as { port: number };
      const { service, database, stats } = await coreScopeService(scratch, [
        { name: "gone", broker: `mqtt://127.0.0.1:${await freePort()}` },
        { name: "mute", broker: `mqtt://127.0.0.1:${port}` },
        { name: "home", broker: broker.url },
      ], { channelKeysPath: scratch.file("channel-rainbow.json") });
      await using _service = service;
      const began = performance.now();
      service.spawn();
      await using publisher = await Publisher.connect(broker.port);
      const [first, ...rest] = traffic;
      await waitUntil(async () => {
        await publishAll(publisher, [first!], 0);
        return rowsOf(database, "observations") > 0;
      }, "the first row");
      const seconds = (performance.now() - began) / 1000;
      assert.ok(seconds < 10, `${seconds} s from the start to the first row`);
      figures("start to the first row beside two dead brokers", { seconds: seconds.toFixed(1) });
      await publishAll(publisher, rest);
      await storedIn(service, database, "observations", traffic.length, 5000);
      const connected = () =>
        readStats(stats)!.source_statuses.map((one) => [one["name"], one["connected"]]);
      await waitUntil(() => connected().some(([, up]) => up), "the statistics know it");
      assert.deepEqual(connected(), [["gone", false], ["mute", false], ["home", true]]);

      const lines = service.log.split("\n");
      const warning = lines.find((line) => line.includes("the file of channel keys"))!;
      assert.match(warning, /channel-rainbow\.json.*there is no such file/);
      assert.match(warning, /warn/i);
      const keys = lines.find((line) => /channel keys\b.*builtin/.test(line))!;
      // The file names the Public channel itself.
      assert.match(keys, /keys=8 builtin=0 channel_keys_file=0 hash_channels=7 channel_keys=1$/);
      assert.equal((await service.stop()).code, 0);
    } finally {
      for (const socket of sockets) socket.destroy();
      mute.close();
      // Deno 2.4 never says that a server is closed when its sockets were destroyed.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  },
);

mosquittoTest(
  "run --shadow leaves the statistics file and the server's requests to the ingestor",
  async () => {
    const traffic = await distinctReceptions(20, 44);
    await using broker = await Mosquitto.start();
    using scratch = new Scratch("mc-shadow");
    const { service, stats } = await coreScopeService(
      scratch,
      [{ name: "home", broker: broker.url }],
      {},
      ["--shadow"],
    );
    await using _service = service;
    // The last of its jobs are those that an old database needs.
    const database = scratch.file("meshcore.shadow.db");
    makeCoreScope(database, "lean observations");
    Deno.mkdirSync(scratch.file("prune-requests"));
    const request = scratch.file("prune-requests/request-0a.json");
    Deno.writeTextFileSync(request, '{"id": "0a", "pubkeys": []}');
    Deno.writeTextFileSync(stats, "the ingestor's");
    service.spawn();
    await using publisher = await Publisher.connect(broker.port);
    // Beside those of the old file, which are so old that a job deletes them meanwhile.
    const added = "observations WHERE id > 10";
    const [first, ...rest] = traffic;
    await waitUntil(async () => {
      await publishAll(publisher, [first!], 0);
      return rowsOf(database, added) > 0;
    }, "it captures");
    await publishAll(publisher, rest);
    await storedIn(service, database, added, traffic.length);
    const done = 'a background job is done job="backfill default_scope"';
    await waitUntil(() => service.log.includes(done), "the jobs have gone round");
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(
      [...Deno.readDirSync(scratch.file("prune-requests"))].map(({ name }) => name),
      ["request-0a.json"],
    );
    assert.equal(Deno.readTextFileSync(stats), "the ingestor's");
    assert.throws(() => Deno.statSync(scratch.file("meshcore.db")), Deno.errors.NotFound);
  },
);

/** Packets of an old database, beside the few that say what they are for. */
const OLD: Readonly<Record<Generation, number>> = {
  "observers by name": 40_000,
  "lean observations": 10_000,
  "raw hex without paths": 10_000,
};

/** Makes an old database, each of its packets heard by two observers. */
function makeLarge(path: string, generation: Generation): void {
  makeCoreScope(path, generation);
  const db = new DatabaseSync(path);
  db.exec(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${OLD[generation]})
     INSERT INTO transmissions (raw_hex, hash, first_seen, payload_type, decoded_json)
     SELECT '1500' || printf('%06X', i), 'h' || i, '2025-10-09T07:53:20Z', 5,
       '{"type":"CHAN","channel":"c"}' FROM n`,
  );
  for (const [index, observer] of ["OBS", "MUTE"].entries()) {
    db.exec(
      generation === "observers by name"
        ? `INSERT INTO observations (transmission_id, hash, observer_id, snr, path_json, timestamp)
           SELECT id, hash, '${observer}', id % 20, '[]', first_seen
           FROM transmissions WHERE hash LIKE 'h%'`
        : `INSERT INTO observations (transmission_id, observer_idx, snr, path_json, timestamp)
           SELECT id, ${index + 1}, id % 20, '[]', ${THEN}
           FROM transmissions WHERE hash LIKE 'h%'`,
    );
  }
  db.close();
}

for (const generation of GENERATIONS) {
  const name =
    `run opens a large database of CoreScope's "${generation}" at once and loses nothing`;
  mosquittoTest(name, async () => {
    const traffic = await distinctReceptions(200, 43);
    await using broker = await Mosquitto.start();
    using scratch = new Scratch("old");
    const { service, database } = await coreScopeService(
      scratch,
      [{ name: "home", broker: broker.url }],
      // What is old is to stay.
      { retention: { nodeDays: 36_500, observerDays: -1, packetDays: 0 } },
    );
    await using _service = service;
    makeLarge(database, generation);
    const sql = "SELECT id, raw_hex, hash, first_seen, payload_type, decoded_json" +
      " FROM transmissions WHERE hash <> '' AND created_at <= ? ORDER BY id";
    const now = new Date().toISOString().slice(0, 19).replace("T", " ");
    const oldRows = (): unknown[] => {
      using db = readOnly(database);
      return db.prepare(sql).all(now);
    };
    const before = oldRows();
    assert.equal(before.length, OLD[generation] + 4);
    const seen = rowsOf(database, "observations");

    const began = performance.now();
    const since = () => ((performance.now() - began) / 1000).toFixed(1);
    await service.run();
    const ready = since();
    assert.ok(Number(ready) < 5, `${ready} s`);
    await service.healthy();
    await using publisher = await Publisher.connect(broker.port);
    const publishedAt = since();
    await publishAll(publisher, traffic);
    const fresh = `SELECT count(*) AS n FROM observations WHERE timestamp > ${THEN + 86_400}`;
    await waitUntil(
      () => Number(queryDatabase(database, fresh)[0]!["n"]) === traffic.length,
      "what comes is stored",
    ).catch((error) => {
      throw new Error(service.log, { cause: error });
    });
    const grown = since();
    // What is old is filled in behind.
    const jobs = /background jobs begin jobs="(.*)"/.exec(service.log)![1]!.split(", ");
    const done = (job: string) =>
      service.log.includes(`a background job is done job=${job}`) ||
      service.log.includes(`a background job is done job="${job}"`);
    await waitUntil(() => jobs.every(done), "all jobs are done", 40_000).catch((error) => {
      throw new Error(`${jobs.filter((job) => !done(job)).join(", ")}\n${service.log}`, {
        cause: error,
      });
    });
    figures(`CoreScope's "${generation}", ${seen} observations, seconds from the start`, {
      ready,
      published: publishedAt,
      "200 more stored": grown,
      "all jobs done": since(),
    });
    assert.equal((await service.stop()).code, 0);

    assert.deepEqual(oldRows(), before);
    assert.deepEqual(
      queryDatabase(
        database,
        `SELECT observers.id, count(*) AS n, sum(snr = seen.transmission_id % 20) AS whole
         FROM observations AS seen JOIN observers ON observers.rowid = seen.observer_idx
         WHERE transmission_id IN (SELECT id FROM transmissions WHERE hash LIKE 'h%')
         GROUP BY 1 ORDER BY 1`,
      ).map((row) => ({ ...row })),
      ["MUTE", "OBS"].map((id) => ({ id, n: OLD[generation], whole: OLD[generation] })),
    );
    assert.equal(rowsOf(database, "observations"), seen + traffic.length);
    const unfilled = "SELECT count(*) AS n FROM transmissions WHERE last_seen = 0";
    assert.equal(queryDatabase(database, unfilled)[0]!["n"], 0);
    const [integrity] = queryDatabase(database, "PRAGMA integrity_check");
    assert.equal(integrity!["integrity_check"], "ok");
    assert.deepEqual(queryDatabase(database, "PRAGMA foreign_key_check"), []);
  });
}
