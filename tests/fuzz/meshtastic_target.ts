/**
 * The Meshtastic decoder. Most inputs are sent in the clear: behind AES-CTR a damaged packet is noise,
 * and the parsers of its payload would never see anything near to what they expect.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { MeshtasticWriter } from "../../src/meshtastic/batch_writer.ts";
import { createMeshtasticDecoder } from "../../src/meshtastic/decoder.ts";
import { meshtastic } from "../../src/meshtastic/descriptor.ts";
import { PARSING_ERRORS } from "../../src/meshtastic/labels.ts";
import { PORT_NAMES } from "../../src/meshtastic/port_names.ts";
import type { MeshtasticRecord } from "../../src/meshtastic/record.ts";
import { MeshtasticBatch } from "../../src/meshtastic/store_batch.ts";
import { meshtasticMigrations } from "../../src/meshtastic/store_migrations.ts";
import {
  createMeshtasticTraffic,
  trafficChannelKeys,
} from "../../src/meshtastic/traffic_generator.ts";
import { WireWriter } from "../../src/meshtastic/traffic/wire_writer.ts";
import { captureMigrations } from "../../src/storage/capture_migrations.ts";
import { CaptureTables } from "../../src/storage/capture_tables.ts";
import { commitBatch } from "../../src/storage/commit_batch.ts";
import { migrate } from "../../src/storage/migrate.ts";
import type { Random } from "../../src/traffic/random.ts";
import { emptyContext } from "../helpers/meshtastic_records.ts";
import { hostileObject, writeJson } from "./hostile_json.ts";
import {
  type FuzzMessage,
  type FuzzStore,
  generated,
  messageTarget,
  recordedLines,
} from "./message_target.ts";
import { type Bytes, hostileText, mutateBytes, mutateTopic, randomBytes } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

/** A payload that a node sent, below any encryption. */
interface Plain {
  readonly port: number;
  readonly payload: Bytes;
}

const TOPICS = [
  "msh/EU_868/2/e/LongFast/!0a0b0c0d",
  "msh/US/CA/2/c/Chan/nel/!ffffffff",
  "msh/2/e/LongFast/!0a0b0c0d",
  "msh/EU_868/2/map/",
];
/** Of these nothing is kept, whatever they carry. */
const OTHER_TOPICS = ["msh/EU_868/2/json/LongFast/!0a0b0c0d", "msh/EU_868/2/stat/!0a0b0c0d"];
const JSON_KEYS = ["id", "from", "to", "type", "sender", "payload", "text", "rssi", "timestamp"];

/** Makes the target; its corpus is recorded and made-up traffic. */
export async function meshtasticTarget(): Promise<FuzzTarget<FuzzMessage>> {
  const options = { channels: trafficChannelKeys };
  const messages = [
    ...recordedLines("meshtastic/meshtastic.jsonl"),
    ...generated(createMeshtasticTraffic({ seed: 1, startMs: 1_760_000_000_000 }), 3000),
  ];
  const plain = await plainPayloads(messages);
  const ports = Object.keys(PORT_NAMES).map(Number);
  const writer = new WireWriter();
  const utf8 = new TextEncoder();

  const make = (random: Random): FuzzMessage => {
    const base = random.pick(messages);
    const topic = mutateTopic(random, random.chance(0.2) ? base.topic : random.pick(TOPICS));
    const way = random.between(0, 99);
    if (way < 8) return { topic, payload: randomBytes(random) };
    if (way < 11) {
      const text = writeJson(hostileObject(random, JSON_KEYS));
      return {
        topic: random.pick([...OTHER_TOPICS, topic]),
        payload: new Uint8Array(utf8.encode(text)),
      };
    }
    if (way < 20) {
      const payload = mutateBytes(random, base.payload, random.pick(messages).payload);
      return { topic, payload };
    }
    const one = random.pick(plain);
    const payload = way < 70
      ? mutateBytes(random, one.payload, random.pick(plain).payload)
      : way < 80
      ? randomBytes(random)
      : one.payload;
    // Now and then what one port sends comes on another.
    const port = random.chance(0.1) ? random.pick(ports) : one.port;
    const whole = envelope(writer, random, random.chance(0.02) ? random.uint32() : port, payload);
    if (way < 80) return { topic, payload: whole };
    return { topic, payload: mutateBytes(random, whole, base.payload) };
  };

  return messageTarget<MeshtasticRecord>({
    name: "meshtastic",
    labels: meshtastic.labels,
    decoders: [createMeshtasticDecoder(options)],
    make,
    openStore,
    fault: ({ packet: { parsingError } }) =>
      parsingError?.startsWith(PARSING_ERRORS.internal) ? parsingError : undefined,
  });
}

async function plainPayloads(messages: readonly FuzzMessage[]): Promise<Plain[]> {
  const decoder = createMeshtasticDecoder({ channels: trafficChannelKeys });
  const decoded = await decoder.decode(messages.map((one) => ({
    ...one,
    source: "fuzz",
    receivedAt: 0,
    qos: 0,
    retained: false,
    redelivered: false,
  })));
  const plain: Plain[] = [];
  for (const one of decoded) {
    if (one.kind !== "record" || !one.record.packet.processedSuccessfully) continue;
    const { portnum, rawPayload } = one.record.packet;
    plain.push({ port: portnum ?? 0, payload: rawPayload ?? new Uint8Array(0) });
  }
  return plain;
}

/** An envelope whose packet is sent in the clear; its header is what chance wants. */
function envelope(writer: WireWriter, random: Random, port: number, payload: Bytes): Bytes {
  const any = () => random.chance(0.9) ? random.uint32() : random.pick([0, 1, 0xffffffff]);
  const float = () =>
    random.pick([NaN, Infinity, -Infinity, -0, 3.4e38, 1e-45, random.range(-20, 12)]);
  const name = () => random.chance(0.8) ? "LongFast" : hostileText(random);
  writer.reset();
  writer.message(1, (packet) => {
    packet.fixed(1, any()).fixed(2, any());
    if (random.chance(0.2)) packet.uint(3, any());
    packet.message(4, (data) => {
      data.uint(1, port).bytes(2, payload);
      if (random.chance(0.2)) data.uint(3, 1).fixed(4, any()).fixed(5, any());
      if (random.chance(0.2)) data.fixed(6, any()).fixed(7, any()).fixed(8, any());
      if (random.chance(0.2)) data.uint(9, any());
    });
    packet.fixed(6, any()).fixed(7, any()).float(8, float());
    if (random.chance(0.2)) packet.uint(9, any()).uint(11, any()).uint(15, any());
    if (random.chance(0.5)) packet.int(12, any() | 0);
    if (random.chance(0.1)) packet.uint(17, 1).uint(18, any()).uint(19, any()).uint(20, any());
  });
  writer.text(2, name());
  writer.text(3, random.chance(0.8) ? "!0a0b0c0d" : name());
  return writer.finish();
}

function openStore(): FuzzStore<MeshtasticRecord> {
  const db = new DatabaseSync(":memory:");
  migrate(db, [captureMigrations, meshtasticMigrations], 1_760_000_000);
  const writer = new MeshtasticWriter(db, true);
  const tables = new CaptureTables(db);
  return {
    commit: (records) => {
      const batch = new MeshtasticBatch(records.length, true);
      for (const record of records) batch.add(record);
      const encoded = batch.encode();
      commitBatch(db, writer, tables, encoded, emptyContext);
    },
    [Symbol.dispose]: () => db.close(),
  };
}
