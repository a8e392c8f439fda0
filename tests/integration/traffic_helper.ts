/** Lifelike messages that all differ, and how to see that each was stored exactly once. @module */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { encodeBurst } from "../../src/meshtastic/encode_burst.ts";
import type { Publisher } from "../helpers/mqtt_fakes.ts";
import { queryDatabase } from "../helpers/service_process.ts";

/** A message to publish. */
export interface Published {
  readonly topic: string;
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly retain?: boolean;
}

/** `n` envelopes of the generator of which no two are equal. */
export function distinctTraffic(n: number, seed: number): Published[] {
  const seen = new Map<string, Published>();
  // Some of the traffic goes to topics that are dropped by rule, some of it comes twice.
  for (const message of encodeBurst(Math.ceil(n * 1.5) + 200, seed)) {
    if (!message.topic.includes("/2/e/")) continue;
    const key = messageKey(message.topic, message.payload);
    if (!seen.has(key)) seen.set(key, message);
    if (seen.size === n) return [...seen.values()];
  }
  throw new Error(`the generator gave ${seen.size} messages of ${n}`);
}

/** Publishes in order, up to `window` at a time; resolves when the broker has them all. */
export async function publishAll(
  publisher: Publisher,
  messages: readonly Published[],
  qos: 0 | 1 = 1,
  window = 1000,
): Promise<void> {
  for (let at = 0; at < messages.length; at += window) {
    await Promise.all(
      messages.slice(at, at + window).map(({ topic, payload, retain = false }) =>
        publisher.publish(topic, payload, { qos, retain })
      ),
    );
  }
}

/** How often messages are in a database. */
export interface Account {
  readonly lost: number;
  readonly twice: number;
  /** Rows of messages that nobody published. */
  readonly strange: number;
}

/** Counts what became of `published` in `packet_history`. */
export function account(database: string, published: readonly Published[]): Account {
  const rows = queryDatabase(database, "SELECT topic, raw_service_envelope FROM packet_history");
  const found = new Map<string, number>();
  for (const row of rows) {
    const key = messageKey(String(row["topic"]), row["raw_service_envelope"] as Uint8Array);
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  let lost = 0;
  let twice = 0;
  for (const { topic, payload } of published) {
    const key = messageKey(topic, payload);
    const times = found.get(key) ?? 0;
    if (times === 0) lost++;
    if (times > 1) twice += times - 1;
    found.delete(key);
  }
  return { lost, twice, strange: found.size };
}

/** Asserts that each of `published` is there exactly once, and nothing else. */
export function assertExactlyOnce(
  { database }: { database: string },
  published: readonly Published[],
): void {
  assert.deepEqual(account(database, published), { lost: 0, twice: 0, strange: 0 });
}

/** What tells messages apart: now and then two topics bring the same bytes. */
export function messageKey(topic: string, payload: Uint8Array): string {
  return createHash("sha256").update(topic).update("\0").update(payload).digest("base64");
}
