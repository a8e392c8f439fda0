import assert from "node:assert/strict";
import type { FeedPacket } from "../../src/capture/page_view.ts";
import { LiveFeed, type LiveFeedOptions } from "../../src/observe/live_feed.ts";
import { ManualClock, settle } from "../helpers/manual_clock.ts";

function packet(text: string, rest: Partial<FeedPacket> = {}): FeedPacket {
  return { network: "meshtastic", at: 1, type: "TEXT_MESSAGE_APP", text, readable: true, ...rest };
}

/** Reads events as they come. */
class Listener {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #pending: Promise<void> | undefined;
  text = "";
  ended = false;

  constructor(response: Response) {
    assert.equal(response.status, 200);
    this.#reader = response.body!.getReader();
  }

  /** Takes what is there by now. */
  async read(): Promise<void> {
    while (!this.ended) {
      // A read that nothing has come for yet is kept: what comes later is its.
      this.#pending ??= this.#reader.read().then(
        ({ value }) => value,
        () => undefined,
      ).then((value) => {
        this.#pending = undefined;
        if (value === undefined) this.ended = true;
        else this.text += this.#decoder.decode(value, { stream: true });
      });
      const pending = this.#pending;
      await settle();
      if (this.#pending === pending) return;
    }
  }

  /** Texts of the packets so far. */
  async packets(): Promise<string[]> {
    await this.read();
    return [...this.text.matchAll(/^event: packets\n(?:id: .*\n)?data: (.*)$/gm)].flatMap((match) =>
      (JSON.parse(match[1]!) as { packets: FeedPacket[] }).packets.map((one) => one.text)
    );
  }

  async close(): Promise<void> {
    await this.#reader.cancel();
  }
}

function setUp(options: Partial<LiveFeedOptions> = {}) {
  const clock = new ManualClock();
  let asked = 0;
  const status = () => Promise.resolve(JSON.stringify({ n: ++asked }));
  const feed = new LiveFeed({ clock, status, ...options });
  const publish = (...texts: readonly string[]) =>
    feed.publish(texts.length, (index) => packet(texts[index]!));
  return { clock, feed, publish };
}

Deno.test("LiveFeed makes no packet while nobody listens", () => {
  const { feed } = setUp();
  using _ = feed;
  assert.equal(feed.wanted, false);
  feed.publish(3, () => assert.fail("nobody wants it"));
});

Deno.test("LiveFeed sends each commit's packets as one event, in order", async () => {
  const { feed, publish } = setUp();
  using _ = feed;
  const listener = new Listener(feed.connect({}));
  publish("a", "b");
  publish("c");
  assert.deepEqual(await listener.packets(), ["a", "b", "c"]);
  assert.equal(listener.text.match(/event: packets/g)!.length, 2);
  assert.match(listener.text, /^retry: \d+$/m);
  await listener.close();
});

Deno.test("LiveFeed sends only what the filter asks for", async () => {
  const { feed } = setUp();
  using _ = feed;
  const one = new Listener(feed.connect({ node: "ABC" }));
  const other = new Listener(feed.connect({ network: "meshcore" }));
  const type = new Listener(feed.connect({ type: "POSITION_APP" }));
  const packets = [
    packet("from", { from: "!00000abc" }),
    packet("name", { fromName: "Big abc tower" }),
    packet("heard", { heardBy: "!000abc00" }),
    packet("core", { network: "meshcore" }),
    packet("place", { type: "POSITION_APP" }),
  ];
  feed.publish(packets.length, (index) => packets[index]!);
  assert.deepEqual(await one.packets(), ["from", "name", "heard"]);
  assert.deepEqual(await other.packets(), ["core"]);
  assert.deepEqual(await type.packets(), ["place"]);
  for (const listener of [one, other, type]) await listener.close();
});

Deno.test("LiveFeed encodes an event once for all clients without a filter", async () => {
  const { feed, publish } = setUp();
  using _ = feed;
  const readers = [1, 2].map(() => feed.connect({}).body!.getReader());
  const filtered = new Listener(feed.connect({ type: "POSITION_APP" }));
  await settle();
  publish("a");
  const [one, other] = await Promise.all(readers.map(async (reader) => {
    for (;;) {
      const { value } = await reader.read();
      assert.ok(value, "the stream goes on");
      if (new TextDecoder().decode(value).startsWith("event: packets")) return value;
    }
  }));
  assert.equal(one, other);
  assert.deepEqual(await filtered.packets(), []);
});

