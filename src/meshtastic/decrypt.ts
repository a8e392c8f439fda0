/**
 * Decryption of channel traffic: AES-CTR with the firmware's nonce, the key chosen by channel hash,
 * by trial only where no hash leads to one.
 *
 * @module
 */
import { type DataEvidence, inspectData } from "./data_shape.ts";
import type { ChannelKey, KeyCandidate, KeyRing } from "./key_ring.ts";
import type { MeshPacket } from "./messages.ts";
import { namedPort } from "./port_names.ts";

/** What the header of an encrypted packet says. */
export interface EncryptedPacket {
  /** Packet id, unsigned 32 bits; part of the nonce, as is the sender. */
  readonly id: number;
  /** Sender's node number. */
  readonly from: number;
  /** `MeshPacket.channel`: the channel hash. */
  readonly channel: number;
  /** `MeshPacket.encrypted`. */
  readonly ciphertext: Uint8Array;
  /**
   * True for what {@linkcode looksDirect}: its channel is 0 whether or not it has one.
   *
   * @default false
   */
  readonly direct?: boolean;
}

/**
 * Whether a packet looks like a direct message that is encrypted with the keys of its two nodes. A
 * gateway says so of every packet to a single node that it cannot read and whose channel is 0, so also
 * of those of a channel that it does not have and whose hash happens to be 0.
 */
export function looksDirect(
  { channel, pki_encrypted }: Pick<MeshPacket, "channel" | "pki_encrypted">,
  channelId: string,
): boolean {
  return channel === 0 && (pki_encrypted || channelId === "PKI");
}

/** A plaintext, and which key gave it. */
export interface Decrypted {
  /** Bytes of a `Data` message. */
  readonly plaintext: Uint8Array<ArrayBuffer>;
  /** Whether a channel hash named the key, or every key was tried. */
  readonly by: "hash" | "trial";
  /** Name of the key; never key bytes. */
  readonly keyName: string;
}

/** What one key makes of a packet. */
export interface DecryptAttempt {
  /** The key. */
  readonly key: ChannelKey;
  /** The name that the packet's channel hash leads to; undefined where it leads elsewhere. */
  readonly name?: string;
  /** How far the plaintext looks like a `Data` message. */
  readonly evidence: DataEvidence;
  /** Whether it would be accepted, if no likelier key were. */
  readonly reads: boolean;
}

/** No radio sends more (255 bytes); larger ciphertexts are not worth a trial of every key. */
const MAX_TRIAL_BYTES = 512;

/** Decrypts with the keys of one ring, each imported once. */
export class Decryptor {
  readonly #ring: KeyRing;
  #imported: Promise<ReadonlyMap<ChannelKey, CryptoKey>> | undefined;

  /** `ring` has the keys that are tried. */
  constructor(ring: KeyRing) {
    this.#ring = ring;
  }

  /**
   * The plaintext (bytes of a `Data` message), or undefined when no key reads it.
   *
   * A plaintext is accepted by hash when it is a `Data` message with a port of 1–511. Any other
   * port (0, or above 511) has to come with a payload and be written exactly as the firmware
   * writes: then 16 bits more speak for it. By trial all that counts, and the port must be named.
   *
   * What looks like a direct message is tried with the keys of configured channels of its hash alone,
   * and judged as by trial: most such packets are direct, and all of them would be tried.
   */
  async decrypt(
    packet: EncryptedPacket,
    channelIdBytes: Uint8Array,
    channelId: string,
  ): Promise<Decrypted | undefined> {
    const keys = await this.#keys();
    const counter = nonce(packet.id, packet.from);
    const candidates = this.#candidates(packet, channelIdBytes, channelId);
    const found = await this.#byHash(packet, candidates, keys, counter);
    if (packet.direct) return found;
    if (found !== undefined || packet.ciphertext.length > MAX_TRIAL_BYTES) return found;
    for (const key of this.#ring.keys) {
      if (candidates.some((candidate) => candidate.key === key)) continue;
      const plaintext = await apply(keys.get(key), counter, packet.ciphertext);
      if (readsByTrial(inspectData(plaintext))) {
        return { plaintext, by: "trial", keyName: key.label };
      }
    }
    return undefined;
  }

