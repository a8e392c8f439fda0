import assert from "node:assert/strict";
import fc from "fast-check";
import type { Message } from "../../src/capture/message.ts";
import { messagesOf, ReadTally, type RecordedEntry } from "../../src/recording/entry.ts";
import { JsonlRecording } from "../../src/recording/jsonl.ts";
import { JsonlWriter, RecordingWriteError } from "../../src/recording/jsonl_writer.ts";
import { Scratch } from "../helpers/scratch.ts";
import { symbolicLink } from "../helpers/symbolic_link.ts";
import { arbitraryMessage } from "./arbitrary_message.ts";

const GOOD = '{"ts":1,"topic":"t","payload_b64":"AQ=="}';

async function entriesOf(recording: JsonlRecording): Promise<RecordedEntry[]> {
  return await Array.fromAsync(recording.entries());
}

/** `message` or the reason of the problem, with its line. */
function shape(entries: RecordedEntry[]): string[] {
  return entries.map((e) => e.kind === "message" ? "message" : `${e.reason}@${e.position}`);
}

function message(n: number): Message {
  return {
    source: "s",
    topic: `t/${n}`,
    payload: new Uint8Array([n & 255, n >> 8]),
    receivedAt: 1_760_000_000_000 + n,
    qos: 1,
    retained: false,
    redelivered: false,
  };
}

Deno.test("JsonlRecording tolerates a byte order mark, CRLF, blank lines and a missing last line feed", async () => {
  using scratch = new Scratch("jsonl");
  const path = scratch.file("a.jsonl");
  Deno.writeTextFileSync(path, `\uFEFF${GOOD}\r\n\r\n  \n${GOOD}\n\n${GOOD}`);
  assert.deepEqual(shape(await entriesOf(new JsonlRecording(path))), [
    "message",
    "message",
    "message",
  ]);
});

Deno.test("JsonlRecording gives broken lines as problems with their numbers and goes on", async () => {
  using scratch = new Scratch("jsonl");
  const path = scratch.file("a.jsonl");
  const bytes = [
    ...new TextEncoder().encode(`${GOOD}\n\nnot json\n`),
    0xff,
    0xfe,
    0x0a,
    ...new TextEncoder().encode(`${GOOD}\n{"ts":1`),
  ];
  Deno.writeFileSync(path, new Uint8Array(bytes));
  const recording = new JsonlRecording(path);
  assert.deepEqual(shape(await entriesOf(recording)), [
    "message",
    "not_json@3",
    "not_utf8@4",
    "message",
    "cut_off@6",
  ]);

  const tally = new ReadTally();
  const seen: number[] = [];
  const messages = await Array.fromAsync(
    messagesOf(recording, tally, { onProblem: (p) => seen.push(p.position) }),
  );
  assert.equal(messages.length, 2);
  assert.deepEqual([tally.messages, tally.problems], [2, 3]);
  assert.deepEqual([...tally.byReason], [["not_json", 1], ["not_utf8", 1], ["cut_off", 1]]);
  assert.deepEqual(seen, [3, 4, 6]);
});

Deno.test("JsonlRecording tells a last line that was cut off from one that never was a message", async () => {
  using scratch = new Scratch("jsonl");
  const path = scratch.file("a.jsonl");
  const cut = new TextEncoder().encode('{"ts":1,"topic":"é').slice(0, -1);
  for (
    const [last, expected] of [
      ['{"ts":1,"to', "cut_off@2"],
      [cut, "cut_off@2"],
      ['{"ts":1,"to\n', "not_json@2"],
      ["to", "not_json@2"],
      ['{"ts":1}', "bad_topic@2"],
      [GOOD, "message"],
    ] as const
  ) {
    Deno.writeTextFileSync(path, `${GOOD}\n`);
    const bytes = typeof last === "string" ? new TextEncoder().encode(last) : last;
    Deno.writeFileSync(path, bytes, { append: true });
    assert.deepEqual(shape(await entriesOf(new JsonlRecording(path))), ["message", expected]);
  }
});

