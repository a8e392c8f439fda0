/**
 * Explains one Meshtastic packet: its header, each key that was tried and what came of it, and what
 * the packet says. The verdict is the decoder's own, so that it cannot differ from the service's.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Message } from "../capture/message.ts";
import type { ExplainOptions, Fact, KeyAttempt, PacketExplanation } from "../packet_explanation.ts";
import { xorBytes } from "./channel_hash.ts";
import type { MeshtasticConfig } from "./config.ts";
import { createMeshtasticDecoder } from "./decoder.ts";
import { type DecryptAttempt, Decryptor, looksDirect, nonce } from "./decrypt.ts";
import { KeyRing } from "./key_ring.ts";
import { PARSING_ERRORS } from "./labels.ts";
import type { MeshPacket, ServiceEnvelope } from "./messages.ts";
import { portName } from "./port_names.ts";
import { loadProtobuf, type MeshtasticProtobuf } from "./protobuf.ts";
import type { MeshtasticRecord } from "./record.ts";
import { decodeText } from "./text.ts";
import { contentFacts, hexByte, nodeInWords } from "./words.ts";

/** Explains a ServiceEnvelope or a MeshPacket; undefined when the bytes are neither. */
export async function explainMeshtasticPacket(
  config: MeshtasticConfig,
  bytes: Uint8Array<ArrayBuffer>,
  options: ExplainOptions = {},
): Promise<PacketExplanation | undefined> {
  const proto = loadProtobuf();
  const found = findPacket(proto, bytes, options.channel);
  if (found === undefined) return undefined;
  const { envelope, packet, form } = found;
  const channelId = decodeText(envelope.channel_id);
  // `PKI` names no channel, and leads to no key.
  const channelBytes = looksDirect(packet, channelId)
    ? new Uint8Array(0)
    : Uint8Array.from(envelope.channel_id);
  const record = await decodeAsService(config, found.bytes);
  const byChannel = packet.payload_variant === "encrypted" && !isPki(record);
  const attempts = byChannel && packet.encrypted.length > 0
    ? await tryKeys(config, packet, channelBytes, channelId, record)
    : [];
  const readable = record.packet.processedSuccessfully;
  return {
    network: "meshtastic",
    form,
    header: headerFacts(packet, envelope, channelId),
    encryption: encryptionFacts(packet, channelBytes, channelId, isPki(record)),
    attempts,
    readable,
    ...verdictOf(record, packet, channelId, attempts),
    content: readable ? contentFacts(proto, record) : [],
  };
}

/** True for a direct message that no channel's key reads. */
function isPki({ packet }: MeshtasticRecord): boolean {
  return packet.parsingError === PARSING_ERRORS.pki;
}

