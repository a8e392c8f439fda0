import assert from "node:assert/strict";
import type { Log, LogFields } from "../../src/capture/log.ts";
import { silentLog } from "../../src/capture/log.ts";
import type { Message } from "../../src/capture/message.ts";
import { meshcoreConfigSection } from "../../src/meshcore/config.ts";
import { configuredDecoder, geoFilterOf } from "../../src/meshcore/configured_decoder.ts";
import { hashtagKey } from "../../src/meshcore/channels.ts";
import { DECRYPT_RESULTS, ORDINARY_DROPS, RECORD_TYPES } from "../../src/meshcore/labels.ts";
import { DROP_REASONS } from "../../src/meshcore/message.ts";
import { encodeHex } from "../../src/meshcore/hex.ts";
import { encodeGroupText, encodePacket, sealGroupMessage } from "../../src/meshcore/encode.ts";
import { createChannelKeyRing } from "../../src/meshcore/channels.ts";

type Line = { level: string; message: string; fields: LogFields };

function collectingLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = [];
  const write = (level: string) => (message: string, fields: LogFields = {}) => {
    lines.push({ level, message, fields });
  };
  const log = {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("e"),
  };
  return { log, lines };
}

const config = (more: Record<string, unknown> = {}) => meshcoreConfigSection.schema.parse(more);
const missing = () => {
  throw Object.assign(new Error("No such file: /secret/place"), { name: "NotFound" });
};

function message(topic: string, payload: unknown, source = "s"): Message {
  return {
    source,
    topic,
    payload: new Uint8Array(new TextEncoder().encode(JSON.stringify(payload))),
    receivedAt: 1_760_000_000_000,
    qos: 0,
    retained: false,
    redelivered: false,
  };
}

/** A GRP_TXT on a hashtag channel. */
function groupText(channel: string): string {
  const [key] = createChannelKeyRing({ hashChannels: [channel] })
    .candidates(hashByteOf(channel));
  const payload = sealGroupMessage(key!, encodeGroupText(1, "Al: hi"));
  return encodeHex(encodePacket({ routeType: 1, payloadType: 5, payload }));
}

function hashByteOf(channel: string): number {
  const ring = createChannelKeyRing({ hashChannels: [channel] });
  for (let byte = 0; byte < 256; byte++) {
    if (ring.candidates(byte).some((one) => one.name === channel)) return byte;
  }
  throw new Error("no such channel");
}

Deno.test("configuredDecoder() reads the keys file and says how many keys came from where", async () => {
  const { log, lines } = collectingLog();
  const read: string[] = [];
  const decoder = configuredDecoder(
    config({
      channel_keys_file: "keys.json",
      hash_channels: ["bot"],
      channel_keys: [{ name: "Attic", key: "00".repeat(16) }],
    }),
    {
      sources: [],
      log,
      readFile: (path) => {
        read.push(path);
        return JSON.stringify({ "#fun": encodeHex(hashtagKey("#fun")), bad: "xyz" });
      },
    },
  );
  assert.deepEqual(read, ["keys.json"]);
  assert.deepEqual(lines.find((one) => one.level === "info")!.fields, {
    keys: 4,
    builtin: 1,
    channel_keys_file: 1,
    hash_channels: 1,
    channel_keys: 1,
  });
  const warning = lines.find((one) => one.level === "warn")!;
  assert.deepEqual(warning.fields, { count: 1, names: ["bad"] });
  const raw = groupText("#fun");
  const [decoded] = await decoder.decode([message("meshcore/SJC/O/packets", { raw })]);
  assert.equal(decoded!.kind === "record" && decoded!.labels.decrypt, "hash");
});

Deno.test("configuredDecoder() warns and goes on when the keys file is missing or broken", async () => {
  const cases: [() => string, RegExp][] = [
    [missing, /cannot be read/],
    [() => "{", /neither a JSON object nor a list/],
    [() => '"8b33"', /neither a JSON object nor a list/],
  ];
  for (const [readFile, expected] of cases) {
    const { log, lines } = collectingLog();
    const decoder = configuredDecoder(config({ channel_keys_file: "k" }), {
      sources: [],
      log,
      readFile,
    });
    const warnings = lines.filter((one) => one.level === "warn");
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!.message, expected);
    assert.equal(warnings[0]!.fields["path"], "k");
    const raw = groupText("#fun");
    const [decoded] = await decoder.decode([message("meshcore/SJC/O/packets", { raw })]);
    assert.equal(decoded!.kind === "record" && decoded!.labels.decrypt, "no_key");
  }
});

Deno.test("configuredDecoder() is silent when no keys file is configured", () => {
  const { log, lines } = collectingLog();
  configuredDecoder(config(), { sources: [], log, readFile: missing });
  assert.deepEqual(lines.map((one) => one.level), ["info"]);
});

Deno.test("configuredDecoder() applies filters and regions of each source", async () => {
  const decoder = configuredDecoder(config({ observer_blacklist: ["bad"] }), {
    sources: [
      { name: "narrow", iata_filter: ["SJC"], region: "OAK" },
      { name: "wide", network: "meshcore" },
    ],
    log: silentLog,
    readFile: missing,
  });
  const raw = groupText("#x");
  const outcome = async (source: string, topic: string) => {
    const [decoded] = await decoder.decode([message(topic, { raw }, source)]);
    return decoded!.kind === "drop" ? decoded!.reason : "kept";
  };
  assert.equal(await outcome("narrow", "meshcore/SJC/O/packets"), "kept");
  assert.equal(await outcome("narrow", "meshcore/LAX/O/packets"), "region_filtered");
  assert.equal(await outcome("wide", "meshcore/LAX/O/packets"), "kept");
  assert.equal(await outcome("wide", "meshcore/LAX/BAD/packets"), "blacklisted");
  const [decoded] = await decoder.decode([message("meshcore", { raw }, "narrow")]);
  assert.equal(
    decoded!.kind === "record" && decoded!.record.kind === "packet" && decoded!.record.region,
    "OAK",
  );
});

Deno.test("geoFilterOf() prefers the polygon, and needs all sides of the box", () => {
  const area = (more: Record<string, unknown>) =>
    geoFilterOf(config({ geo_filter: more }).geo_filter);
  assert.equal(area({}), undefined);
  assert.equal(area({ lat_min: 1, lat_max: 2, lon_min: 3 }), undefined);
  const box = { lat_min: 1, lat_max: 2, lon_min: 3, lon_max: 4 };
  assert.deepEqual(area(box), { latMin: 1, latMax: 2, lonMin: 3, lonMax: 4 });
  const polygon = [[0, 0], [0, 1], [1, 1]];
  assert.deepEqual(area({ ...box, polygon, buffer_km: 5 }), { polygon, bufferKm: 5 });
});

Deno.test("labels are closed sets without repetition", () => {
  for (const set of [RECORD_TYPES, DECRYPT_RESULTS, DROP_REASONS]) {
    assert.equal(new Set(set).size, set.length);
  }
  for (const reason of ORDINARY_DROPS) assert.ok(DROP_REASONS.includes(reason));
});