Deno.test("JsonlRecording skips lines beyond the limit, also when they span many reads", async () => {
  using scratch = new Scratch("jsonl");
  const path = scratch.file("a.jsonl");
  const long = "x".repeat(300_000);
  Deno.writeTextFileSync(path, `${GOOD}\n${long}\n${GOOD}\n${GOOD}${" ".repeat(2_000)}\n${long}`);
  const recording = new JsonlRecording(path, { maxLineBytes: 1000 });
  assert.deepEqual(shape(await entriesOf(recording)), [
    "message",
    "too_long@2",
    "message",
    "too_long@4",
    "too_long@5",
  ]);
});

Deno.test("JsonlRecording reads lines that cross the bounds of its reads", async () => {
  using scratch = new Scratch("jsonl");
  const path = scratch.file("a.jsonl");
  const payload = btoa("y".repeat(30_000));
  const lines = Array.from(
    { length: 20 },
    (_, i) => `{"ts":${i},"topic":"t","payload_b64":"${payload}"}`,
  );
  Deno.writeTextFileSync(path, lines.join("\n"));
  const entries = await entriesOf(new JsonlRecording(path));
  assert.deepEqual(
    entries.map((e) => e.kind === "message" && [e.message.receivedAt, e.message.payload.length]),
    lines.map((_, i) => [i * 1000, 30_000]),
  );
});

Deno.test("JsonlRecording gives nothing for an empty file and throws when there is none", async () => {
  using scratch = new Scratch("jsonl");
  Deno.writeTextFileSync(scratch.file("empty"), "");
  assert.deepEqual(await entriesOf(new JsonlRecording(scratch.file("empty"))), []);
  await assert.rejects(entriesOf(new JsonlRecording(scratch.file("none"))), Deno.errors.NotFound);
});

Deno.test("JsonlRecording stops when its signal is aborted", async () => {
  using scratch = new Scratch("jsonl");
  const path = scratch.file("a.jsonl");
  Deno.writeTextFileSync(path, `${GOOD}\n`.repeat(5000));
  const stop = new AbortController();
  let read = 0;
  await assert.rejects(async () => {
    for await (const _ of new JsonlRecording(path).entries(stop.signal)) {
      if (++read === 10) stop.abort(new Error("enough"));
    }
  }, /enough/);
  assert.ok(read < 5000);
});

Deno.test("JsonlRecording holds little memory when the file is large", async () => {
  using scratch = new Scratch("jsonl");
  const path = scratch.file("a.jsonl");
  const line = `{"ts":1,"topic":"t","payload_b64":"${btoa("z".repeat(600))}"}\n`;
  const part = new TextEncoder().encode(line.repeat(1000));
  using file = Deno.openSync(path, { write: true, create: true });
  for (let i = 0; i < 60; i++) file.writeSync(part);
  const before = Deno.memoryUsage();
  let read = 0;
  for await (const entry of new JsonlRecording(path).entries()) {
    if (entry.kind === "message") read++;
  }
  assert.equal(read, 60_000);
  // The file is 50 MB; most of it would be in memory if it were read as a whole.
  const after = Deno.memoryUsage();
  assert.ok(after.heapUsed - before.heapUsed < 30e6, `${after.heapUsed - before.heapUsed}`);
});

