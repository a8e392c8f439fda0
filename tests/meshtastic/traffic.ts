/** Recorded traffic with known right answers (tests/fixtures/meshtastic). @module */
import { decodeBase64 } from "./base64.ts";
import type { Message } from "../../src/capture/message.ts";
import type { ChannelConfig } from "../../src/meshtastic/key_ring.ts";

/** What a correct decoder says of a line; fields that do not apply are absent or null. */
export interface Truth {
  readonly seq: number;
  readonly topic: string;
  readonly kind: string;
  readonly envelope_ok: boolean;
  readonly encrypted: boolean;
  readonly decrypted: boolean;
  readonly msg_type?: string;
  readonly gateway_id?: string;
  readonly channel_id?: string;
  readonly from?: number;
  readonly to?: number;
  readonly id?: number;
  readonly channel?: number;
  readonly pki?: boolean;
  readonly key?: string | null;
  readonly portnum?: number | null;
  readonly portnum_name?: string | null;
  readonly payload_b64?: string;
  readonly fields?: Record<string, unknown>;
  readonly [field: string]: unknown;
}

interface Keys {
  readonly ring_expanded: Record<string, string>;
  readonly channels: Record<string, string>;
  readonly psk_short: Record<string, string>;
}

const FOLDER = new URL("../fixtures/meshtastic/", import.meta.url);

function lines<T>(file: string): T[] {
  const text = Deno.readTextFileSync(new URL(file, FOLDER));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line) as T);
}

/** The messages as a broker would have delivered them. */
export function readMessages(): Message[] {
  return lines<{ topic: string; payload_b64: string; ts: number; retain: boolean }>(
    "meshtastic.jsonl",
  ).map((line) => ({
    source: "recording",
    topic: line.topic,
    payload: decodeBase64(line.payload_b64),
    receivedAt: line.ts * 1000,
    qos: 0,
    retained: line.retain,
    redelivered: false,
  }));
}

/** The right answers, line by line. */
export function readTruth(): Truth[] {
  return lines<Truth>("meshtastic.truth.jsonl");
}

function readKeys(): Keys {
  return JSON.parse(Deno.readTextFileSync(new URL("meshtastic.keys.json", FOLDER))) as Keys;
}

/** The keys in the configuration's form: every channel by name, with its expanded key. */
export function namedChannels(): ChannelConfig[] {
  const keys = readKeys();
  return Object.entries(keys.channels).map(([name, key]) => ({
    name,
    psk: keys.ring_expanded[key]!,
  }));
}

/** The short PSKs alone, without names. */
export function shortChannels(): ChannelConfig[] {
  return Object.values(readKeys().psk_short).map((psk) => ({ psk }));
}
