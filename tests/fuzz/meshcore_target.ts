/**
 * The MeshCore decoder: packets in hexadecimal within JSON, status, companions, clients. Of four
 * batches one has its adverts' signatures checked, which costs more than all the rest of them.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { MeshcoreWriter } from "../../src/meshcore/batch_writer.ts";
import { createChannelKeyRing } from "../../src/meshcore/channels.ts";
import { createMeshcoreDecoder } from "../../src/meshcore/decoder.ts";
import { meshcore } from "../../src/meshcore/descriptor.ts";
import { encodeGroupText, encodePacket, sealGroupMessage } from "../../src/meshcore/encode.ts";
import { decodeHex, encodeHexUpper } from "../../src/meshcore/hex.ts";
import { PathResolver } from "../../src/meshcore/path_resolver.ts";
import type { MeshcoreRecord } from "../../src/meshcore/record.ts";
import { createRegionScopes } from "../../src/meshcore/regions.ts";
import { meshcoreMigrations } from "../../src/meshcore/store_migrations.ts";
import { indexStatements } from "../../src/meshcore/store_schema.ts";
import { createMeshcoreTraffic, trafficConfig } from "../../src/meshcore/traffic_generator.ts";
import { captureMigrations } from "../../src/storage/capture_migrations.ts";
import { CaptureTables } from "../../src/storage/capture_tables.ts";
import { commitBatch } from "../../src/storage/commit_batch.ts";
import { migrate } from "../../src/storage/migrate.ts";
import type { Random } from "../../src/traffic/random.ts";
import { emptyContext } from "../helpers/meshtastic_records.ts";
import { hostileObject, hostileValue, JsonPairs, writeJson } from "./hostile_json.ts";
import {
  type FuzzMessage,
  type FuzzStore,
  generated,
  messageTarget,
  recordedLines,
} from "./message_target.ts";
import {
  type Bytes,
  hostileText,
  mutateBytes,
  mutateText,
  mutateTopic,
  randomBytes,
} from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

const KEY = "AB".repeat(32);
const TOPICS = [
  `meshcore/SJC/${KEY}/packets`,
  `meshcore/SJC/${KEY}/raw`,
  `meshcore/SJC/${KEY}/status`,
  `meshcore/client/${KEY.toLowerCase()}/packets`,
  "meshcore/message/channel/1",
  "meshcore/message/direct/abcdef",
  "meshcore/status",
];

/** A recorded message that is a JSON object, taken apart. */
interface Parsed {
  readonly topic: string;
  readonly text: string;
  readonly fields: readonly (readonly [string, unknown])[];
  /** The packet, where it has one. */
  readonly raw: Bytes | undefined;
}