Deno.test("JsonlWriter writes what JsonlRecording reads back", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(arbitraryMessage, { maxLength: 5 }), { maxLength: 4 }),
      async (batches) => {
        using scratch = new Scratch("jsonl");
        const path = scratch.file("a.jsonl");
        {
          await using writer = new JsonlWriter(path);
          await writer.start();
          for (const batch of batches) await writer.append(batch);
        }
        const entries = await entriesOf(new JsonlRecording(path));
        assert.deepEqual(
          entries,
          batches.flat().map((message) => ({ kind: "message", message })),
        );
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("JsonlWriter appends to what is there, and ends a line that was cut off", async () => {
  using scratch = new Scratch("jsonl");
  const path = scratch.file("a.jsonl");
  Deno.writeTextFileSync(path, `${GOOD}\n{"ts":2,"to`);
  {
    await using writer = new JsonlWriter(path);
    await writer.start();
    await writer.append([message(1)]);
    await writer.sync();
    assert.equal(writer.length, Deno.statSync(path).size);
  }
  assert.deepEqual(shape(await entriesOf(new JsonlRecording(path))), [
    "message",
    "not_json@2",
    "message",
  ]);
});

Deno.test("JsonlWriter keeps the order of calls that were not waited for", async () => {
  using scratch = new Scratch("jsonl");
  const path = scratch.file("a.jsonl");
  const writer = new JsonlWriter(path);
  await writer.start();
  const calls = Array.from({ length: 50 }, (_, i) => writer.append([message(i)]));
  await writer[Symbol.asyncDispose]();
  await Promise.all(calls);
  const entries = await entriesOf(new JsonlRecording(path));
  assert.deepEqual(
    entries.map((e) => e.kind === "message" && e.message.topic),
    calls.map((_, i) => `t/${i}`),
  );
});

Deno.test("JsonlWriter rejects with a named error when it cannot open, or is not open", async () => {
  using scratch = new Scratch("jsonl");
  const nowhere = new JsonlWriter(scratch.file("no/such/folder.jsonl"));
  await assert.rejects(nowhere.start(), (error: unknown) => {
    assert.ok(error instanceof RecordingWriteError);
    assert.ok(error.cause instanceof Deno.errors.NotFound);
    return true;
  });
  await assert.rejects(nowhere.append([message(1)]), RecordingWriteError);
  await nowhere[Symbol.asyncDispose]();
});

Deno.test("JsonlWriter has its file to itself, by whatever path another comes, until it is closed", async () => {
  using scratch = new Scratch("jsonl");
  const [path, link] = [scratch.file("a.jsonl"), scratch.file("link.jsonl")];
  await symbolicLink(path, link);
  const first = new JsonlWriter(path);
  await first.start();
  await first.append([message(1)]);
  for (const same of [path, link]) {
    await using second = new JsonlWriter(same);
    await assert.rejects(second.start(), (error: unknown) => {
      assert.ok(error instanceof RecordingWriteError);
      assert.equal(
        error.message,
        `${same} is being written by another recording: end that one first, or give this one another file`,
      );
      return true;
    });
    await assert.rejects(second.append([message(2)]), RecordingWriteError);
  }
  await first.append([message(3)]);
  await first[Symbol.asyncDispose]();
  {
    await using next = new JsonlWriter(link);
    await next.start();
    await next.append([message(4)]);
  }
  const entries = await entriesOf(new JsonlRecording(path));
  assert.deepEqual(
    entries.map((e) => e.kind === "message" && e.message.topic),
    ["t/1", "t/3", "t/4"],
  );
});

Deno.test("JsonlWriter refuses a file that holds something else, and leaves it and its folder as they were", async () => {
  using scratch = new Scratch("jsonl");
  const path = scratch.file("a");
  for (
    const [content, reason] of [
      ["SQLite format 3\0 and what follows", "it is a database"],
      ["dear diary\n", "it is no recording"],
      ["\n[1, 2]\n", "it is no recording"],
      [new Uint8Array([0x1f, 0x8b, 8, 0]), "it is compressed"],
      [`${" ".repeat(10_000)}x`, "it is no recording"],
    ] as const
  ) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    Deno.writeFileSync(path, bytes);
    await using writer = new JsonlWriter(path);
    await assert.rejects(writer.start(), (error: unknown) => {
      assert.ok(error instanceof RecordingWriteError);
      assert.equal(error.message, `${path} is left as it is, for ${reason}: name another file`);
      return true;
    });
    assert.deepEqual(Deno.readFileSync(path), bytes);
  }
  assert.deepEqual([...Deno.readDirSync(scratch.path)].map(({ name }) => name), ["a"]);
});

Deno.test("JsonlWriter appends to a recording that begins with a byte order mark or blank lines", async () => {
  using scratch = new Scratch("jsonl");
  for (
    const before of ["", "\n \r\n", `\uFEFF${GOOD}\n`, `\uFEFF\r\n\t${GOOD}\n`, " ".repeat(9000)]
  ) {
    const path = scratch.file("a.jsonl");
    Deno.writeTextFileSync(path, before);
    const held = (await entriesOf(new JsonlRecording(path))).length;
    {
      await using writer = new JsonlWriter(path);
      await writer.start();
      await writer.append([message(1)]);
    }
    const entries = await entriesOf(new JsonlRecording(path));
    assert.deepEqual(shape(entries), Array(held + 1).fill("message"));
  }
});
