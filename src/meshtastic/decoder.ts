/**
 * The Meshtastic decoder: messages in, records out. Pure: no I/O, no clock, no logs.
 *
 * @module
 */
import type { Message } from "../capture/message.ts";
import type { Decoded, Network } from "../capture/network.ts";
import { copyBytes } from "./bytes.ts";
import { type Decrypted, Decryptor, type EncryptedPacket, looksDirect } from "./decrypt.ts";
import { DecryptMemo, type MemoEntry } from "./decrypt_memo.ts";
import { HeaderCache } from "./header_cache.ts";
import { type ChannelConfig, KeyRing } from "./key_ring.ts";
import { type DecryptResult, type DropReason, PARSING_ERRORS, type RecordType } from "./labels.ts";
import { emptyRow, type EnvelopeHeader, fillHeader, NO_PACKET } from "./packet_row.ts";
import type { Data, FieldBytes, MeshPacket } from "./messages.ts";
import { type PayloadContent, READ_WITH_HEADER, readPayload } from "./payload.ts";
import { namedPort, portName } from "./port_names.ts";
import { loadProtobuf, type MeshtasticProtobuf } from "./protobuf.ts";
import type { MeshtasticRecord, PacketRow } from "./record.ts";
import { decodeText } from "./text.ts";
import { type MeshtasticTopic, parseTopic } from "./topic.ts";

/** What the decoder is told. */
export interface MeshtasticDecoderOptions {
  /** Default: none. */
  readonly channels?: readonly ChannelConfig[];
  /**
   * Key of channels that are not configured; several with commas. Empty: none.
   *
   * @default "AQ=="
   */
  readonly defaultPsk?: string;
  /**
   * Keep the whole MQTT payload in each record.
   *
   * @default true
   */
  readonly storeRaw?: boolean;
  /**
   * Larger payloads are dropped, in bytes.
   *
   * @default 262144
   */
  readonly maxEnvelopeBytes?: number;
}

const MAX_CACHED_TOPICS = 4096;

/**
 * Calls of Web Crypto under way at once. 8 to 16 cost a quarter less CPU than thousands, and half of
 * what one after another does.
 */
const AT_ONCE = 12;

const NO_BYTES = new Uint8Array(0);

const utf8 = new TextEncoder();

type Outcome = Decoded<MeshtasticRecord>;

/** The content of a packet. */
interface PlainRead {
  readonly data: Data;
  readonly payload: Uint8Array<ArrayBuffer>;
  /** What the payload says, once it was read, where every reception says the same. */
  content?: PayloadContent;
}

/** The content of an encrypted packet. Receptions of one packet share it, so nobody changes it. */
interface Read extends PlainRead {
  readonly by: Decrypted["by"];
  readonly captureKey: string;
}

type Entry = MemoEntry<Read>;

/** What has to be decrypted first. */
interface Encrypted {
  readonly packet: EncryptedPacket;
  readonly channelIdBytes: Uint8Array;
  /** The answer, once the entry is done. Throws what decrypting threw. */
  readonly finish: (entry: Entry) => Outcome;
}

/** A message whose entry is not done. */
interface Waiting {
  readonly index: number;
  readonly message: Message;
  readonly entry: Entry;
  readonly finish: Encrypted["finish"];
}

/**
 * Makes a decoder. It builds its readers (about 10 ms) at the first batch and imports its keys at the
 * first packet that needs them: a start has no time for either.
 *
 * @throws {PskError} when a configured PSK is none; the message names the entry, not the value.
 */
export function createMeshtasticDecoder(
  options: MeshtasticDecoderOptions = {},
): Network<MeshtasticRecord> {
  const decoder = new MeshtasticDecoder(
    new Decryptor(new KeyRing(options.channels ?? [], options.defaultPsk ?? "AQ==")),
    options.storeRaw ?? true,
    options.maxEnvelopeBytes ?? 262_144,
  );
  return { name: "meshtastic", decode: (batch) => decoder.decode(batch) };
}

class MeshtasticDecoder {
  #loaded: MeshtasticProtobuf | undefined;
  readonly #decryptor: Decryptor;
  readonly #storeRaw: boolean;
  readonly #maxEnvelopeBytes: number;
  readonly #headers = new HeaderCache();
  readonly #memo = new DecryptMemo<Read>();
  /** Topics come again and again; bounded, because anybody may publish. */
  readonly #topics = new Map<string, MeshtasticTopic>();

