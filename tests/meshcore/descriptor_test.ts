import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { silentLog } from "../../src/capture/log.ts";
import { meshcore as descriptor } from "../../src/meshcore/descriptor.ts";
import { openMeshcoreDatabase } from "../../src/meshcore/open_store.ts";
import { meshcoreTools as tools } from "../../src/meshcore/tools.ts";
import { Scratch } from "../helpers/scratch.ts";
import { loadOk } from "./config_helper.ts";
import { GENERATIONS, makeCoreScope } from "./old_databases.ts";
import { testParts } from "./test_store.ts";

Deno.test("the descriptor's demo configuration reads the traffic that it generates", async () => {
  const overrides: Record<string, string> = { "sources.0.network": "meshcore" };
  for (const [key, value] of Object.entries(tools.demoConfig)) {
    overrides[`meshcore.${key}`] = JSON.stringify(value);
  }
  const { config } = loadOk({ overrides });
  const decoder = descriptor.createDecoder(config.meshcore, {
    sources: config.sources,
    readFile: () => assert.fail("no file is configured"),
    log: silentLog,
  });
  const traffic = tools.createTraffic(1, 1_760_000_000_000);
  const batch = Array.from({ length: 600 }, () => {
    const { topic, payload, atMs, retain } = traffic.next().value;
    const more = { source: "default", qos: 0 as const, redelivered: false };
    return { ...more, topic, payload, receivedAt: atMs, retained: retain };
  });
  const channels = new Set<unknown>();
  for (const one of await decoder.decode(batch)) {
    if (one.kind !== "record" || one.record.kind !== "packet") continue;
    channels.add(one.record.transmission.channelHash);
  }
  assert.ok(channels.has("Public") && channels.has("#demo"), [...channels].join());
  assert.equal(descriptor.databasePath(config.meshcore), "meshcore.db");
});

Deno.test("the descriptor answers prune requests for a live database, unless told not to", async () => {
  const answered = async (isLive: boolean, setting: string) => {
    using scratch = new Scratch("mc-prune");
    const request = scratch.file("prune-requests/request-0a.json");
    Deno.mkdirSync(request.slice(0, request.lastIndexOf("/")));
    Deno.writeTextFileSync(request, JSON.stringify({ id: "0a", pubkeys: [] }));
    const { config } = loadOk({ overrides: { "meshcore.prune_requests": setting } });
    const store = await descriptor.openStore(config.meshcore, {
      path: scratch.file("meshcore.db"),
      settings: {},
      maintenanceIntervalMinutes: 0,
      nowMs: 1_760_000_000_000,
      log: silentLog,
      isLive,
    });
    await store.runJobs(1_760_000_000_000);
    await store.close(5_000);
    return [...Deno.readDirSync(scratch.file("prune-requests"))].map(({ name }) => name);
  };
  assert.deepEqual(await answered(true, "true"), ["result-0a.json"]);
  assert.deepEqual(await answered(true, "false"), ["request-0a.json"]);
  assert.deepEqual(await answered(false, "true"), ["request-0a.json"]);
});

Deno.test("the descriptor's summary counts in CoreScope's tables", () => {
  const db = new DatabaseSync(":memory:");
  db.exec(`
    CREATE TABLE transmissions (payload_type, channel_hash);
    CREATE TABLE observations (id); CREATE TABLE nodes (id);
    CREATE TABLE observers (id); CREATE TABLE dropped_packets (id);
    INSERT INTO transmissions VALUES (5, 'Public'), (5, 'enc_AB'), (4, NULL), (5, 'Public');`);
  const counts = tools.summaryQueries.map(({ title, sql }) => {
    const [count] = Object.values(db.prepare(sql).get()!);
    return [title, count];
  });
  db.close();
  assert.deepEqual(counts.slice(0, 1).concat(counts.slice(4, 6)), [
    ["transmissions", 4],
    ["channel messages read", 2],
    ["channels", 2],
  ]);
});

Deno.test("the labels name every background job that a database may have, and no other", () => {
  using scratch = new Scratch("mc-jobs");
  const names = new Set<string>(["maintenance", "scheduler"]);
  GENERATIONS.forEach((generation, i) => {
    const path = scratch.file(`${i}.db`);
    makeCoreScope(path, generation);
    const { database, jobs } = openMeshcoreDatabase({
      ...testParts,
      path,
      retention: { ...testParts.retention, packetDays: 1, clientRxDays: 1 },
      answersPruneRequests: true,
      hasRegions: true,
    });
    for (const { name } of jobs) names.add(name);
    database[Symbol.dispose]();
  });
  assert.deepEqual([...names].toSorted(), descriptor.labels.jobs.toSorted());
});
