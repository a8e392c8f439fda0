import assert from "node:assert/strict";
import type { Message } from "../../src/capture/message.ts";
import { type CommitContext, type Network, StorageError } from "../../src/capture/network.ts";
import { RecordList } from "../../src/capture/record_list.ts";
import { ReadTally, type Recording } from "../../src/recording/entry.ts";
import { replayInto } from "../../src/recording/replay.ts";
import { message } from "../helpers/deliveries.ts";
import { storedList } from "../helpers/stored_list.ts";

const T0 = 1_760_000_000_000;

function recording(messages: readonly Message[]): Recording {
  return {
    path: "x",
    async *entries() {
      for (const one of messages) yield { kind: "message" as const, message: one };
    },
  } as Recording;
}

const texts: Network<string> = {
  name: "meshtastic",
  decode: (batch) =>
    Promise.resolve(batch.map(({ payload }) => {
      const record = new TextDecoder().decode(payload);
      if (record === "drop") return { kind: "drop" as const, reason: "unwanted_topic" };
      const labels = { type: "T", decrypt: "none", readable: true };
      return { kind: "record" as const, record, labels };
    })),
};

function store() {
  const steps: string[] = [];
  const contexts: CommitContext[] = [];
  const opened: number[] = [];
  return {
    steps,
    contexts,
    opened,
    openStore: async (nowMs: number) => {
      opened.push(nowMs - T0);
      return {
        newBatch: () => new RecordList<string>(),
        async commit(batch: RecordList<string>, context: CommitContext) {
          const stored = storedList(batch, context);
          const index = batch.records.indexOf("bad");
          if (stored.includes("bad")) {
            throw new StorageError("refused", "refused", false, {}, [{ index, error: "no" }]);
          }
          steps.push(stored.join(" "));
          contexts.push(context);
          return { counts: {}, durationMs: 0 };
        },
        async runJobs(nowMs: number) {
          steps.push(`jobs ${(nowMs - T0) / 1000}`);
        },
        async close() {
          steps.push("close");
        },
      };
    },
  };
}

const at = (seconds: number, text: string) =>
  message({
    receivedAt: T0 + seconds * 1000,
    payload: new Uint8Array(new TextEncoder().encode(text)),
  });

Deno.test("replayInto() runs jobs as the recorded time goes, and once more at the end", async () => {
  const target = store();
  const result = await replayInto({
    recording: recording([at(0, "a"), at(30, "b"), at(61, "c"), at(86_400, "d"), at(86_401, "e")]),
    tally: new ReadTally(),
    network: texts,
    openStore: target.openStore,
    batchMax: 100,
  });
  assert.deepEqual(target.opened, [0], "the time of the first message");
  assert.deepEqual(target.steps, [
    "a b",
    "jobs 60",
    "c",
    "jobs 120",
    "d e",
    "jobs 86401",
    "close",
  ]);
  assert.equal(result.stored, 5);
});

Deno.test("replayInto() keeps apart what the database refuses, counts drops, and fills batches", async () => {
  const target = store();
  const result = await replayInto({
    recording: recording(["a", "bad", "drop", "b", "drop"].map((text) => at(0, text))),
    tally: new ReadTally(),
    network: texts,
    openStore: target.openStore,
    batchMax: 4,
  });
  assert.deepEqual(target.steps, ["a b", "jobs 0", "close"]);
  assert.deepEqual(target.contexts[0]!.quarantine.map(({ error }) => error), ["no"]);
  assert.deepEqual([result.stored, result.quarantined], [2, 1]);
  assert.deepEqual([...result.dropped], [["unwanted_topic", 2]]);
});

Deno.test("replayInto() closes the database when the recording breaks off", async () => {
  const target = store();
  const broken: Recording = {
    path: "x",
    async *entries() {
      yield { kind: "message" as const, message: at(0, "a") };
      throw new Error("the disk is gone");
    },
  } as Recording;
  const parts = { recording: broken, tally: new ReadTally(), network: texts, batchMax: 1 };
  await assert.rejects(
    replayInto({ ...parts, openStore: target.openStore }),
    /disk is gone/,
  );
  assert.deepEqual(target.steps, ["a", "close"]);
});
