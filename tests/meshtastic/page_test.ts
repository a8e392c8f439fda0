import assert from "node:assert/strict";
import { systemClock } from "../../src/capture/clock.ts";
import { createMeshtasticDecoder } from "../../src/meshtastic/decoder.ts";
import { meshtastic } from "../../src/meshtastic/descriptor.ts";
import { MeshtasticPageQueries } from "../../src/meshtastic/page_queries.ts";
import { loadProtobuf } from "../../src/meshtastic/protobuf.ts";
import { openMeshtasticStore } from "../../src/meshtastic/store.ts";
import { PageReader, PageReadError } from "../../src/storage/page_reader.ts";
import { Reader } from "../../src/storage/reader.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import {
  emptyContext,
  testEnumNames,
  testRecord,
  testUpdate,
} from "../helpers/meshtastic_records.ts";
import { Scratch } from "../helpers/scratch.ts";
import { waitUntil } from "../helpers/wait.ts";
import { encode, envelope, message } from "./build.ts";

const proto = loadProtobuf();

/** A POSITION payload. */
function position(north: number, east: number): Uint8Array<ArrayBuffer> {
  const type = proto.root.lookupType("meshtastic.Position");
  return new Uint8Array(
    type.encode(type.create({ latitude_i: north * 1e7, longitude_i: east * 1e7 })).finish(),
  );
}

/** A record of a position of node `from`. */
function placed(from: number, north: number, east: number) {
  const rawPayload = position(north, east);
  return testRecord({ fromNodeId: from, portnum: 3, portnumName: "POSITION_APP", rawPayload });
}

async function database(path: string) {
  const store = await openMeshtasticStore({ path, enumNames: testEnumNames, nowMs: 0 });
  await store.commit([
    testRecord({}, { node: testUpdate() }),
    placed(0xa1b2c3d4, 48.5, 9.25),
    placed(7, 0, 0),
    testRecord({
      processedSuccessfully: false,
      portnum: 0,
      portnumName: "UNKNOWN_APP",
      parsingError: "decrypt: no key reads it",
      rawPayload: new Uint8Array(0),
    }),
  ], emptyContext);
  return store;
}

Deno.test("Meshtastic's page queries give nodes with the last position of their packets", async () => {
  using scratch = new Scratch();
  const store = await database(scratch.file("a.db"));
  using reader = new Reader(scratch.file("a.db"));
  const queries = new MeshtasticPageQueries(() => proto);
  const named = () => queries.nodes(reader, 10).find((node) => node.id === "!a1b2c3d4")!;
  assert.deepEqual(named().position, [48.5, 9.25]);
  assert.equal(named().name, testUpdate().longName);
  assert.ok(queries.nodes(reader, 10).every((node) => node.id !== "!00000007" || !node.position));
  await store.commit([placed(0xa1b2c3d4, -1, -2)], emptyContext);
  assert.deepEqual(named().position, [-1, -2]);
  assert.equal(queries.nodes(reader, 1).length, 1);
  await store.close(100);
});

Deno.test("Meshtastic's page says when any packet of a node came last, and sorts by it", async () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const store = await openMeshtasticStore({ path, enumNames: testEnumNames, nowMs: 0 });
  const named = (id: number, at: number) =>
    testRecord({ fromNodeId: id, timestamp: at }, {
      node: testUpdate({ nodeId: id, seenAt: at }),
    });
  await store.commit([named(1, 1000), named(2, 2000), named(3, 3000)], emptyContext);
  using reader = new Reader(path);
  const queries = new MeshtasticPageQueries(() => proto);
  const shown = (limit: number) =>
    queries.nodes(reader, limit).map(({ id, lastSeen }) => [id, lastSeen]);
  assert.deepEqual(shown(2), [["!00000003", 3_000_000], ["!00000002", 2_000_000]]);
  await store.commit([
    testRecord({ fromNodeId: 1, timestamp: 5000.25 }),
    testRecord({ fromNodeId: 3, timestamp: 2500 }),
    testRecord({ fromNodeId: 9, timestamp: 6000 }),
  ], emptyContext);
  assert.deepEqual(shown(2), [["!00000001", 5_000_250], ["!00000003", 3_000_000]]);
  await store.commit([testRecord({ fromNodeId: 1, timestamp: 4000 })], emptyContext);
  assert.deepEqual(shown(1), [["!00000001", 5_000_250]], "one that came late");
  await store.close(100);
});