Deno.test("LiveFeed sends every event whole to several clients of a server", async () => {
  const { feed, publish } = setUp();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => feed.connect({}),
  );
  using _ = feed;
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const bodies = await Promise.all([1, 2, 3].map(async () => (await fetch(url)).body!));
  const texts = bodies.map(async (body) => {
    let text = "";
    for await (const part of body.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (text.includes('"text":"last"')) break;
    }
    return [...text.matchAll(/"text":"([^"]*)"/g)].map(([, name]) => name);
  });
  publish("a", "b");
  publish("c");
  publish("last");
  for (const text of texts) assert.deepEqual(await text, ["a", "b", "c", "last"]);
});

Deno.test("LiveFeed tells the status at once and every two seconds, while somebody listens", async () => {
  const { clock, feed } = setUp();
  using _ = feed;
  const listener = new Listener(feed.connect({}));
  await clock.advance(4_000);
  await listener.read();
  assert.equal(listener.text.match(/^event: status$/gm)!.length, 3);
  await listener.close();
  await clock.advance(60_000);
  assert.equal(clock.armed, 0);
});

Deno.test("LiveFeed gives what was missed to a client that comes back", async () => {
  const { clock, feed, publish } = setUp();
  using _ = feed;
  const first = new Listener(feed.connect({}));
  publish("a");
  await first.packets();
  const id = /^id: (.*)$/m.exec(first.text)![1]!;
  await first.close();
  publish("b", "c");
  const second = new Listener(feed.connect({}, id));
  assert.deepEqual(await second.packets(), ["b", "c"]);
  await second.close();

  const stranger = new Listener(feed.connect({}, "ffffffff-1"));
  assert.deepEqual(await stranger.packets(), []);
  await stranger.close();

  await clock.advance(31_000);
  assert.equal(feed.wanted, false);
  const late = new Listener(feed.connect({}, id));
  assert.deepEqual(await late.packets(), []);
  await late.close();
});

Deno.test("LiveFeed lets a client go that does not read, and the others stay", async () => {
  let told = 0;
  const { feed, publish } = setUp({ maxClientBytes: 2_000, onSlowClient: () => told++ });
  using _ = feed;
  const slow = new Listener(feed.connect({}));
  const quick = new Listener(feed.connect({}));
  for (let n = 0; n < 20; n++) {
    publish("x".repeat(500));
    await quick.read();
  }
  assert.equal(feed.clients, 1);
  assert.equal(feed.slowClients, 1);
  assert.equal(told, 1);
  assert.equal((await quick.packets()).length, 20);
  await slow.read();
  assert.ok(slow.ended);
  await quick.close();
});

Deno.test("LiveFeed shows so many packets in a second and counts the others", async () => {
  const { clock, feed } = setUp({ maxPerSecond: 3 });
  using _ = feed;
  const listener = new Listener(feed.connect({}));
  let made = 0;
  const describe = (index: number) => {
    made++;
    return packet(String(index));
  };
  feed.publish(5, describe);
  feed.publish(2, describe);
  assert.equal(made, 3);
  assert.deepEqual(await listener.packets(), ["2", "3", "4"]);
  assert.deepEqual([...listener.text.matchAll(/"skipped":(\d+)/g)].map((m) => m[1]), ["2", "2"]);
  await clock.advance(1_000);
  feed.publish(1, describe);
  assert.deepEqual(await listener.packets(), ["2", "3", "4", "0"]);
  await listener.close();
});

Deno.test("LiveFeed refuses more clients than it can serve", async () => {
  const { feed } = setUp({ maxClients: 1 });
  using _ = feed;
  const listener = new Listener(feed.connect({}));
  const refused = feed.connect({});
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get("retry-after"), "60");
  await refused.body!.cancel();
  await listener.close();
});

Deno.test("LiveFeed ends every stream when it is disposed", async () => {
  const { clock, feed } = setUp();
  const listener = new Listener(feed.connect({}));
  await listener.read();
  feed[Symbol.dispose]();
  await listener.read();
  assert.ok(listener.ended);
  assert.equal(clock.armed, 0);
});
