import assert from "node:assert/strict";
import { type LogFields, silentLog } from "../../src/capture/log.ts";
import { StorageError } from "../../src/capture/network.ts";
import { announceJobs } from "../../src/storage/announce.ts";

const full = new StorageError("background job retention fails: full", "disk_full", true);

function collect() {
  const lines: [string, LogFields][] = [];
  const add = (message: string, fields: LogFields = {}) => void lines.push([message, fields]);
  return { lines, log: { ...silentLog, info: add, warn: add } };
}

Deno.test("announceJobs() logs failures, and after which of them a job is done", () => {
  const { lines, log } = collect();
  const { onJobFailure, onJobDone } = announceJobs(log);
  onJobFailure("retention", full);
  onJobDone("retention");
  onJobDone("indexes");
  assert.deepEqual(lines, [
    ["a background job failed; it is tried again", { job: "retention", error: full }],
    ["a background job is done", { job: "retention", after: "disk_full" }],
    ["a background job is done", { job: "indexes" }],
  ]);
});

Deno.test("announceJobs() leaves failures to who listens, and tells all else to both", () => {
  const { lines, log } = collect();
  const heard: unknown[] = [];
  const { onJobFailure, onJobDone, onLongStep } = announceJobs(log, {
    onJobFailure: (job, { reason }) => heard.push(`${job}: ${reason}`),
    onJobDone: (job) => heard.push(job),
    onLongStep: (step) => heard.push(step?.what),
  });
  onJobFailure("retention", full);
  onJobDone("retention");
  onLongStep({ what: "building index a of t", expectedMs: 1500 });
  onLongStep(undefined);
  assert.deepEqual(heard, [
    "retention: disk_full",
    "retention",
    "building index a of t",
    undefined,
  ]);
  assert.equal(lines.length, 2);
});
