import assert from "node:assert/strict";
import type { Message } from "../../src/capture/message.ts";
import { createChannelKeyRing } from "../../src/meshcore/channels.ts";
import { createMeshcoreDecoder } from "../../src/meshcore/decoder.ts";
import { RECORD_TYPES } from "../../src/meshcore/labels.ts";
import type { PacketRecord } from "../../src/meshcore/record.ts";
import { createRegionScopes } from "../../src/meshcore/regions.ts";
import {
  createMeshcoreTraffic,
  type MeshcoreTrafficOptions,
  trafficConfig,
} from "../../src/meshcore/traffic_generator.ts";
import type { GeneratedMessage } from "../../src/network_descriptor.ts";

const START = 1_760_000_000_000;

function take(count: number, options: Partial<MeshcoreTrafficOptions> = {}): GeneratedMessage[] {
  const traffic = createMeshcoreTraffic({ seed: 7, startMs: START, ...options });
  return Array.from({ length: count }, () => traffic.next().value);
}

const decode = (messages: readonly GeneratedMessage[]) =>
  createMeshcoreDecoder({
    keys: createChannelKeyRing({ hashChannels: trafficConfig.hash_channels }),
    regions: createRegionScopes(trafficConfig.hash_regions),
  }).decode(messages.map(({ topic, payload, atMs, retain }): Message => ({
    source: "s",
    topic,
    payload,
    receivedAt: atMs,
    qos: 0,
    retained: retain,
    redelivered: false,
  })));

Deno.test("createMeshcoreTraffic() gives the same bytes for the same seed, others for another", () => {
  assert.deepEqual(take(500), take(500));
  assert.notDeepEqual(take(50), take(50, { seed: 8 }));
});

Deno.test("createMeshcoreTraffic() goes forward in time at about the rate that was asked for", () => {
  const messages = take(4000);
  messages.reduce((last, one) => {
    assert.ok(Number.isInteger(one.atMs) && one.atMs >= last);
    return one.atMs;
  }, START);
  const seconds = (messages.at(-1)!.atMs - START) / 1000;
  const perSecond = messages.length / seconds;
  assert.ok(perSecond > 2 && perSecond < 40, `${perSecond} messages a second`);
});

Deno.test("createMeshcoreTraffic() makes what observers publish, read by the decoder", async () => {
  const messages = take(4000);
  const decoded = await decode(messages);
  const types = new Map<string, number>();
  let opened = 0;
  let closed = 0;
  for (const one of decoded) {
    if (one.kind === "drop") {
      assert.equal(one.reason, "no_packet");
      continue;
    }
    assert.ok(RECORD_TYPES.includes(one.labels.type), one.labels.type);
    types.set(one.labels.type, (types.get(one.labels.type) ?? 0) + 1);
    if (one.labels.decrypt === "hash") opened++;
    if (one.labels.decrypt === "no_key") closed++;
    if (one.record.kind === "refused") assert.equal(one.record.reason, "undecodable");
  }
  for (
    const type of [
      ...["ADVERT", "GRP_TXT", "TXT_MSG", "ACK", "REQ", "RESPONSE", "PATH", "TRACE", "ANON_REQ"],
      ...["CONTROL", "MULTIPART", "STATUS", "CHANNEL_MESSAGE", "UNDECODABLE"],
    ]
  ) assert.ok((types.get(type) ?? 0) > 0, `no ${type}`);
  assert.ok(opened > 100 && closed > 20, `${opened} opened, ${closed} closed`);
});

Deno.test("createMeshcoreTraffic() lets several observers hear a packet with growing paths", async () => {
  const packets = (await decode(take(4000))).flatMap((one) =>
    one.kind === "record" && one.record.kind === "packet" ? [one.record] : []
  );
  const byHash = Map.groupBy(packets, (one: PacketRecord) => one.transmission.hash);
  const observers = [...byHash.values()].map((all) => new Set(all.map((one) => one.observer!.id)));
  assert.ok(observers.filter((all) => all.size >= 3).length > 100);
  let grown = 0;
  for (const all of byHash.values()) {
    if (all[0]!.payloadName === "TRACE" || all[0]!.transmission.routeType >= 2) continue;
    const sorted = all.toSorted((a, b) => a.hops.length - b.hops.length);
    for (const [i, longer] of sorted.slice(1).entries()) {
      const shorter = sorted[i]!;
      assert.deepEqual(longer.hops.slice(0, shorter.hops.length), shorter.hops, "one way for all");
      if (longer.hops.length > shorter.hops.length) grown++;
    }
  }
  assert.ok(grown > 100);
  assert.ok(packets.some((one) => one.transmission.scopeName === "#demo"));
  assert.ok(packets.some((one) => one.transmission.scopeName === ""));
  assert.deepEqual([...new Set(packets.map((one) => one.region))].sort(), ["XQA", "XQB", "XQC"]);
  assert.ok(packets.every((one) => one.clockSkewSeconds === null && one.observation.snr !== null));
});

Deno.test("createMeshcoreTraffic() signs adverts so that they hold, unless it is told not to", async () => {
  const adverts = async (signAdverts: boolean) => {
    const decoded = await decode(take(1500, { signAdverts }));
    const records = decoded.flatMap((one) => one.kind === "record" ? [one.record] : []);
    return {
      nodes: new Set(records.map((one) => one.kind === "packet" && one.node?.publicKey)).size,
      refused: records.filter((one) => one.kind === "refused" && one.reason === "invalid_signature")
        .length,
    };
  };
  const signed = await adverts(true);
  assert.equal(signed.refused, 0);
  assert.ok(signed.nodes > 30, `${signed.nodes} nodes`);
  assert.ok((await adverts(false)).refused > 100);
});

Deno.test("createMeshcoreTraffic() tells the status of every observer again and again, retained", async () => {
  const messages = take(6000, { statusEveryMs: 60_000, observers: 4 });
  const status = messages.filter((one) => one.topic.endsWith("/status"));
  assert.equal(new Set(status.map((one) => one.topic)).size, 4);
  assert.ok(status.length > 8);
  assert.ok(status.every((one) => one.retain));
  assert.ok(messages.every((one) => one.retain === one.topic.endsWith("/status")));
  const [decoded] = await decode(status.slice(0, 1));
  assert.ok(decoded!.kind === "record" && decoded!.record.kind === "status");
});

Deno.test("createMeshcoreTraffic() refuses what makes no mesh", () => {
  for (const bad of [{ nodes: 2, observers: 2 }, { observers: 0 }, { packetsPerSecond: 0 }]) {
    assert.throws(() => take(1, bad), RangeError);
  }
});
