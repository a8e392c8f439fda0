import assert from "node:assert/strict";
import {
  ago,
  bytes,
  duration,
  feedNote,
  growthPerDay,
  leftOut,
  meridian,
  milliseconds,
  problemWords,
  rate,
  share,
  shortId,
  shownName,
  typeWords,
  whole,
} from "../../src/observe/page/format.ts";

Deno.test("figures are written for people", () => {
  assert.deepEqual([whole(0), whole(1234567)], ["0", "1,234,567"]);
  assert.deepEqual([rate(0), rate(0.05), rate(2.345), rate(1234.5)], [
    "0",
    "< 0.1",
    "2.3",
    "1,235",
  ]);
  assert.deepEqual(
    [bytes(0), bytes(999), bytes(1000), bytes(123_456), bytes(9.99e9), bytes(-2e6), bytes(999_600)],
    ["0 B", "999 B", "1.0 kB", "123 kB", "10.0 GB", "−2.0 MB", "1.0 MB"],
  );
  assert.deepEqual([milliseconds(0.44), milliseconds(12.3), milliseconds(1500)], [
    "0.4 ms",
    "12 ms",
    "1.5 s",
  ]);
  assert.deepEqual(
    [share(0, 0), share(0, 5), share(1, 3), share(1, 20), share(1, 5000), share(5, 5)],
    ["–", "0 %", "33 %", "5.0 %", "< 0.1 %", "100 %"],
  );
});

Deno.test("lengths of time have two units at most, and never run backwards", () => {
  assert.deepEqual(
    [
      duration(-5),
      duration(8_900),
      duration(60_000),
      duration(3_600_000),
      duration(3_900_000),
      duration(90_000_000),
      duration(86_400_000),
    ],
    ["0 s", "8 s", "1 min", "1 h", "1 h 5 min", "1 d 1 h", "1 d"],
  );
  assert.deepEqual([ago(5_000, 4_000), ago(0, 12_000)], ["just now", "12 s ago"]);
});

Deno.test("types and ids are short and readable", () => {
  assert.deepEqual(
    ["POSITION_APP", "TEXT_MESSAGE_APP", "ADVERT", "SOME_NEW_APP"].map(typeWords),
    ["Position", "Text", "Advert", "Some new"],
  );
  assert.deepEqual([shortId("!a1b2c3d4"), shortId("0123456789abcdef0")], [
    "!a1b2c3d4",
    "01234567…",
  ]);
});

Deno.test("growthPerDay() needs two sizes some time apart", () => {
  assert.equal(growthPerDay([0, 60], [10, 20]), undefined);
  assert.equal(growthPerDay([], []), undefined);
  assert.equal(growthPerDay([0, 3600, 7200], [0, 100, 0]), undefined);
  assert.equal(growthPerDay([0, 3600, 7200, 10800], [0, 100, 150, 200]), 1200);
});

Deno.test("meridian() names no degree beyond 180", () => {
  assert.deepEqual(
    [9.5, -9.5, 0, 179, 190, -190, 360, 540.5].map((lon) => meridian(lon, 1)),
    ["9.5° E", "9.5° W", "0.0° E", "179.0° E", "170.0° W", "170.0° E", "0.0° E", "179.5° W"],
  );
});

Deno.test("what is left out, and which database does not answer, is said by network", () => {
  const nodes = { meshtastic: [1, 2], meshcore: [1] };
  assert.equal(leftOut(nodes, { meshtastic: 2, meshcore: 1 }), undefined);
  assert.equal(
    leftOut(nodes, { meshtastic: 10_058, meshcore: 1 }),
    "Meshtastic: the 2 heard last of 10,058",
  );
  assert.equal(problemWords({}), undefined);
  assert.equal(
    problemWords({ meshcore: "it is locked" }),
    "MeshCore's database does not answer: it is locked. What was known of it stays.",
  );
});

Deno.test("feedNote() says live only with a line, and a bound is no count", () => {
  const still = { alive: true, paused: false, waiting: 0, maxWaiting: 1000, skipped: 0 };
  assert.deepEqual(
    [
      still,
      { ...still, skipped: 2500 },
      { ...still, alive: false },
      { ...still, paused: true, waiting: 999 },
      { ...still, paused: true, waiting: 1000, alive: false },
    ].map(feedNote),
    [
      "live",
      "live; 2,500 came too fast to show",
      "not connected",
      "paused, 999 wait",
      "paused, 1,000 or more wait; not connected",
    ],
  );
});

Deno.test("shownName() takes a name that shows nothing for none, and lets none turn the line", () => {
  const nothing = [
    undefined,
    "",
    "   ",
    "\t\n",
    "\u200b\u200b",
    "\u2800",
    "\u3164",
    "\u202e",
    "\ufe0f",
  ];
  assert.deepEqual(nothing.map(shownName), nothing.map(() => undefined));
  assert.equal(shownName("\u202egnilrevo\u202c end\u2066"), "gnilrevo end");
  // Family and flag need their joiners.
  for (const name of ["Hill", "👩‍👩‍👧🏳️‍🌈", "مرحبا", "1", "."]) assert.equal(shownName(name), name);
});