/** Makes the target; its corpus is recorded and made-up traffic. */
export function meshcoreTarget(): FuzzTarget<FuzzMessage> {
  const hashChannels = [...trafficConfig.hash_channels, "#test"];
  const keys = createChannelKeyRing({ hashChannels });
  const messages = [
    ...recordedLines("meshcore/traffic.jsonl"),
    ...generated(createMeshcoreTraffic({ seed: 1, startMs: 1_760_000_000_000 }), 1500),
  ];
  const corpus = messages.flatMap((one) => parsed(one) ?? []);
  const packets = corpus.flatMap(({ raw }) => raw === undefined ? [] : [raw]);
  const names = [
    ...new Set(corpus.flatMap(({ fields }) => fields.map(([key]) => key))),
    ...["data", "text", "gps", "lat", "lon", "stats", "battery_mv", "uptime_secs", "SNR", "path"],
  ];
  const publicChannel = keys.candidates(0x11)[0]!;
  const utf8 = new TextEncoder();
  const bytesOf = (text: string): Bytes => new Uint8Array(utf8.encode(text));

  const packet = (random: Random): Bytes => {
    const way = random.between(0, 9);
    if (way < 6) return mutateBytes(random, random.pick(packets), random.pick(packets));
    if (way === 6) return randomBytes(random).slice(0, 300);
    if (way === 7) { // Readable behind its key, but what is read is hostile.
      const text = mutateText(random, `${hostileText(random)}: hello`).slice(0, 120);
      const body = encodeGroupText(random.uint32(), text);
      const plain = random.chance(0.5) ? mutateBytes(random, body, body).slice(0, 160) : body;
      const payload = sealGroupMessage(publicChannel, plain);
      return encodePacket({ routeType: random.between(0, 3), payloadType: 5, payload });
    }
    return encodePacket({
      routeType: random.between(0, 3),
      payloadType: random.between(0, 15),
      payloadVersion: random.between(0, 3),
      transportCodes: [random.uint32() & 0xffff, random.uint32() & 0xffff],
      hops: Array.from({ length: random.between(0, 12) }, () => encodeHexUpper(random.bytes(1))),
      hashSize: 1,
      payload: random.bytes(random.between(0, 184)),
    });
  };

  const make = (random: Random): FuzzMessage => {
    const base = random.pick(corpus);
    const topic = mutateTopic(random, random.chance(0.6) ? base.topic : random.pick(TOPICS));
    const way = random.between(0, 99);
    if (way < 5) return { topic, payload: randomBytes(random) };
    if (way < 15) {
      const whole = bytesOf(base.text);
      return { topic, payload: mutateBytes(random, whole, random.pick(messages).payload) };
    }
    if (way < 20) return { topic, payload: bytesOf(mutateText(random, base.text)) };
    if (way < 30) return { topic, payload: bytesOf(writeJson(hostileObject(random, names))) };
    const fields = base.fields.map(([key, value]) => [key, value] as [string, unknown]);
    if (way < 75) {
      const raw = encodeHexUpper(packet(random));
      const at = fields.findIndex(([key]) => key === "raw");
      const field: [string, unknown] = ["raw", random.chance(0.02) ? raw.slice(1) : raw];
      if (at === -1) fields.push(field);
      else fields[at] = field;
    }
    if (way >= 65) {
      for (let n = random.between(1, 4); n > 0; n--) {
        const field: [string, unknown] = [random.pick(names), hostileValue(random, names)];
        const at = random.between(0, Math.max(0, fields.length - 1));
        if (random.chance(0.5) && fields[at] !== undefined) field[0] = fields[at]![0];
        if (random.chance(0.5)) fields[at] = field;
        else fields.push(field);
      }
    }
    return { topic, payload: bytesOf(writeJson(new JsonPairs(fields))) };
  };

  const options = {
    keys,
    regions: createRegionScopes(["#demo", "sjc"]),
    geoFilter: { latMin: 30, latMax: 60, lonMin: -130, lonMax: 20 },
  };
  const believing = createMeshcoreDecoder({
    ...options,
    validateSignatures: false,
    clientRxCoverage: true,
  });
  const checking = createMeshcoreDecoder({ ...options, foreignAdverts: "drop" });
  return messageTarget<MeshcoreRecord>({
    name: "meshcore",
    labels: meshcore.labels,
    decoders: [believing, believing, believing, checking],
    make,
    openStore,
    fault: () => undefined,
  });
}

function parsed({ topic, payload }: FuzzMessage): Parsed | undefined {
  const text = new TextDecoder().decode(payload);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { raw } = value as { raw?: unknown };
  return {
    topic,
    text,
    fields: Object.entries(value),
    raw: typeof raw === "string" ? decodeHex(raw) : undefined,
  };
}

function openStore(): FuzzStore<MeshcoreRecord> {
  const db = new DatabaseSync(":memory:");
  migrate(db, [captureMigrations, meshcoreMigrations], 1_760_000_000);
  for (const sql of indexStatements()) db.exec(sql);
  const writer = new MeshcoreWriter(db, new PathResolver(), 300);
  const tables = new CaptureTables(db);
  return {
    commit: (records) => {
      // As they cross to the storage thread.
      commitBatch(db, writer, tables, structuredClone(records), emptyContext);
    },
    [Symbol.dispose]: () => db.close(),
  };
}
