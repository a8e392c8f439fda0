/**
 * Whether files of TLS hold what they are for. TLS itself passes over what it cannot read, so the
 * broker's certificate, or ours, would get the blame; and a broken authority ends Deno 2.9.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";

/** A block begins on a line of its own; before, between and after blocks there may be any text. */
const BLOCK = /^-----BEGIN ([A-Z0-9 ]+)-----[^]*?\n-----END \1-----/gm;

/** What is wrong with a file of certificates, one or a bundle; undefined: nothing. */
export function certificateFault(text: string): string | undefined {
  const certificates = blocks(text, /(^|\s)CERTIFICATE$/);
  if (certificates.length === 0) {
    return "holds no certificate; expected is PEM, which has a line -----BEGIN CERTIFICATE-----";
  }
  const bad = certificates.findIndex((block) => faultOf(() => new X509Certificate(block)));
  if (bad < 0) return undefined;
  return certificates.length === 1
    ? "holds a certificate that cannot be read; is it whole?"
    : `holds ${certificates.length} certificates, of which number ${bad + 1} cannot be read`;
}

/** What is wrong with the file of a private key; undefined: nothing that can be told for certain. */
export function privateKeyFault(text: string): string | undefined {
  const keys = blocks(text, /^(RSA |EC |ENCRYPTED )?PRIVATE KEY$/);
  const key = keys[0];
  if (key === undefined) {
    return "holds no private key; expected is PEM, which has a line -----BEGIN PRIVATE KEY-----";
  }
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(key)) {
    return "holds a key that is locked with a passphrase; expected is one without";
  }
  const fault = faultOf(() => createPrivateKey(key));
  // Of some curves that TLS may know, Deno says only that it does not.
  if (fault === undefined || fault.startsWith("unsupported")) return undefined;
  return "holds a private key that cannot be read; is it whole?";
}

function blocks(text: string, label: RegExp): string[] {
  return [...text.matchAll(BLOCK)].filter(([, name]) => label.test(name!)).map(([block]) => block);
}

function faultOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