  /**
   * What every key of the ring makes of a packet, for a person who wants to know why it can or
   * cannot be read. {@linkcode decrypt} alone decides.
   */
  async attempts(
    packet: EncryptedPacket,
    channelIdBytes: Uint8Array,
    channelId: string,
  ): Promise<DecryptAttempt[]> {
    const keys = await this.#keys();
    const counter = nonce(packet.id, packet.from);
    const candidates = this.#candidates(packet, channelIdBytes, channelId);
    return await Promise.all(this.#ring.keys.map(async (key) => {
      const candidate = candidates.find((one) => one.key === key);
      const plaintext = await apply(keys.get(key), counter, packet.ciphertext);
      const evidence = inspectData(plaintext);
      return {
        key,
        ...(candidate === undefined ? {} : { name: candidate.name }),
        evidence,
        reads: candidate === undefined
          ? !packet.direct && packet.ciphertext.length <= MAX_TRIAL_BYTES && readsByTrial(evidence)
          : scoreOf(packet, evidence) > 0,
      };
    }));
  }

  /** Whether a packet that looks like a direct message may be one of a configured channel. */
  get hasChannelOfHash0(): boolean {
    return this.#ring.named(0).length > 0;
  }

  #candidates(
    packet: EncryptedPacket,
    channelIdBytes: Uint8Array,
    channelId: string,
  ): readonly KeyCandidate[] {
    // `PKI` is no channel's name.
    if (packet.direct) return this.#ring.named(packet.channel);
    return this.#ring.candidates(packet.channel, channelIdBytes, channelId);
  }

  #keys(): Promise<ReadonlyMap<ChannelKey, CryptoKey>> {
    return this.#imported ??= importKeys(this.#ring.keys).catch((error) => {
      // Try again with the next packet instead of failing for ever.
      this.#imported = undefined;
      throw error;
    });
  }

  async #byHash(
    packet: EncryptedPacket,
    candidates: readonly KeyCandidate[],
    keys: ReadonlyMap<ChannelKey, CryptoKey>,
    counter: Uint8Array<ArrayBuffer>,
  ): Promise<Decrypted | undefined> {
    let best: Decrypted | undefined;
    let bestScore = 0;
    for (const { key, name } of candidates) {
      const plaintext = await apply(keys.get(key), counter, packet.ciphertext);
      const score = scoreOf(packet, inspectData(plaintext));
      if (score <= bestScore) continue;
      best = { plaintext, by: "hash", keyName: name };
      bestScore = score;
      if (score === BEST_SCORE) break;
    }
    return best;
  }
}

const BEST_SCORE = 3;

/** One field alone (two bytes) would be matched by chance far too often. */
function readsByTrial({ shape, portnum, fields }: DataEvidence): boolean {
  return shape === "firmware" && fields > 1 && portnum > 0 && namedPort(portnum) !== undefined;
}

function scoreOf(packet: EncryptedPacket, evidence: DataEvidence): number {
  if (packet.direct) return readsByTrial(evidence) ? BEST_SCORE : 0;
  return scoreByHash(evidence);
}

function scoreByHash({ shape, portnum, payloadLength }: DataEvidence): number {
  const usual = portnum >= 1 && portnum <= 511;
  if (shape === "firmware" && usual) return BEST_SCORE;
  if (shape === "firmware" && payloadLength > 0) return 2;
  return shape === "loose" && usual ? 1 : 0;
}

async function importKeys(
  keys: readonly ChannelKey[],
): Promise<ReadonlyMap<ChannelKey, CryptoKey>> {
  const imported = new Map<ChannelKey, CryptoKey>();
  for (const key of keys) {
    if (key.bytes.length === 0) continue;
    imported.set(
      key,
      await crypto.subtle.importKey("raw", key.bytes, "AES-CTR", false, ["encrypt", "decrypt"]),
    );
  }
  return imported;
}

/** Initial counter block: packet id as u64, sender as u32, both little-endian, then four zeros. */
export function nonce(id: number, from: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(16);
  const view = new DataView(block.buffer);
  view.setUint32(0, id, true);
  view.setUint32(8, from, true);
  return block;
}

/** AES-CTR; without a key (an open channel) the bytes are plain already. */
async function apply(
  key: CryptoKey | undefined,
  counter: Uint8Array<ArrayBuffer>,
  ciphertext: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = ciphertext as Uint8Array<ArrayBuffer>;
  if (key === undefined) return new Uint8Array(bytes);
  // The firmware counts in the last four bytes alone.
  const algorithm = { name: "AES-CTR", counter, length: 32 };
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, bytes));
}
