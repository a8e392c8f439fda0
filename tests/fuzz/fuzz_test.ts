/** A small slice of `deno task fuzz`, the same every time. @module */
import assert from "node:assert/strict";
import { JsonlRecording } from "../../src/recording/jsonl.ts";
import { Random } from "../../src/traffic/random.ts";
import { Scratch } from "../helpers/scratch.ts";
import { fuzz, inputOf } from "./fuzz.ts";
import { type Bytes, joined, mutateBytes } from "./mutate.ts";
import { targets } from "./targets.ts";

for (const [name, make] of Object.entries(targets)) {
  Deno.test(`hostile input for ${name} is read without a throw, and what is read can be stored`, async () => {
    const target = await make();
    const count = Math.max(100, Math.round(7500 * target.share));
    const report = await fuzz(target, { seed: 7, count, storeEvery: 2 });
    assert.equal(report.count, count);
    const decodes = name === "meshtastic" || name === "meshcore";
    if (decodes) assert.ok(report.stored > count / 8, `${report.stored} stored`);
    // It gets behind the first door: many ways to end, none of them all of it.
    const tally = Object.values(report.tally);
    assert.ok(tally.length >= (decodes ? 10 : 2), JSON.stringify(report.tally));
  });
}

Deno.test("a recording of damaged bytes is read to its end in bounded memory, line by line", async () => {
  using scratch = new Scratch("fuzz");
  const path = scratch.file("damaged.jsonl");
  const target = await targets["jsonl"]!();
  const random = new Random(11);
  const parts: Bytes[] = [];
  for (let i = 0; i < 3000; i++) {
    const line = new Uint8Array(new TextEncoder().encode(`${inputOf(target, 11, i)}\n`));
    // Line ends, too, come and go; nothing says that it is UTF-8.
    parts.push(random.chance(0.3) ? mutateBytes(random, line, parts.at(-1) ?? line) : line);
    if (i % 1000 === 0) parts.push(random.bytes(200_000));
  }
  Deno.writeFileSync(path, joined(...parts));
  const kinds = new Set<string>();
  for await (const entry of new JsonlRecording(path, { maxLineBytes: 100_000 }).entries()) {
    kinds.add(entry.kind === "problem" ? entry.reason : entry.kind);
  }
  for (const kind of ["message", "not_json", "not_utf8"]) assert.ok(kinds.has(kind), kind);
});