Deno.test("Meshtastic's page queries give packets, newest first, as the live feed shows them", async () => {
  using scratch = new Scratch();
  const store = await database(scratch.file("a.db"));
  using reader = new Reader(scratch.file("a.db"));
  const queries = new MeshtasticPageQueries(() => proto);
  const [unread, , place, text] = queries.recent(reader, {}, 10);
  assert.equal(unread!.text, "decrypt: no key reads it");
  assert.equal(unread!.readable, false);
  assert.deepEqual(place!.position, [48.5, 9.25]);
  assert.equal(text!.text, "hello");
  assert.equal(text!.to, "all");
  const record = testRecord({}, { details: textDetails("hello") });
  const live = meshtastic.page.feedPacket(record, {
    type: "TEXT_MESSAGE_APP",
    decrypt: "hash",
    readable: true,
  });
  assert.deepEqual({ ...text, decrypt: "hash" }, live);
  assert.equal(queries.recent(reader, { type: "POSITION_APP" }, 10).length, 2);
  assert.equal(queries.recent(reader, { node: "!00000007" }, 10).length, 1);
  assert.equal(queries.recent(reader, {}, 2).length, 2);
  await store.close(100);
});

Deno.test("the feed shows what alerts and sensors say, and of a compressed text its size", async () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const store = await openMeshtasticStore({ path, enumNames: testEnumNames, nowMs: 0 });
  const ports = [[10, "DETECTION_SENSOR_APP"], [11, "ALERT_APP"], [
    7,
    "TEXT_MESSAGE_COMPRESSED_APP",
  ]] as const;
  await store.commit(
    ports.map(([portnum, portnumName]) => testRecord({ portnum, portnumName })),
    emptyContext,
  );
  using reader = new Reader(path);
  const shown = new MeshtasticPageQueries(() => proto).recent(reader, {}, 10);
  assert.deepEqual(shown.map((one) => one.text), ["5 bytes, compressed", "hello", "hello"]);
  const record = testRecord({}, { details: { ...textDetails("\ufffd"), compressed: true } });
  const label = { type: "TEXT_MESSAGE_COMPRESSED_APP", decrypt: "hash", readable: true };
  assert.equal(meshtastic.page.feedPacket(record, label).text, "5 bytes, compressed");
  await store.close(100);
});

Deno.test("Meshtastic's page queries read from a plain envelope what the payload leaves out", async () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const store = await openMeshtasticStore({ path, enumNames: testEnumNames, nowMs: 0 });
  const route = encode("RouteDiscovery", { route: [5], snr_towards: [8, 8] });
  const sent = [
    { portnum: 70, payload: route, request_id: 9 },
    { portnum: 70, payload: route },
    { portnum: 1, payload: new TextEncoder().encode("👍"), emoji: 1, reply_id: 3 },
  ];
  const plain = sent.map((decoded) => message(envelope({ decoded, to: 7 })));
  const decoded = await createMeshtasticDecoder().decode(plain);
  const records = decoded.map((one) => one.kind === "record" ? one.record : assert.fail());
  // Of what came encrypted, or was kept without its envelope, only the payload is left.
  const bare = records.map(({ packet }, i) =>
    testRecord({
      ...packet,
      rawServiceEnvelope: i === 0 ? envelope({ encrypted: new Uint8Array(20), to: 7 }) : null,
    })
  );
  await store.commit([...records, ...bare], emptyContext);
  using reader = new Reader(path);
  const shown = new MeshtasticPageQueries(() => proto).recent(reader, {}, 10).toReversed();
  const label = { type: "any", decrypt: "none", readable: true };
  const live = records.map((record) => meshtastic.page.feedPacket(record, label).text);
  assert.deepEqual(live, [
    "!00000007 → !11223344, 2 hops heard",
    "!11223344 → !00000007, 2 hops heard",
    "reaction: 👍",
  ]);
  assert.deepEqual(shown.map((one) => one.text), [
    ...live,
    "between !11223344 and !00000007",
    "between !11223344 and !00000007",
    "👍",
  ]);
  await store.close(100);
});

