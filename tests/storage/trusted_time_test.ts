import assert from "node:assert/strict";
import fc from "fast-check";
import { TrustedTime } from "../../src/storage/trusted_time.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;

/** Looks every ten minutes for `hours`; the last time told. */
async function look(time: TrustedTime, clock: ManualClock, hours: number): Promise<number> {
  let told = time.at(clock.now(), clock.monotonic());
  for (let i = 0; i < hours * 6; i++) {
    await clock.advance(HOUR / 6);
    told = time.at(clock.now(), clock.monotonic());
  }
  return told;
}

Deno.test("TrustedTime.at() goes with a clock that runs evenly, and with small steps", async () => {
  const clock = new ManualClock();
  const time = new TrustedTime();
  assert.equal(await look(time, clock, 30), clock.now());
  clock.jump(60_000);
  assert.equal(await look(time, clock, 0), clock.now());
  clock.jump(-60_000);
  assert.equal(await look(time, clock, 1), clock.now());
  assert.equal(time.latest, clock.now());
});

Deno.test("TrustedTime.at() does not follow a clock into the future and back", async () => {
  const clock = new ManualClock();
  const time = new TrustedTime();
  await look(time, clock, 1);
  const before = clock.now();
  clock.jump(10 * YEAR);
  assert.equal(await look(time, clock, 5), before + 5 * HOUR);
  clock.jump(-10 * YEAR);
  assert.equal(await look(time, clock, 10), clock.now());
});

Deno.test("TrustedTime.at() follows a clock that stays ahead for six hours", async () => {
  const clock = new ManualClock();
  const time = new TrustedTime();
  await look(time, clock, 1);
  clock.jump(30 * 24 * HOUR);
  assert.notEqual(await look(time, clock, 5.5), clock.now());
  assert.equal(await look(time, clock, 1), clock.now());
});

Deno.test("TrustedTime adds up the hours of short runs, also of a machine that learns the time late", async () => {
  for (const hasClock of [true, false]) {
    const clock = new ManualClock();
    let time = new TrustedTime();
    await look(time, clock, 1);
    for (let day = 0; day < 30; day++) {
      // Off for twenty hours, and on for four.
      clock.jump(20 * HOUR);
      time = new TrustedTime(time.latest, time.claim);
      const right = clock.now();
      if (!hasClock) {
        clock.jump(-right + 20_000);
        await look(time, clock, 0.2);
        clock.jump(right - 20_000);
      }
      await look(time, clock, 4);
    }
    assert.ok(clock.now() - time.latest! <= 48 * HOUR, `${(clock.now() - time.latest!) / HOUR} h`);
  }
});

Deno.test("TrustedTime does not add up the hours of clocks that do not go on from run to run", async () => {
  const clock = new ManualClock();
  let time = new TrustedTime();
  await look(time, clock, 1);
  const before = clock.now();
  const run = async (at: number) => {
    time = new TrustedTime(time.latest, time.claim);
    clock.jump(at - clock.now());
    return await look(time, clock, 4);
  };
  // Years ahead at one start, then as it was, then ahead again; and further ahead than a machine is off.
  await run(before + 10 * YEAR);
  await run(before);
  assert.ok(await run(before + 10 * YEAR) < before + 12 * HOUR);
  assert.ok(await run(before + 20 * YEAR) < before + 18 * HOUR);
  assert.ok(time.latest! < before + 18 * HOUR);
});

Deno.test("TrustedTime.at() follows a clock back at once, and forward again to where it was", async () => {
  // A machine without a clock of its own: last known time from before, 1970, then the network's.
  const clock = new ManualClock();
  const known = clock.now();
  clock.jump(-known + 20_000);
  const time = new TrustedTime(known);
  assert.equal(await look(time, clock, 1), clock.now());
  assert.equal(time.latest, known, "1970 is not what is remembered");
  clock.jump(known - clock.now() + HOUR + 60_000);
  assert.equal(await look(time, clock, 0), clock.now());
});

Deno.test("TrustedTime.at() waits when the first clock of a run is far ahead of the last run", async () => {
  const clock = new ManualClock();
  const time = new TrustedTime(clock.now() - YEAR);
  assert.equal(await look(time, clock, 1), clock.now() - YEAR);
  assert.equal(await look(time, clock, 6), clock.now());
});

Deno.test("TrustedTime.at() forgets a future that was believed when the clock has stayed behind it", async () => {
  const clock = new ManualClock();
  const time = new TrustedTime();
  clock.jump(10 * YEAR);
  await look(time, clock, 7);
  assert.equal(time.latest, clock.now());
  clock.jump(-10 * YEAR);
  await look(time, clock, 7);
  assert.equal(time.latest, clock.now());
  clock.jump(YEAR);
  assert.equal(await look(time, clock, 0), clock.now() - YEAR);
});

Deno.test("TrustedTime.at() never tells more than the clock, nor more than time that passed and tolerance", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: HOUR }), fc.integer({ min: -YEAR, max: YEAR })), {
        maxLength: 5,
      }),
      (steps) => {
        const start = 1_760_000_000_000;
        const time = new TrustedTime(start);
        let wall = start;
        let monotonic = 0;
        steps.forEach(([passed, jump], index) => {
          wall += passed + jump;
          monotonic += passed;
          const told = time.at(wall, monotonic);
          assert.ok(told <= wall);
          assert.ok(told <= start + monotonic + (index + 1) * HOUR / 6);
        });
      },
    ),
  );
});
