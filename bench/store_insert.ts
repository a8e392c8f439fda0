/**
 * How many Meshtastic records a second go through the storage thread, and where the time goes.
 *
 *     deno run --allow-read --allow-write=DIR bench/store_insert.ts DIR [batches] [batch size]
 *
 * @module
 */
import { openMeshtasticStore } from "../src/meshtastic/store.ts";
import type { MeshtasticRecord } from "../src/meshtastic/record.ts";
import { MeshtasticBatch } from "../src/meshtastic/store_batch.ts";
import { emptyContext, testEnumNames, testRecord } from "../tests/helpers/meshtastic_records.ts";

const [directory = ".", batches = "30", batchSize = "2000"] = Deno.args;
const size = Number(batchSize);
let time = 1_760_000_000;
let id = 1;

/** 300 nodes, 20 gateways, random payloads of 20 to 80 bytes and envelopes of 150. */
function makeBatch(): MeshtasticRecord[] {
  return Array.from({ length: size }, () => {
    const gateway = 1 + Math.floor(Math.random() * 20);
    const payload = crypto.getRandomValues(
      new Uint8Array(20 + Math.floor(Math.random() * 60)),
    );
    const gatewayId = `!${gateway.toString(16).padStart(8, "0")}`;
    const channel = ["LongFast", "MediumFast", "Team"][gateway % 3]!;
    const hopStart = 3 + gateway % 4;
    return testRecord({
      timestamp: time += 0.01,
      topic: `msh/EU_868/2/e/${channel}/${gatewayId}`,
      fromNodeId: (Math.floor(Math.random() * 300) * 2654435761) >>> 0,
      portnum: [1, 3, 4, 67, 70][id % 5]!,
      gatewayId,
      channelId: channel,
      channelName: channel,
      meshPacketId: (id++ * 2246822519) >>> 0,
      hopStart,
      hopLimit: hopStart - id % 3,
      rawPayload: payload,
      payloadLength: payload.length,
      rawServiceEnvelope: crypto.getRandomValues(new Uint8Array(150)),
    }, { gatewayNodeId: gateway });
  });
}

/** Prints a line of results. */
function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const warm = makeBatch();
const start = performance.now();
for (let i = 0; i < 20; i++) {
  const batch = new MeshtasticBatch(size, false);
  for (const record of warm) batch.add(record);
  batch.encode();
}
print(`packing: ${((performance.now() - start) * 1000 / 20 / size).toFixed(2)} µs a record`);

for (const indexes of ["minimal", "full"] as const) {
  for (const synchronous of ["FULL", "NORMAL"] as const) {
    const path = `${directory}/bench-${crypto.randomUUID()}.db`;
    const store = await openMeshtasticStore({
      path,
      enumNames: testEnumNames,
      nowMs: time * 1000,
      indexes,
      settings: { synchronous },
    });
    const made = Array.from({ length: Number(batches) }, makeBatch);
    let inThread = 0;
    const from = performance.now();
    let before: Promise<unknown> = Promise.resolve();
    for (const batch of made) {
      const commit = store.commit(batch, emptyContext).then((s) => inThread += s.durationMs);
      await before;
      before = commit;
    }
    await before;
    const ms = performance.now() - from;
    const rows = made.length * size;
    print(
      `${indexes} ${synchronous}: ${Math.round(rows / ms * 1000)} records/s, thread ${
        (inThread * 1000 / rows).toFixed(1)
      } µs a record, commit ${(inThread / made.length).toFixed(0)} ms a batch`,
    );
    await store.close(0);
    for (const suffix of ["", "-wal", "-shm", ".lock"]) {
      try {
        Deno.removeSync(path + suffix);
      } catch {
        // Not every file is left.
      }
    }
  }
}
