/**
 * Recorded MeshCore traffic with CoreScope's answers (tests/fixtures/meshcore): synthetic, no real
 * person's data.
 *
 * @module
 */
import type { Message } from "../../src/capture/message.ts";
import { createChannelKeyRing } from "../../src/meshcore/channels.ts";
import type { MeshcoreDecoderOptions } from "../../src/meshcore/decoder.ts";
import { createRegionScopes } from "../../src/meshcore/regions.ts";

const ROOT = new URL("../fixtures/meshcore/", import.meta.url);

/** Text of a fixture. */
export function fixture(name: string): string {
  return Deno.readTextFileSync(new URL(name, ROOT));
}

/** Bytes of a text, in a buffer of their own (Deno 2.4 types `TextEncoder` more loosely). */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

/** Lines of a JSONL fixture, parsed. */
// deno-lint-ignore no-explicit-any
export function fixtureLines(name: string): any[] {
  return fixture(name).trim().split("\n").map((line) => JSON.parse(line));
}

/** The decoder's options by the configuration that the traffic was made with. */
export function fixtureOptions(): MeshcoreDecoderOptions {
  const config = JSON.parse(fixture("config.json"));
  return {
    keys: createChannelKeyRing({
      hashChannels: config.hashChannels,
      channelKeys: config.channelKeys,
    }),
    regions: createRegionScopes(config.hashRegions),
    clientRxCoverage: config.clientRxCoverage.enabled,
    observerBlacklist: config.observerBlacklist,
    geoFilter: config.geo_filter,
  };
}

/** A recorded message and the edge that it is for. */
export interface Recorded {
  readonly message: Message;
  readonly edge: string;
}

/** All recorded messages in order. */
export function recordedMessages(): Recorded[] {
  return fixtureLines("traffic.jsonl").map((line) => ({
    edge: line.case,
    message: {
      source: "local",
      topic: line.topic,
      payload: Uint8Array.from(atob(line.payload_b64), (c) => c.charCodeAt(0)),
      receivedAt: line.ts * 1000,
      qos: line.qos,
      retained: line.retain,
      redelivered: false,
    },
  }));
}
