import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readCertificates, readPrivateKey } from "../../src/mqtt/pem.ts";
import { CERTIFICATES } from "./tls_broker.ts";

const read = (name: string) => Deno.readTextFileSync(`${CERTIFICATES}${name}`);

function faultOf(work: (text: string) => string, text: string): string | undefined {
  try {
    assert.match(work(text), /^-----BEGIN/);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const certificateFault = (text: string) => faultOf(readCertificates, text);
const privateKeyFault = (text: string) => faultOf(readPrivateKey, text);

/** A block as a tool writes it that puts something else in there. */
const block = (label: string, body: string) =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;

Deno.test("readCertificates() finds nothing wrong with certificates, alone or among other text", () => {
  const [one, other, key] = [read("ca.crt"), read("other_ca.crt"), read("client.key")];
  for (
    const text of [
      one,
      one.trimEnd(),
      one.replaceAll("\n", "\r\n"),
      one + other,
      `Certificate:\n    Data:\n        Version: 3 (0x2)\n${one}\n# the other\n${other}`,
      one + key,
      key + one,
      `\ufeff${one}`,
      one.replaceAll("\n", "\r") + other,
      // Two files put together, of which the first had no line end.
      one.trimEnd() + other,
      one.replace(/\n(-----END)/, "$1") + other,
      `a note ${one}`,
    ]
  ) assert.equal(certificateFault(text), undefined, text);
});

Deno.test("readCertificates() says what a file is lacking", () => {
  const none = /^holds no certificate; expected is PEM, which has a line -----BEGIN CERTIFICATE/;
  const one = read("ca.crt");
  for (
    const text of [
      "",
      "none",
      read("client.key"),
      block("CERTIFICATE REQUEST", "bm9uZQ=="),
      atob(one.split("\n").slice(1, -2).join("")),
    ]
  ) assert.match(certificateFault(text)!, none, text);
  const half = one.slice(0, 200);
  const halves = /^holds (\d) beginnings of a certificate, but (\d) whole ones/;
  assert.deepEqual(halves.exec(certificateFault(half)!)?.slice(1), ["1", "0"]);
  assert.deepEqual(halves.exec(certificateFault(one + half)!)?.slice(1), ["2", "1"]);
  assert.deepEqual(halves.exec(certificateFault(half + one)!)?.slice(1), ["2", "1"]);
  const bad = block("CERTIFICATE", "bm9uZQ==");
  assert.match(certificateFault(bad)!, /^holds a certificate that cannot be read/);
  assert.match(certificateFault(one + bad)!, /2 certificates, of which number 2 cannot be read/);
});

Deno.test("readPrivateKey() takes keys of every kind, alone or beside their certificate", () => {
  const { privateKey: rsa } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { privateKey: ed25519 } = generateKeyPairSync("ed25519");
  const ec = read("client.key");
  for (
    const text of [
      ec,
      read("client.crt") + ec,
      // As `openssl ecparam -genkey` writes it.
      block("EC PARAMETERS", "BggqhkjOPQMBBw==") + ec,
      rsa.export({ type: "pkcs8", format: "pem" }) as string,
      rsa.export({ type: "pkcs1", format: "pem" }) as string,
      ed25519.export({ type: "pkcs8", format: "pem" }) as string,
    ]
  ) assert.equal(privateKeyFault(text), undefined, text);
});

Deno.test("readPrivateKey() says what a file is lacking, and that a key is locked", () => {
  const none = /^holds no private key; expected is PEM, which has a line -----BEGIN PRIVATE KEY/;
  for (
    const text of [
      "",
      read("client.crt"),
      block("PUBLIC KEY", "bm9uZQ=="),
      "-----BEGIN PRIVATE KEY-----",
    ]
  ) assert.match(privateKeyFault(text)!, none, text);
  const locked = /^holds a key that is locked with a passphrase; expected is one without/;
  assert.match(privateKeyFault(block("ENCRYPTED PRIVATE KEY", "bm9uZQ=="))!, locked);
  const old = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nbm9uZQ==";
  assert.match(privateKeyFault(block("EC PRIVATE KEY", old))!, locked);
  for (const label of ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"]) {
    assert.match(privateKeyFault(block(label, "bm9uZQ=="))!, /that cannot be read/);
  }
});

Deno.test("readCertificates() gives TLS what it has read, and nothing else", () => {
  const [one, other, key] = [read("ca.crt"), read("other_ca.crt"), read("client.key")];
  const given = readCertificates(`text\n${one.replaceAll("\n", "\r")}${key}note ${other}`);
  assert.equal(given, one + other);
});