interface Found {
  readonly form: string;
  readonly envelope: ServiceEnvelope;
  readonly packet: MeshPacket;
  /** As an envelope. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** An envelope begins with a field of bytes, a packet with one of four: they cannot be mixed up. */
function findPacket(
  proto: MeshtasticProtobuf,
  bytes: Uint8Array<ArrayBuffer>,
  channel: string | undefined,
): Found | undefined {
  const envelope = proto.envelope.read(bytes);
  if (envelope !== undefined && isPacket(envelope.packet)) {
    const named = channel === undefined
      ? envelope
      : { ...envelope, channel_id: new TextEncoder().encode(channel) };
    return {
      form: "ServiceEnvelope (what a gateway publishes)",
      envelope: named,
      packet: envelope.packet,
      bytes: channel === undefined ? bytes : envelopeOf(bytes, channel),
    };
  }
  const packet = proto.meshPacket.read(bytes);
  // Nobody sends from 0; without an envelope around it there is little else to tell it from noise.
  if (packet === undefined || !isPacket(packet) || packet.from === 0) return undefined;
  const wrapped = envelopeOf(Uint8Array.of(0x0a, ...varint(bytes.length), ...bytes), channel ?? "");
  return {
    form: "MeshPacket (without the envelope of a gateway)",
    envelope: proto.envelope.read(wrapped)!,
    packet,
    bytes: wrapped,
  };
}

function isPacket(packet: MeshPacket | null): packet is MeshPacket {
  return packet !== null && packet.payload_variant !== undefined;
}

/** Appends the channel's name as field 2; the last of two counts. */
function envelopeOf(start: Uint8Array, channel: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(channel);
  return Uint8Array.of(...start, 0x12, ...varint(name.length), ...name);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

async function decodeAsService(
  config: MeshtasticConfig,
  payload: Uint8Array<ArrayBuffer>,
): Promise<MeshtasticRecord> {
  const decoder = createMeshtasticDecoder({
    channels: config.channels,
    defaultPsk: config.default_psk,
    maxEnvelopeBytes: Infinity,
  });
  const message: Message = {
    source: "explain",
    // A channel in the topic would stand in for one that the envelope does not name.
    topic: "msh/2/e/!00000000",
    payload,
    receivedAt: 0,
    qos: 0,
    retained: false,
    redelivered: false,
  };
  const [decoded] = await decoder.decode([message]);
  if (decoded?.kind !== "record") throw new Error("an envelope was dropped");
  return decoded.record;
}

function headerFacts(packet: MeshPacket, envelope: ServiceEnvelope, channelId: string): Fact[] {
  const gateway = decodeText(envelope.gateway_id);
  const hops = packet.hop_start === 0
    ? `${packet.hop_limit} left`
    : `${packet.hop_start - packet.hop_limit} taken, ${packet.hop_limit} left`;
  return [
    ["from", nodeInWords(packet.from)],
    ["to", nodeInWords(packet.to)],
    ["packet id", `${packet.id} (0x${packet.id.toString(16).padStart(8, "0")})`],
    ["channel", channelId === "" ? "not named" : JSON.stringify(channelId)],
    ...(gateway === "" ? [] : [["gateway", gateway] as Fact]),
    ["hops", hops],
    ...(packet.rx_time === null || packet.rx_time === 0
      ? []
      : [["received", new Date(packet.rx_time * 1000).toISOString()] as Fact]),
  ];
}

function encryptionFacts(
  packet: MeshPacket,
  channelBytes: Uint8Array,
  channelId: string,
  pki: boolean,
): Fact[] {
  if (packet.payload_variant !== "encrypted") return [];
  const facts: Fact[] = [["ciphertext", `${packet.encrypted.length} bytes`]];
  if (pki) {
    facts.push(["method", "public key (PKI): for its receiver alone, no channel key reads it"]);
    return facts;
  }
  const counter = nonce(packet.id, packet.from);
  facts.push(
    ["method", "AES-CTR with the channel's key"],
    ["channel hash", `${hexByte(packet.channel)}: XOR of the bytes of channel name and key`],
    ["nonce", `${hex(counter)}: packet id and sender, little-endian, 8 bytes each, then a counter`],
  );
  if (channelBytes.length > 0) {
    const name = xorBytes(channelBytes);
    const wanted = hexByte((packet.channel ^ name) & 0xff);
    facts.push([
      "key sought",
      `one whose bytes give ${wanted}, as ${JSON.stringify(channelId)} gives ${hexByte(name)}`,
    ]);
  }
  return facts;
}

async function tryKeys(
  config: MeshtasticConfig,
  packet: MeshPacket,
  channelBytes: Uint8Array,
  channelId: string,
  record: MeshtasticRecord,
): Promise<KeyAttempt[]> {
  const decryptor = new Decryptor(new KeyRing(config.channels, config.default_psk));
  const { id, from, channel } = packet;
  const ciphertext = packet.encrypted as Uint8Array;
  const attempts = await decryptor.attempts(
    { id, from, channel, ciphertext, direct: looksDirect(packet, channelId) },
    channelBytes,
    channelId,
  );
  const winner = record.packet.captureKey;
  return attempts.map((attempt) => ({
    key: attempt.key.label,
    fingerprint: fingerprint(attempt.key.bytes),
    bits: attempt.key.bytes.length * 8,
    hash: hashes(attempt, channelBytes),
    matches: attempt.name !== undefined,
    result: resultOf(attempt),
    accepted: winner === `hash:${attempt.name}` || winner === `trial:${attempt.key.label}`,
  }));
}

/** Hashes that packets of this key carry: under the packet's channel name, else under its own. */
function hashes({ key }: DecryptAttempt, channelBytes: Uint8Array): string {
  if (channelBytes.length > 0) return hexByte(xorBytes(channelBytes) ^ key.hash);
  const encoder = new TextEncoder();
  const own = [...key.names].map((name) => hexByte(xorBytes(encoder.encode(name)) ^ key.hash));
  return own.length === 0 ? "any" : own.join(", ");
}

function resultOf({ name, evidence, reads }: DecryptAttempt): string {
  const { shape, portnum } = evidence;
  if (reads) {
    const how = name === undefined ? "by trial: the hash leads elsewhere" : "the hash fits";
    return `reads it as ${portName(portnum)} (${how})`;
  }
  if (shape === "none") return "gives noise";
  return name === undefined
    ? "gives noise that looks a little like a message; the hash leads elsewhere, so it does not count"
    : "gives what is hardly a message";
}

function verdictOf(
  record: MeshtasticRecord,
  packet: MeshPacket,
  channelId: string,
  attempts: readonly KeyAttempt[],
): { verdict: string; advice?: string } {
  const { parsingError, portnumName } = record.packet;
  if (record.packet.processedSuccessfully) {
    const key = attempts.find((one) => one.accepted);
    if (packet.payload_variant === "decoded") {
      return { verdict: `It is not encrypted: a ${portnumName}.` };
    }
    return { verdict: `The key ${JSON.stringify(key?.key ?? "")} reads it: a ${portnumName}.` };
  }
  switch (parsingError) {
    case PARSING_ERRORS.pki:
      return {
        verdict: "A direct message between two nodes, encrypted with their public keys.",
        advice: "Only its receiver can read it; no setting of meshcapture changes that.",
      };
    case PARSING_ERRORS.noKey: {
      const hashFits = attempts.some((one) => one.matches);
      return {
        verdict: "No configured key reads it.",
        advice: hashFits
          ? "A key has the right hash, which one of 256 keys has by chance: it is another key of the same hash. Ask for the key of this channel."
          : channelId === ""
          ? "The packet does not name its channel; name it with --channel to see which key is sought, and add that channel's key to meshtastic.channels."
          : `Add the key of the channel ${
            JSON.stringify(channelId)
          } to meshtastic.channels, as the Meshtastic app shows it (share the channel, or look under Channels).`,
      };
    }
    default:
      return { verdict: `It cannot be read: ${parsingError}.` };
  }
}

/** First four bytes of SHA-256: tells keys apart and gives none away. */
export function fingerprint(key: Uint8Array): string {
  return key.length === 0 ? "-" : createHash("sha256").update(key).digest("hex").slice(0, 8);
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
