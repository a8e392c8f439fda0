import assert from "node:assert/strict";
import type { Message } from "../../src/capture/message.ts";
import { createMeshcoreDecoder } from "../../src/meshcore/decoder.ts";
import type { MeshcoreRecord, StoredRecord } from "../../src/meshcore/record.ts";
import {
  BatchReader,
  type EncodedMeshcore,
  MeshcoreBatch,
  PackedWriter,
} from "../../src/meshcore/store_batch.ts";
import { createMeshcoreTraffic } from "../../src/meshcore/traffic_generator.ts";
import { advert, companion, packet, reception, refused, status } from "./records.ts";

/** A batch as it arrives in the thread. */
function crossed(records: readonly MeshcoreRecord[]): EncodedMeshcore {
  const batch = new MeshcoreBatch(records.length + 3);
  // What was in it before leaves nothing.
  for (const record of [advert(), status(), packet({ hops: ["FE"] })]) batch.add(record);
  batch[Symbol.dispose]();
  for (const record of records) batch.add(record);
  assert.equal(batch.size, records.length);
  return structuredClone(batch.encode());
}

/** All records of a batch, in order. */
function read(batch: EncodedMeshcore): StoredRecord[] {
  const reader = new BatchReader(batch);
  return Array.from({ length: batch.size }, (_, index) => reader.at(index));
}

/** What crosses of a record. */
function stored(record: MeshcoreRecord): StoredRecord {
  if (record.kind !== "packet") return record;
  const { source: _, topic: _1, qos: _2, payloadName: _3, region: _4, heardAt: _5, ...rest } =
    record;
  return rest;
}

function traffic(count: number): Message[] {
  const messages: Message[] = [];
  for (
    const { topic, payload } of createMeshcoreTraffic({ seed: 7, startMs: 1_760_000_000_000 })
  ) {
    messages.push({
      source: "test",
      topic,
      payload,
      receivedAt: 1_760_000_000_000 + messages.length,
      qos: messages.length % 2 === 0 ? 0 : 1,
      retained: messages.length % 7 === 0,
      redelivered: false,
    });
    if (messages.length === count) break;
  }
  return messages;
}

async function recordsOf(messages: readonly Message[]): Promise<MeshcoreRecord[]> {
  const decoded = await createMeshcoreDecoder().decode(messages);
  return decoded.flatMap((one) => one.kind === "record" ? [one.record] : []);
}

Deno.test("BatchReader gives back every kind of record, in order", () => {
  const bare = packet({ observer: null });
  const records = [
    packet(),
    status(),
    { ...bare, region: "", observation: { ...bare.observation, snr: -0, score: null } },
    advert(),
    refused(),
    packet({ hops: ["AA", "0BCD"] }),
    companion("00112233aabbccdd"),
    reception(),
    { ...packet(), retained: true, clockSkewSeconds: -901 },
  ];
  assert.deepEqual(read(crossed(records)), records.map(stored));
  assert.deepEqual(read(crossed([])), []);
  const reader = new BatchReader(crossed(records));
  for (const index of [8, 2, 2, 0, 7, 5, 6, 3, 3, 4, 1, 2, 0, 2, 5, 6, 8]) {
    assert.deepEqual(reader.at(index), stored(records[index]!), `record ${index} out of turn`);
  }
});

Deno.test("BatchReader gives back what a decoder makes of traffic", async () => {
  const records = await recordsOf(traffic(600));
  assert.ok(records.length > 500);
  assert.deepEqual(read(crossed(records)), records.map(stored));
});

Deno.test("PackedWriter writes the records of each batch, again after a rollback", () => {
  const written: string[] = [];
  const inner = {
    size: () => assert.fail("the packed batch knows its size"),
    write: (records: readonly StoredRecord[], index: number) =>
      void written.push(records[index]!.kind),
    flush: () => void written.push("flush"),
    counts: () => ({ packets: 3 }),
    committed: () => void written.push("committed"),
    rolledBack: () => void written.push("rolled back"),
  };
  const writer = new PackedWriter(inner);
  const batch = crossed([packet(), status(), advert()]);
  assert.equal(writer.size(batch), 3);
  writer.write(batch, 0);
  writer.rolledBack();
  for (const index of [0, 1, 2]) writer.write(batch, index);
  writer.flush();
  assert.deepEqual(writer.counts(), { packets: 3 });
  writer.committed();
  writer.write(crossed([refused()]), 0);
  assert.deepEqual(written, [
    "packet",
    "rolled back",
    "packet",
    "status",
    "packet",
    "flush",
    "committed",
    "refused",
  ]);
});

Deno.test("decode() says of repeated packets what a decoder says that never saw them", async () => {
  const messages = traffic(300);
  const alone = await Promise.all(
    messages.map(async (one) => (await createMeshcoreDecoder().decode([one]))[0]),
  );
  const decoder = createMeshcoreDecoder();
  assert.deepEqual(await decoder.decode(messages), alone);
  assert.deepEqual(await decoder.decode(messages), alone);
});
