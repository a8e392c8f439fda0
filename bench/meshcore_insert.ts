/**
 * How many MeshCore observations a second go through the storage thread.
 *
 *     deno run --allow-read --allow-write=DIR bench/meshcore_insert.ts DIR [batches] [batch size]
 *
 * @module
 */
import type { MeshcoreRecord } from "../src/meshcore/record.ts";
import { openMeshcoreStore } from "../src/meshcore/store.ts";
import { advert, emptyContext, key, packet, sighting } from "../tests/meshcore/records.ts";

const [directory = ".", batches = "30", batchSize = "2000"] = Deno.args;
const size = Number(batchSize);
let time = 1_760_000_000_000;
let id = 0;

/** A packet of 60 bytes that some of 16 observers hear over paths of their own; one in 20 an advert. */
function makeBatch(): MeshcoreRecord[] {
  const records: MeshcoreRecord[] = [];
  while (records.length < size) {
    const hash = (id++ * 2654435761 % 2 ** 48).toString(16).padStart(16, "0");
    const heard = 1 + id % 4;
    for (let i = 0; i < heard && records.length < size; i++) {
      const observer = sighting(key(((id * 7 + i) % 16).toString(16).padStart(4, "0")));
      const hops = Array.from(
        { length: (id + i) % 5 },
        (_, hop) => ((id * 31 + i * 7 + hop) % 256).toString(16).padStart(2, "0").toUpperCase(),
      );
      const rawHex = hash.repeat(8).slice(0, 120);
      const parts = {
        hash,
        hops,
        observer,
        receivedAt: time += 10,
        sent: { rawHex, decodedJson: `{"type":"TXT_MSG","encryptedData":"${rawHex}"}` },
        seen: { rawHex, pathJson: JSON.stringify(hops) },
      };
      records.push(
        id % 20 === 0
          ? advert({ publicKey: key((id % 300).toString(16).padStart(4, "0")) }, parts)
          : packet(parts),
      );
    }
  }
  return records;
}

/** Prints a line of results. */
function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

for (const synchronous of ["FULL", "NORMAL"] as const) {
  const path = `${directory}/bench-${crypto.randomUUID()}.db`;
  const store = await openMeshcoreStore({ path, nowMs: time, settings: { synchronous } });
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
    `${synchronous}: ${Math.round(rows / ms * 1000)} observations/s, thread ${
      (inThread * 1000 / rows).toFixed(1)
    } µs a record, commit ${(inThread / made.length).toFixed(0)} ms a batch`,
  );
  const ticked = performance.now();
  await store.runJobs(time);
  print(`jobs after ${rows} observations: ${(performance.now() - ticked).toFixed(0)} ms`);
  await store.close(0);
  for (const suffix of ["", "-wal", "-shm", ".lock"]) {
    try {
      Deno.removeSync(path + suffix);
    } catch {
      // Not every file is left.
    }
  }
}
