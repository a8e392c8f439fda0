import assert from "node:assert/strict";
import { decodeBatch } from "../../src/capture/batch.ts";
import { silentLog } from "../../src/capture/log.ts";
import type { Network } from "../../src/capture/network.ts";
import { noObserver } from "../../src/capture/observer.ts";
import { delivery, message, RecordingAcknowledger } from "../helpers/deliveries.ts";

const LABELS = { type: "T", decrypt: "none", readable: true };

const taker = new RecordingAcknowledger();
const about = (topic: string, id: number) =>
  delivery(id + 1, taker, { message: message({ topic }) });

/** Takes 5 ms a call, and tells of each. */
function slowNetwork(onCall: (size: number) => void): Network<string> {
  return {
    name: "meshtastic",
    decode: (batch) => {
      onCall(batch.length);
      const end = performance.now() + 5;
      while (performance.now() < end);
      return Promise.resolve(
        batch.map(({ topic }) => ({ kind: "record" as const, record: topic, labels: LABELS })),
      );
    },
  };
}

Deno.test("decodeBatch() decodes a large batch in slices, in order, and lets others have a turn between", async () => {
  const told: (number | string)[] = [];
  const network = slowNetwork((size) => {
    if (told.length === 0) setTimeout(() => told.push("another"), 0);
    told.push(size);
  });
  const topics = Array.from({ length: 125 }, (_, i) => `t/${i}`);
  const { records, sources } = await decodeBatch(
    topics.map(about),
    { network, observer: noObserver, log: silentLog },
  );
  assert.deepEqual(records, topics);
  assert.deepEqual(sources.map(({ topic }) => topic), topics);
  assert.deepEqual(told.filter((one) => one !== "another"), [50, 50, 25]);
  assert.ok(told.indexOf("another") < 3 && told.includes("another"), told.join());
});

Deno.test("decodeBatch() decodes a small batch at once", async () => {
  const told: number[] = [];
  const network = slowNetwork((size) => told.push(size));
  await decodeBatch(["a", "b"].map(about), {
    network,
    observer: noObserver,
    log: silentLog,
  });
  assert.deepEqual(told, [2]);
});
