/** What a broker sends, below mqtt.js: however it is cut, the same messages come out of it. @module */
import { Buffer } from "node:buffer";
import { PacketScanError, PacketScanner, PUBACK } from "../../src/mqtt/packet_scanner.ts";
import { PublishReader } from "../../src/mqtt/publish_reader.ts";
import type { Random } from "../../src/traffic/random.ts";
import { type Bytes, hostileText, joined, mutateBytes, randomBytes } from "./mutate.ts";
import { Counts, type FuzzTarget } from "./target.ts";

/** Bytes of one connection, and where they are cut. */
interface Stream {
  readonly version: 4 | 5;
  readonly bytes: Bytes;
  readonly cuts: readonly number[];
}

/** Properties of MQTT 5 as they are, and such as nobody should send. */
const PROPERTIES = [
  [],
  [0x01, 1],
  [0x02, 0, 0, 1, 44],
  [0x0b, 0x80, 0x01],
  [0x23, 0, 1],
  [0x26, 0, 1, 0x61, 0, 1, 0x62],
  [0x03, 0xff, 0xff],
  [0x7f],
];

/** Makes the target. */
export function mqttTarget(): FuzzTarget<Stream> {
  const counts = new Counts();
  return {
    name: "mqtt",
    share: 1,
    make(random) {
      const version = random.pick([4, 5] as const);
      let bytes = joined(
        ...Array.from({ length: random.between(1, 5) }, () => packet(random, version)),
      );
      if (random.chance(0.7)) bytes = mutateBytes(random, bytes, packet(random, version));
      if (random.chance(0.05)) bytes = randomBytes(random);
      const cuts = Array.from(
        { length: random.between(0, 6) },
        () => random.between(0, bytes.length),
      ).sort((a, b) => a - b);
      return { version, bytes, cuts };
    },
    // deno-lint-ignore require-await -- the others wait
    async check(inputs) {
      for (const { version, bytes, cuts } of inputs) {
        const whole = read(version, bytes, []);
        const pieces = read(version, bytes, cuts);
        if (whole.messages !== pieces.messages) throw new Error("other messages when it is cut");
        if (whole.passed !== pieces.passed) throw new Error("other bytes passed when it is cut");
        counts.add(`${Math.min(whole.count, 5)} messages`);
        scan(bytes, cuts, counts);
      }
    },
    line: ({ version, bytes, cuts }) =>
      JSON.stringify({ version, cuts, bytes_b64: Buffer.from(bytes).toString("base64") }),
    tally: () => counts.all(),
    stored: () => 0,
  };
}

function read(version: 4 | 5, bytes: Bytes, cuts: readonly number[]) {
  let messages = "";
  let count = 0;
  const reader = new PublishReader(version, ({ topic, payload, qos, messageId }) => {
    if (topic === "" || messageId === 0 || (qos === 1) !== (messageId !== undefined)) {
      throw new Error(`no message: topic ${JSON.stringify(topic)}, QoS ${qos}, id ${messageId}`);
    }
    count++;
    messages += `${topic.length}:${topic} ${payload.length} ${qos} ${messageId}\n`;
  });
  const passed: Uint8Array[] = reader.release();
  for (const chunk of chunksOf(bytes, cuts)) passed.push(...reader.feed(chunk));
  return { messages, count, passed: Buffer.concat(passed).toString("latin1") };
}

function scan(bytes: Bytes, cuts: readonly number[], counts: Counts): void {
  const scanner = new PacketScanner({ swallow: PUBACK, maxBytes: 10_000 });
  try {
    for (const chunk of chunksOf(bytes, cuts)) scanner.feed(chunk);
  } catch (error) {
    if (!(error instanceof PacketScanError)) throw error;
    counts.add(`refused: ${error.reason}`);
  }
}

function chunksOf(bytes: Bytes, cuts: readonly number[]): Bytes[] {
  return [0, ...cuts].map((from, i) => bytes.slice(from, cuts[i] ?? bytes.length));
}

/** A packet as a broker may send it: mostly a message. */
function packet(random: Random, version: 4 | 5): Bytes {
  if (random.chance(0.2)) {
    return framed(random.pick([0x20, 0x40, 0x90, 0xd0, 0xe0, 0xf0, 0x34, 0x36]), [
      random.bytes(random.between(0, 6)),
    ]);
  }
  const qos = random.pick([0, 0, 1, 1, 2, 3]);
  const topic = new TextEncoder().encode(
    random.chance(0.8) ? "msh/EU_868/2/e/LongFast/!0a0b0c0d" : hostileText(random),
  );
  const properties = random.pick(PROPERTIES);
  return framed(0x30 | qos << 1 | (random.uint32() & 9), [
    Uint8Array.of(topic.length >> 8, topic.length & 0xff),
    topic,
    qos === 0 ? new Uint8Array(0) : random.bytes(2),
    version === 5 ? Uint8Array.of(properties.length, ...properties) : new Uint8Array(0),
    random.bytes(random.between(0, 200)),
  ]);
}

function framed(first: number, parts: readonly Uint8Array[]): Bytes {
  const body = joined(...parts);
  const length: number[] = [];
  for (let rest = body.length;; rest >>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  return joined(Uint8Array.of(first, ...length), body);
}
