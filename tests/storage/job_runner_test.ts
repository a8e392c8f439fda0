import assert from "node:assert/strict";
import type { Job } from "../../src/capture/network.ts";
import { JobRunner } from "../../src/storage/job_runner.ts";

function job(name: string, everyMs: number, slices: number, log: string[]): Job {
  let left = slices;
  return {
    name,
    everyMs,
    step(_budget, now) {
      log.push(`${name}@${now}`);
      if (--left > 0) return "more";
      left = slices;
      return "done";
    },
  };
}

Deno.test("JobRunner finishes earlier jobs first, and repeats by the time it is told", () => {
  const log: string[] = [];
  const runner = new JobRunner([job("once", 0, 2, log), job("often", 100, 1, log)], () => {});
  assert.equal(runner.slice(1), false);
  runner.tick(1000);
  assert.deepEqual(runner.pending, ["once", "often"]);
  while (runner.slice(1));
  runner.tick(1099);
  assert.equal(runner.slice(1), false);
  runner.tick(1100);
  while (runner.slice(1));
  assert.deepEqual(log, ["once@1000", "once@1000", "often@1000", "often@1100"]);
});

Deno.test("JobRunner repeats a job in its time although the clock was years ahead for a while", () => {
  const log: string[] = [];
  const runner = new JobRunner([job("often", 100, 1, log)], () => {});
  const tick = (now: number) => {
    runner.tick(now);
    while (runner.slice(1));
  };
  tick(1000);
  tick(9_000_000);
  tick(1010);
  assert.deepEqual(log, ["often@1000", "often@9000000"]);
  tick(1109);
  assert.equal(log.length, 2);
  tick(1110);
  assert.deepEqual(log.slice(2), ["often@1110"]);
  // And back to 1970.
  tick(5);
  tick(106);
  assert.equal(log.length, 4);
});

Deno.test("JobRunner tries a job again that threw, and goes on with the others", () => {
  const log: string[] = [];
  const failed: string[] = [];
  let broken = true;
  const bad: Job = {
    name: "bad",
    everyMs: 0,
    step() {
      if (broken) throw new Error("locked");
      return "done";
    },
  };
  const runner = new JobRunner(
    [bad, job("good", 0, 1, log)],
    (name, error) => failed.push(`${name}: ${(error as Error).message}`),
  );
  runner.tick(0);
  while (runner.slice(1));
  assert.deepEqual(failed, ["bad: locked"]);
  assert.deepEqual(log, ["good@0"]);
  broken = false;
  runner.tick(60_000);
  assert.deepEqual(runner.pending, ["bad"]);
  while (runner.slice(1));
  assert.deepEqual(runner.pending, []);
  assert.equal(failed.length, 1);
});

Deno.test("JobRunner tries a job that runs once less and less often while it fails, and each hour at last", () => {
  const tries: number[] = [];
  let left = 9;
  const bad: Job = {
    name: "bad",
    everyMs: 0,
    step(_budget, now) {
      tries.push(now / 60_000);
      if (left-- === 2) return "more";
      throw new Error("the disk is full");
    },
  };
  const runner = new JobRunner([bad], () => {});
  for (let minute = 0; minute <= 400; minute++) {
    runner.tick(minute * 60_000);
    while (runner.slice(1));
  }
  // At the 123rd minute a step succeeds, and the next one fails at once.
  assert.deepEqual(tries, [
    0,
    1,
    3,
    7,
    15,
    31,
    63,
    123,
    123,
    124,
    126,
    130,
    138,
    154,
    186,
    246,
    306,
    366,
  ]);
});

Deno.test("JobRunner says when a job that runs once has come to its end", () => {
  const log: string[] = [];
  const done: string[] = [];
  const runner = new JobRunner(
    [job("once", 0, 2, log), job("often", 100, 1, log)],
    () => {},
    (name) => done.push(name),
  );
  runner.tick(1000);
  runner.slice(1);
  assert.deepEqual(done, []);
  while (runner.slice(1));
  assert.deepEqual(done, ["once"]);
});

Deno.test("JobRunner says when a job that failed has run to its end, and not when it goes on as before", () => {
  const done: string[] = [];
  const answers: ("more" | "done" | Error)[] = [
    ...["done", new Error("locked"), "more", new Error("locked"), "more", "done", "done"] as const,
  ];
  const often: Job = {
    name: "often",
    everyMs: 100,
    step() {
      const answer = answers.shift()!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const runner = new JobRunner([often], () => done.push("failed"), (name) => done.push(name));
  for (let now = 0; answers.length > 0; now += 100) {
    runner.tick(now);
    while (runner.slice(1));
  }
  assert.deepEqual(done, ["failed", "failed", "often"]);
});

Deno.test("JobRunner tells of a step that cannot be divided before it begins and when it has ended", () => {
  const told: string[] = [];
  const expected = [300, 249, 5000];
  const job: Job = {
    name: "indexes",
    everyMs: 0,
    longStep: () => ({ what: `index ${expected.length}`, expectedMs: expected[0]! }),
    step() {
      told.push("step");
      if (expected.shift() === 5000) throw new Error("locked");
      return "more";
    },
  };
  const runner = new JobRunner(
    [job],
    () => told.push("failed"),
    () => {},
    (step) => told.push(step === undefined ? "ended" : `${step.what}: ${step.expectedMs} ms`),
  );
  runner.tick(0);
  for (let i = 0; i < 3; i++) runner.slice(1);
  assert.deepEqual(told, [
    ...["index 3: 300 ms", "step", "ended"],
    "step",
    ...["index 1: 5000 ms", "step", "failed", "ended"],
  ]);
});
