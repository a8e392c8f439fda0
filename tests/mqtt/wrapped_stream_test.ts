/** What stands between a socket and its user, on real sockets. @module */
import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { aroundEventLoop } from "../../src/capture/event_loop.ts";
import { WrappedStream } from "../../src/mqtt/wrapped_stream.ts";

class Plain extends WrappedStream {
  protected override fromInner(chunk: Uint8Array): Uint8Array {
    return chunk;
  }

  protected override toInner(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
    return chunks;
  }
}

/** Some turns of the event loop: streams tell of their bytes in later ones. */
async function turns(): Promise<void> {
  for (let n = 0; n < 10; n++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** The byte at a place of what is sent: no 64 KiB are like the next. */
function byteAt(place: number): number {
  return Math.floor(place / 1009) & 0xff;
}

/** Sends `total` bytes through a real socket to a wrapped stream; resolves with it. */
async function sentTo(total: number): Promise<{ wrapped: Plain; sender: Socket }> {
  const { promise: accepted, resolve } = Promise.withResolvers<Socket>();
  const server = createServer((socket) => resolve(socket));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as { port: number };
  const sender = connect(port, "127.0.0.1");
  sender.end(Uint8Array.from({ length: total }, (_, place) => byteAt(place)));
  const wrapped = new Plain(await accepted);
  server.close();
  return { wrapped, sender };
}

Deno.test("WrappedStream gives every byte in its place to a reader that stops again and again", async () => {
  const total = 4_000_000;
  const { wrapped, sender } = await sentTo(total);
  let at = 0;
  let wrong = 0;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  wrapped.on("end", resolve);
  wrapped.on("readable", () => {
    const piece = wrapped.read() as Uint8Array | null;
    if (piece === null) return;
    for (const byte of piece) if (byte !== byteAt(at++)) wrong++;
    // A reader that is busy: meanwhile the socket's own buffer fills up, and empties at once.
    const until = performance.now() + 3;
    while (performance.now() < until);
    wrapped.emit("readable");
  });
  await ended;
  assert.deepEqual({ at, wrong }, { at: total, wrong: 0 });
  sender.destroy();
});

Deno.test("WrappedStream never pauses or resumes the stream below, whose reading may be under way", async () => {
  const inner = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
  const calls: string[] = [];
  inner.pause = () => (calls.push("pause"), inner);
  inner.resume = () => (calls.push("resume"), inner);
  const wrapped = new Plain(inner);
  let got = 0;
  const take = () => {
    for (let piece; (piece = wrapped.read() as Uint8Array | null) !== null;) got += piece.length;
  };
  wrapped.on("readable", take);
  await turns();
  const size = 4 * wrapped.readableHighWaterMark;
  inner.push(new Uint8Array(size));
  await turns();
  wrapped.pauseReading();
  inner.push(new Uint8Array(size));
  await turns();
  assert.equal(got, size, "nothing comes while it is paused");
  wrapped.resumeReading();
  await turns();
  assert.equal(got, 2 * size);
  assert.deepEqual(calls, []);
  wrapped.destroy();
});

Deno.test("WrappedStream lets others have a turn while a fast sender is read", async () => {
  const left = { chunks: 100 };
  const inner = new Duplex({
    read() {
      this.push(left.chunks-- > 0 ? new Uint8Array(16_384) : null);
    },
  });
  const stream = new Plain(inner);
  let bytes = 0;
  let others = 0;
  let over = false;
  const another = (async () => {
    for (; !over; others++) await aroundEventLoop();
  })();
  await new Promise<void>((resolve) => {
    stream.on("data", (chunk: Uint8Array) => bytes += chunk.length);
    stream.on("end", resolve);
  });
  over = true;
  await another;
  assert.equal(bytes, 100 * 16_384);
  assert.ok(others >= 5, `turns of another: ${others}`);
  stream.destroy();
});

for (const [how, error] of [["broke", new Error("reset")], ["was closed", undefined]] as const) {
  Deno.test(`WrappedStream hands on what a connection had brought before it ${how} in the midst of a turn`, async () => {
    const inner = new Duplex({
      readableHighWaterMark: 1_000_000,
      read() {},
    });
    const seen: number[] = [];
    class Noting extends Plain {
      protected override fromInner(chunk: Uint8Array): Uint8Array {
        seen.push(chunk.length);
        return chunk;
      }
    }
    const stream = new Noting(inner);
    const errors: unknown[] = [];
    stream.on("error", (one) => errors.push(one));
    const closed = new Promise<void>((resolve) => stream.on("close", resolve));
    stream.on("data", () => {
      // The limit of the turn is reached: more comes, and the end of the connection behind it.
      if (seen.length > 1) return;
      inner.push(new Uint8Array(1000));
      inner.destroy(error);
    });
    inner.push(new Uint8Array(70_000));
    await closed;
    await turns();
    assert.deepEqual(errors, error === undefined ? [] : [error]);
    assert.deepEqual(seen, [70_000, 1000]);
  });
}
