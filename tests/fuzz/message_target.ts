/** A network's decoder as something to be fuzzed, its records going into a real store. @module */
import { Buffer } from "node:buffer";
import { formatLine } from "../../src/recording/jsonl_line.ts";
import type { Message } from "../../src/capture/message.ts";
import type { Decoded, Network } from "../../src/capture/network.ts";
import type { NetworkDescriptor } from "../../src/network_descriptor.ts";
import type { Random } from "../../src/traffic/random.ts";
import { type Bytes } from "./mutate.ts";
import { Counts, type FuzzTarget } from "./target.ts";

/** What is made of chance. */
export interface FuzzMessage {
  readonly topic: string;
  readonly payload: Bytes;
}

/** A database in memory that what was read goes into, as the storage thread would write it. */
export interface FuzzStore<R> extends Disposable {
  /** Writes records as the storage thread does, or throws. */
  commit(records: readonly R[]): void;
}

/** What a {@linkcode messageTarget} is made of. */
export interface MessageTargetParts<R> {
  readonly name: string;
  readonly labels: NetworkDescriptor["labels"];
  /** The decoders that take turns: batch by batch, in this proportion. */
  readonly decoders: readonly Network<R>[];
  readonly make: (random: Random) => FuzzMessage;
  readonly openStore: () => FuzzStore<R>;
  /** Text of a record in which a fault of ours would show. */
  readonly fault: (record: R) => string | undefined;
}

/** Rows after which the database in memory is thrown away. */
const ROWS_A_STORE = 5000;

/** Makes the target. */
export function messageTarget<R>(parts: MessageTargetParts<R>): FuzzTarget<FuzzMessage> {
  const types = new Set(parts.labels.types);
  const drops = new Set(parts.labels.dropReasons);
  const decrypts = new Set(parts.labels.decryptResults);
  const counts = new Counts();
  let turn = 0;
  let stored = 0;
  let store: FuzzStore<R> | undefined;
  let rows = 0;

  function judge(outcome: Decoded<R>): void {
    if (outcome.kind === "drop") {
      if (!drops.has(outcome.reason)) throw new Error(`dropped for ${outcome.reason}`);
      if (outcome.reason === "internal_error") throw new Error(`internal: ${outcome.detail}`);
      counts.add(`dropped: ${outcome.reason}`);
      return;
    }
    const { type, decrypt, readable } = outcome.labels;
    if (!types.has(type)) throw new Error(`labelled with type ${type}`);
    if (!decrypts.has(decrypt)) throw new Error(`labelled with decrypt ${decrypt}`);
    const fault = parts.fault(outcome.record);
    if (fault !== undefined) throw new Error(fault);
    counts.add(`${readable ? "read" : "not readable"}: ${type}`);
  }

  return {
    name: parts.name,
    share: 1,
    make: parts.make,
    async check(inputs, storing) {
      const decoder = parts.decoders[turn++ % parts.decoders.length]!;
      const outcomes = await decoder.decode(inputs.map(asMessage));
      if (outcomes.length !== inputs.length) {
        throw new Error(`${outcomes.length} answers to ${inputs.length} messages`);
      }
      const records: R[] = [];
      for (const outcome of outcomes) {
        judge(outcome);
        if (outcome.kind === "record") records.push(outcome.record);
      }
      if (!storing) return;
      store ??= parts.openStore();
      store.commit(records);
      stored += records.length;
      rows += records.length;
      if (rows < ROWS_A_STORE) return;
      store[Symbol.dispose]();
      store = undefined;
      rows = 0;
    },
    line: (input) => formatLine(asMessage(input, 0)).trimEnd(),
    tally: () => counts.all(),
    stored: () => stored,
  };
}

function asMessage({ topic, payload }: FuzzMessage, index: number): Message {
  return {
    source: "fuzz",
    topic,
    payload,
    receivedAt: 1_760_000_000_000 + index,
    qos: 0,
    retained: false,
    redelivered: false,
  };
}

/** Lines of a recording under tests/fixtures. */
export function recordedLines(path: string): FuzzMessage[] {
  const text = Deno.readTextFileSync(new URL(`../fixtures/${path}`, import.meta.url));
  return text.trimEnd().split("\n").map((line) => {
    const { topic, payload_b64 } = JSON.parse(line) as { topic: string; payload_b64: string };
    return { topic, payload: new Uint8Array(Buffer.from(payload_b64, "base64")) };
  });
}

/** The first `n` messages of made-up traffic. */
export function generated(traffic: Iterator<FuzzMessage>, n: number): FuzzMessage[] {
  return Array.from({ length: n }, () => {
    const { topic, payload } = traffic.next().value as FuzzMessage;
    return { topic, payload };
  });
}