  constructor(
    decryptor: Decryptor,
    storeRaw: boolean,
    maxEnvelopeBytes: number,
  ) {
    this.#decryptor = decryptor;
    this.#storeRaw = storeRaw;
    this.#maxEnvelopeBytes = maxEnvelopeBytes;
  }

  get #proto(): MeshtasticProtobuf {
    return this.#loaded ??= loadProtobuf();
  }

  async decode(batch: readonly Message[]): Promise<Outcome[]> {
    const outcomes = new Array<Outcome>(batch.length);
    const settled = Promise.withResolvers<void>();
    const waiting: Waiting[] = [];
    const fresh: Entry[] = [];
    for (let i = 0; i < batch.length; i++) {
      const message = batch[i]!;
      try {
        const answer = this.#decodeOne(message);
        if ("kind" in answer) {
          outcomes[i] = answer;
          continue;
        }
        const { packet, channelIdBytes } = answer;
        let entry = this.#memo.find(packet, channelIdBytes);
        if (entry === undefined) {
          fresh.push(entry = this.#memo.add(packet, channelIdBytes, settled.promise));
        }
        if (entry.done) outcomes[i] = answer.finish(entry);
        else waiting.push({ index: i, message, entry, finish: answer.finish });
      } catch (error) {
        outcomes[i] = this.#surprise(message, error);
      }
    }
    if (fresh.length > 0) await this.#decryptAll(fresh);
    settled.resolve();
    for (const { index, message, entry, finish } of waiting) {
      // Another call may have begun it.
      if (!entry.done) await entry.settled;
      try {
        outcomes[index] = finish(entry);
      } catch (error) {
        outcomes[index] = this.#surprise(message, error);
      }
    }
    return outcomes;
  }

  /** A few at a time: each costs a thread of its own and a row of promises while it is under way. */
  async #decryptAll(entries: readonly Entry[]): Promise<void> {
    let next = 0;
    const work = async () => {
      for (let entry = entries[next++]; entry !== undefined; entry = entries[next++]) {
        try {
          entry.value = await this.#decryptOne(entry);
        } catch (error) {
          entry.error = error ?? new Error("decryption failed");
          this.#memo.forget(entry);
        }
        entry.done = true;
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, entries.length) }, work));
  }

  async #decryptOne({ packet, channelIdBytes }: Entry): Promise<Read | undefined> {
    const decrypted = await this.#decryptor.decrypt(
      packet,
      channelIdBytes,
      decodeText(channelIdBytes),
    );
    const data = decrypted && this.#proto.data.read(decrypted.plaintext);
    if (decrypted === undefined || data === undefined) return undefined;
    const { by, keyName } = decrypted;
    return { data, payload: copyBytes(data.payload), by, captureKey: `${by}:${keyName}` };
  }

  #decodeOne(message: Message): Outcome | Encrypted {
    if (message.payload.length > this.#maxEnvelopeBytes) {
      return drop("oversized", `${message.payload.length} bytes`);
    }
    const topic = this.#topic(message.topic);
    switch (topic.kind) {
      case "json":
        return drop("json_topic");
      case "stat":
        return drop("stat_topic");
      case "unwanted":
        return drop("unwanted_topic", message.topic);
      case "map": {
        const answer = this.#decodeEnvelope(message, topic);
        if ("kind" in answer) return readableOnly(answer);
        const { finish } = answer;
        return { ...answer, finish: (entry) => readableOnly(finish(entry)) };
      }
      case "envelope":
        return this.#decodeEnvelope(message, topic);
    }
  }

  #topic(text: string): MeshtasticTopic {
    let topic = this.#topics.get(text);
    if (topic === undefined) {
      if (this.#topics.size >= MAX_CACHED_TOPICS) this.#topics.clear();
      topic = parseTopic(text);
      this.#topics.set(text, topic);
    }
    return topic;
  }

  #decodeEnvelope(message: Message, topic: MeshtasticTopic): Outcome | Encrypted {
    const row = emptyRow(message, topic, this.#storeRaw);
    const envelope = this.#proto.envelope.read(message.payload);
    if (envelope === undefined) return unreadable(row, PARSING_ERRORS.badEnvelope);
    const { packet } = envelope;
    const header = this.#headers.get(envelope.gateway_id, envelope.channel_id);
    // Malla's page of such a row needs numbers.
    fillHeader(row, header, packet ?? NO_PACKET);
    if (packet?.payload_variant === "decoded") {
      const data = packet.decoded!;
      const read = { data, payload: copyBytes(data.payload) };
      return this.#readable(row, header, packet, read, "none");
    }
    row.portnum = 0;
    row.portnumName = portName(0);
    if (packet === null) return unreadable(row, PARSING_ERRORS.noPacket, "none", header);
    if (packet.payload_variant === undefined) {
      return unreadable(row, PARSING_ERRORS.noPayload, "none", header);
    }
    const direct = looksDirect(packet, header.channelId);
    if (direct && !this.#decryptor.hasChannelOfHash0) {
      return unreadable(row, PARSING_ERRORS.pki, "pki", header);
    }
    return {
      packet: {
        id: packet.id,
        from: packet.from,
        channel: packet.channel,
        ciphertext: packet.encrypted as Uint8Array,
        direct,
      },
      channelIdBytes: channelNameBytes(envelope.channel_id, topic),
      finish: (entry) => this.#decrypted(row, header, packet, entry),
    };
  }

  #decrypted(row: PacketRow, header: EnvelopeHeader, packet: MeshPacket, entry: Entry): Outcome {
    if (entry.error !== undefined) throw entry.error;
    const { value } = entry;
    if (value === undefined) {
      return entry.packet.direct
        ? unreadable(row, PARSING_ERRORS.pki, "pki", header)
        : unreadable(row, PARSING_ERRORS.noKey, "no_key", header);
    }
    row.captureKey = value.captureKey;
    return this.#readable(row, header, packet, value, value.by);
  }

  #readable(
    row: PacketRow,
    header: EnvelopeHeader,
    packet: MeshPacket,
    read: PlainRead,
    decrypt: DecryptResult,
  ): Outcome {
    const { data, payload } = read;
    row.portnum = data.portnum;
    row.portnumName = portName(data.portnum);
    row.rawPayload = payload;
    row.payloadLength = payload.length;
    row.processedSuccessfully = true;
    let { content } = read;
    if (content === undefined) {
      const { channelId } = header;
      content = readPayload(this.#proto, data, { packet, seenAt: row.timestamp, channelId });
      if (!READ_WITH_HEADER.has(data.portnum)) read.content = content;
    }
    row.parsingError = content.error ?? null;
    const record: MeshtasticRecord = { packet: row };
    if (content.node !== undefined) record.node = content.node;
    if (content.details !== undefined) record.details = content.details;
    if (header.gatewayNodeId !== undefined) record.gatewayNodeId = header.gatewayNodeId;
    const type: RecordType = namedPort(data.portnum) ?? "UNNAMED";
    return { kind: "record", record, labels: { type, decrypt, readable: true } };
  }

  /** A fault of ours must not lose the message: it becomes a row that says so. */
  #surprise(message: Message, error: unknown): Outcome {
    const row = emptyRow(message, parseTopic(message.topic), this.#storeRaw);
    return unreadable(row, PARSING_ERRORS.internal + String(error));
  }
}