Deno.test("Meshtastic's page puts no node where the earth has no such place, nor at 0, 0", async () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const store = await openMeshtasticStore({ path, enumNames: testEnumNames, nowMs: 0 });
  await store.commit([
    testRecord({}, { node: testUpdate() }),
    placed(0xa1b2c3d4, 48.5, 9.25),
    placed(0xa1b2c3d4, 200, -210),
    placed(0xa1b2c3d4, 0, 0),
  ], emptyContext);
  using reader = new Reader(path);
  const queries = new MeshtasticPageQueries(() => proto);
  const node = queries.nodes(reader, 10).find((one) => one.id === "!a1b2c3d4");
  assert.deepEqual(node!.position, [48.5, 9.25]);
  const shown = queries.recent(reader, {}, 3).map((one) => one.position);
  assert.deepEqual(shown, [undefined, undefined, [48.5, 9.25]]);
  await store.close(100);
});

function textDetails(text: string) {
  return {
    kind: "text" as const,
    text,
    wantResponse: false,
    dest: 0,
    source: 0,
    requestId: 0,
    replyId: 0,
    emoji: 0,
    bitfield: null,
    compressed: false,
  };
}

Deno.test("PageReader answers from a thread of its own, which ends when nobody asks any more", async () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const store = await database(path);
  const clock = new ManualClock();
  using reader = new PageReader({ path, workerUrl: meshtastic.page.workerUrl, clock });
  assert.equal(reader.running, false);
  const [nodes, packets] = await Promise.all([
    reader.ask("nodes", [10]),
    reader.ask("recent", [{ node: "!a1b2c3d4" }, 2]),
  ]) as [{ nodes: unknown[]; total: number }, unknown[]];
  assert.equal(nodes.total, nodes.nodes.length);
  assert.ok(nodes.total >= 1);
  assert.equal(packets.length, 2);
  assert.deepEqual((await reader.ask("history", [0, 60, 1e10]) as { step: number }).step, 60);
  assert.equal(reader.running, true);
  await clock.advance(60_000);
  assert.equal(reader.running, false);
  const few = await reader.ask("nodes", [0]) as { nodes: unknown[]; total: number };
  assert.deepEqual([few.nodes.length, few.total], [0, nodes.total], "more than are told");
  await store.close(100);
});

Deno.test("PageReader says why there is no answer", async () => {
  using scratch = new Scratch();
  const path = scratch.file("none.db");
  const parts = { path, workerUrl: meshtastic.page.workerUrl, clock: systemClock };
  const reader = new PageReader(parts);
  await assert.rejects(reader.ask("nodes", [1]), (error: unknown) => {
    assert.ok(error instanceof PageReadError);
    assert.match(error.message, /no database yet/);
    return true;
  });
  Deno.writeTextFileSync(path, "this is no database, and long enough to be looked at as one");
  await assert.rejects(reader.ask("nodes", [1]), PageReadError);
  reader[Symbol.dispose]();
  await assert.rejects(reader.ask("nodes", [1]), /ending/);
});

Deno.test("PageReader takes no question while the thread works on one that took too long", async () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const store = await database(path);
  const clock = new ManualClock();
  const workerUrl = new URL("../storage/slow_page_worker.ts", import.meta.url);
  using reader = new PageReader({ path, workerUrl, clock, answerMs: 10, idleMs: 100 });
  const late = assert.rejects(reader.ask("nodes", [1_000_000]), /too long/);
  await clock.advance(10);
  await late;
  for (let n = 0; n < 3; n++) {
    await assert.rejects(reader.ask("recent", []), /busy with an earlier question/);
  }
  await clock.advance(1000);
  assert.equal(reader.running, true, "the thread is not left to itself");
  await waitUntil(() => reader.ask("recent", []).then(() => true, () => false), "it is free again");
  assert.equal(await reader.ask("recent", []), "soon");
  await clock.advance(100);
  assert.equal(reader.running, false);
  assert.equal(clock.armed, 0);
  await store.close(100);
});
