import assert from "node:assert/strict";
import { decodeBatch } from "../../src/capture/batch.ts";
import { aroundEventLoop } from "../../src/capture/event_loop.ts";
import { silentLog } from "../../src/capture/log.ts";
import type { Network } from "../../src/capture/network.ts";
import { noObserver } from "../../src/capture/observer.ts";
import { RecordList } from "../../src/capture/record_list.ts";
import { delivery, message, RecordingAcknowledger } from "../helpers/deliveries.ts";

const rest = {
  observer: noObserver,
  log: silentLog,
};

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
    // Not a timer, which in Deno 2.4 sleeps for longer than all of the slices take.
    if (told.length === 0) void aroundEventLoop().then(() => told.push("another"));
    told.push(size);
  });
  const topics = Array.from({ length: 125 }, (_, i) => `t/${i}`);
  const { records, sources, watched } = await decodeBatch(
    topics.map(about),
    new RecordList<string>(),
    { ...rest, network },
  );
  assert.deepEqual(records.records, topics);
  assert.equal(watched, undefined, "nobody watches");
  assert.deepEqual(sources.map(({ topic }) => topic), topics);
  assert.deepEqual(told.filter((one) => one !== "another"), [50, 50, 25]);
  assert.ok(told.indexOf("another") < 3 && told.includes("another"), told.join());
});

Deno.test("decodeBatch() decodes a small batch at once", async () => {
  const told: number[] = [];
  const network = slowNetwork((size) => told.push(size));
  await decodeBatch(["a", "b"].map(about), new RecordList<string>(), { ...rest, network });
  assert.deepEqual(told, [2]);
});

Deno.test("decodeBatch() keeps the records themselves for those who watch", async () => {
  const network = slowNetwork(() => {});
  const watcher = { wanted: true };
  const { watched } = await decodeBatch(
    ["a", "b"].map(about),
    new RecordList<string>(),
    { ...rest, network, watcher },
  );
  assert.deepEqual(watched, ["a", "b"].map((record) => ({ record, labels: LABELS })));
});

Deno.test("decodeBatch() puts a message into quarantine whose record cannot be packed", async () => {
  class Choosy extends RecordList<string> {
    override add(record: string): void {
      if (record === "b") throw new TypeError("not this one");
      super.add(record);
    }
  }
  const batch = await decodeBatch(
    ["a", "b", "c"].map(about),
    new Choosy(),
    { ...rest, network: slowNetwork(() => {}) },
  );
  assert.deepEqual(batch.records.records, ["a", "c"]);
  assert.deepEqual(batch.sources.map(({ topic }) => topic), ["a", "c"]);
  assert.deepEqual(
    batch.quarantine.map(({ message, error, record }) => [message.topic, error, record]),
    [["b", "TypeError: not this one", undefined]],
  );
  assert.deepEqual(batch.readable, [true, true]);
});
