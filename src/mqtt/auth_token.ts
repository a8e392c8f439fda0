/**
 * The token that brokers of MeshCore take for a password: a JWT, signed with a node's Ed25519 key,
 * for the user name `v1_` and its public key. The format is that of meshcore-mqtt-broker and of the
 * programs that publish to it: unlike in RFC 7519 the signature is in hexadecimal and `alg` is
 * `Ed25519`.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { hexUpper, type SigningKey } from "./ed25519_key.ts";

/** What a token says beside whose it is. */
export interface TokenClaims {
  /** Unix seconds at which it is made. */
  readonly issuedAt: number;
  /** Unix seconds after which it counts no more. */
  readonly expiresAt: number;
  /** Name of the broker that it is for; left out where it is empty. */
  readonly audience: string;
}

/** The user name that goes with the tokens of a key. */
export function tokenUsername(key: SigningKey): string {
  return `v1_${key.publicKey}`;
}

/** Signs a token. */
export function createAuthToken(key: SigningKey, claims: TokenClaims): string {
  const { issuedAt, expiresAt, audience } = claims;
  const signed = [
    { alg: "Ed25519", typ: "JWT" },
    {
      publicKey: key.publicKey,
      ...(audience === "" ? {} : { aud: audience }),
      iat: issuedAt,
      exp: expiresAt,
    },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${hexUpper(key.sign(new TextEncoder().encode(signed)))}`;
}
