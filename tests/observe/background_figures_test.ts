import assert from "node:assert/strict";
import { BackgroundFigures } from "../../src/observe/background_figures.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

/** Questions that a test answers. */
function questions() {
  const open: PromiseWithResolvers<boolean>[] = [];
  const ask = () => {
    const question = Promise.withResolvers<boolean>();
    open.push(question);
    return question.promise;
  };
  return { open, ask };
}

Deno.test("BackgroundFigures.collect() waits for the first answer, and for none after it", async () => {
  const clock = new ManualClock();
  const { open, ask } = questions();
  const figures = new BackgroundFigures(clock, 5_000, ask);
  let collected = 0;
  const first = figures.collect()?.then(() => collected++);
  await clock.advance(0);
  assert.deepEqual([open.length, collected], [1, 0]);
  open[0]!.resolve(true);
  await first;
  await clock.advance(5_000);
  await figures.collect();
  await figures.collect();
  assert.equal(open.length, 2, "one question at a time");
  open[1]!.resolve(true);
  await clock.advance(4_999);
  await figures.collect();
  assert.equal(open.length, 2, "fresh enough");
});

Deno.test("BackgroundFigures.review() asks when figures are old, and again after a failure", async () => {
  const clock = new ManualClock();
  const { open, ask } = questions();
  const figures = new BackgroundFigures(clock, 5_000, ask);
  figures.review();
  open[0]!.reject(new Error("the thread died"));
  await clock.advance(1_000);
  figures.review();
  assert.equal(open.length, 1);
  await clock.advance(4_000);
  figures.review();
  assert.equal(open.length, 2);
  open[1]!.resolve(true);
  await clock.advance(0);
  await figures.collect();
  assert.equal(open.length, 2);
});

Deno.test("BackgroundFigures.collect() waits again while nothing was told", async () => {
  const { open, ask } = questions();
  const figures = new BackgroundFigures(new ManualClock(), 5_000, ask);
  for (const [index, told] of [false, true].entries()) {
    const collected = figures.collect();
    open[index]!.resolve(told);
    await collected;
  }
  await figures.collect();
  assert.equal(open.length, 2);
});
