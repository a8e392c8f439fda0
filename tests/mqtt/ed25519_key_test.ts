/** Keys of MeshCore and tokens signed with them, judged by Web Crypto and by other hands. @module */
import { verifyAuthToken } from "@michaelhart/meshcore-decoder";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { createAuthToken, tokenUsername } from "../../src/mqtt/auth_token.ts";
import { hexUpper, parsePrivateKey, type SigningKey } from "../../src/mqtt/ed25519_key.ts";

/** RFC 8032, section 7.1, tests 1 and 3. */
const VECTORS = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e" +
      "39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67" +
      "f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
];

/** What MeshCore keeps of a seed: its hash, clamped. */
function expanded(seed: Uint8Array): string {
  const bytes = createHash("sha512").update(seed).digest();
  bytes[0]! &= 0xf8;
  bytes[31] = (bytes[31]! & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function key(text: string): SigningKey {
  const parsed = parsePrivateKey(text);
  if (typeof parsed === "string") throw new Error(parsed);
  return parsed;
}

async function verified(publicKey: string, signature: Uint8Array, message: Uint8Array) {
  const raw = new Uint8Array(Buffer.from(publicKey, "hex"));
  const imported = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  const copies = [signature, message].map((bytes) => new Uint8Array(bytes));
  return await crypto.subtle.verify("Ed25519", imported, copies[0]!, copies[1]!);
}

Deno.test("parsePrivateKey() signs as RFC 8032 has it, with a seed or what MeshCore keeps", () => {
  for (const { seed, publicKey, message, signature } of VECTORS) {
    const forms = [seed, expanded(Buffer.from(seed, "hex")), seed + publicKey, ` ${seed}\n`];
    for (const form of forms) {
      const parsed = key(form);
      assert.equal(parsed.publicKey, publicKey.toUpperCase());
      const made = parsed.sign(Buffer.from(message, "hex"));
      assert.equal(hexUpper(made), signature.toUpperCase());
    }
  }
});

Deno.test("parsePrivateKey() gives signatures that Web Crypto accepts", async () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  await fc.assert(
    fc.asyncProperty(bytes(32), fc.uint8Array({ maxLength: 300 }), async (seed, message) => {
      const own = key(expanded(seed));
      assert.equal(own.publicKey, key(hexUpper(seed)).publicKey);
      const signature = own.sign(message);
      assert.equal(await verified(own.publicKey, signature, message), true);
      signature[5]! ^= 1;
      assert.equal(await verified(own.publicKey, signature, message), false);
    }),
    { numRuns: 20 },
  );
  // A scalar that nobody clamped is one, too.
  const odd = key("ff".repeat(64));
  assert.equal(await verified(odd.publicKey, odd.sign(new Uint8Array(3)), new Uint8Array(3)), true);
});

Deno.test("parsePrivateKey() refuses what is no key, without a word of it", () => {
  assert.equal(parsePrivateKey("abcd"), "has 4 hexadecimal digits, not 128 (or 64)");
  assert.equal(parsePrivateKey(""), "has 0 hexadecimal digits, not 128 (or 64)");
  assert.equal(parsePrivateKey("0".repeat(128)), "is no Ed25519 key");
  assert.match(parsePrivateKey("secret".repeat(20)) as string, /^holds something else/);
});

Deno.test("createAuthToken() makes what MeshCore's own library verifies", async () => {
  const own = key(expanded(new Uint8Array(32).fill(7)));
  const now = Math.floor(Date.now() / 1000);
  const claims = { issuedAt: now, expiresAt: now + 3600, audience: "mqtt.example.org" };
  const token = createAuthToken(own, claims);
  const [header, payload, signature] = token.split(".");
  assert.deepEqual(JSON.parse(atob(header!)), { alg: "Ed25519", typ: "JWT" });
  assert.match(signature!, /^[0-9A-F]{128}$/);
  const raw = Uint8Array.from(signature!.match(/../g)!, (pair) => parseInt(pair, 16));
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  assert.equal(await verified(own.publicKey, raw, signed), true);
  assert.equal(tokenUsername(own), `v1_${own.publicKey}`);

  assert.deepEqual(await verifyAuthToken(token, own.publicKey), {
    publicKey: own.publicKey,
    aud: "mqtt.example.org",
    iat: now,
    exp: now + 3600,
  });
  assert.equal(await verifyAuthToken(token, "AB".repeat(32)), null);
  const changed = `${header}.${btoa(atob(payload!).replace("org", "com"))}.${signature}`;
  assert.equal(await verifyAuthToken(changed, own.publicKey), null);
  const past = createAuthToken(own, { ...claims, issuedAt: now - 99, expiresAt: now - 9 });
  assert.equal(await verifyAuthToken(past, own.publicKey), null);
  const toAnybody = createAuthToken(own, { ...claims, audience: "" });
  assert.ok(!("aud" in (await verifyAuthToken(toAnybody, own.publicKey))!));
});