/** The channel's name, which chooses among keys: the envelope's or, where that is empty, the topic's. */
function channelNameBytes(channelId: FieldBytes, topic: MeshtasticTopic): Uint8Array {
  if (channelId.length > 0) return channelId as Uint8Array;
  return topic.channelName === null ? NO_BYTES : utf8.encode(topic.channelName);
}

function drop(reason: DropReason, detail?: string): Outcome {
  return detail === undefined ? { kind: "drop", reason } : { kind: "drop", reason, detail };
}

function readableOnly(outcome: Outcome): Outcome {
  if (outcome.kind === "drop" || outcome.labels.readable) return outcome;
  return drop("map_unreadable", outcome.record.packet.parsingError ?? "");
}

function unreadable(
  row: PacketRow,
  error: string,
  decrypt: DecryptResult = "none",
  header?: EnvelopeHeader,
): Outcome {
  row.parsingError = error;
  // Empty, not null: Malla's pages expect a blob.
  row.rawPayload = new Uint8Array(0);
  const record: MeshtasticRecord = { packet: row };
  if (header?.gatewayNodeId !== undefined) record.gatewayNodeId = header.gatewayNodeId;
  const type: RecordType = row.portnum === null ? "UNREADABLE" : "UNKNOWN_APP";
  return { kind: "record", record, labels: { type, decrypt, readable: false } };
}
