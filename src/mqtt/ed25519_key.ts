/**
 * A MeshCore node's private key, and signatures with it.
 *
 * MeshCore keeps the expanded key of RFC 8032, section 5.1.5: 32 bytes of scalar, 32 bytes of prefix
 * (what `get prv.key` prints). Web Crypto and node:crypto sign with a seed only, of which that is
 * the hash, so the arithmetic comes from @noble/ed25519 and the rest is here.
 *
 * @module
 */
import { Point } from "@noble/ed25519";
import { createHash } from "node:crypto";

/** A key that can sign. */
export interface SigningKey {
  /** 64 hexadecimal digits, upper case, as MeshCore writes them. */
  readonly publicKey: string;
  /** The signature of `message`, 64 bytes. */
  sign(message: Uint8Array): Uint8Array<ArrayBuffer>;
}

/** Order of the base point. */
const ORDER = Point.CURVE().n;

/**
 * Reads a private key in hexadecimal: 64 bytes as MeshCore exports them, a seed of 32 bytes, or seed
 * and public key one after the other, as libsodium has it.
 *
 * @returns a string that says what is wrong, without a word of the key.
 */
export function parsePrivateKey(text: string): SigningKey | string {
  const hex = text.replace(/\s+/g, "");
  if (!/^[0-9a-f]*$/i.test(hex)) return "holds something else than hexadecimal digits";
  if (hex.length !== 64 && hex.length !== 128) {
    return `has ${hex.length} hexadecimal digits, not 128 (or 64)`;
  }
  const bytes = Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
  const ofSeed = expandedKey(expand(bytes.subarray(0, 32)));
  if (bytes.length === 32) return ofSeed ?? "is no Ed25519 key";
  if (ofSeed?.publicKey === hex.slice(64).toUpperCase()) return ofSeed;
  return expandedKey(bytes) ?? "is no Ed25519 key";
}

/** RFC 8032, section 5.1.5: scalar and prefix of a seed. */
function expand(seed: Uint8Array): Uint8Array {
  const bytes = sha512(seed);
  bytes[0]! &= 248;
  bytes[31] = (bytes[31]! & 127) | 64;
  return bytes;
}

function expandedKey(bytes: Uint8Array): SigningKey | undefined {
  const scalar = number(bytes.subarray(0, 32)) % ORDER;
  if (scalar === 0n) return undefined;
  const prefix = bytes.slice(32);
  const point = Point.BASE.multiply(scalar).toBytes();
  return {
    publicKey: hexUpper(point),
    sign(message) {
      // RFC 8032, section 5.1.6. That the nonce is 0 has a chance of one in 2^252.
      const nonce = number(sha512(prefix, message)) % ORDER;
      const commitment = Point.BASE.multiply(nonce).toBytes();
      const challenge = number(sha512(commitment, point, message)) % ORDER;
      const signature = new Uint8Array(64);
      signature.set(commitment);
      signature.set(littleEndian((nonce + challenge * scalar) % ORDER), 32);
      return signature;
    },
  };
}

/** Hexadecimal in upper case. */
export function hexUpper(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("").toUpperCase();
}

function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha512");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${hexUpper(bytes.toReversed())}`);
}

function littleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  for (let i = 0, rest = value; i < 32; i++, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return bytes;
}
