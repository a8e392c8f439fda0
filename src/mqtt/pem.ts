/**
 * What files of TLS hold, or what is wrong with them. TLS itself passes over what it cannot read, so the
 * broker's certificate, or ours, would get the blame; and a broken authority ends Deno 2.9. So it gets
 * nothing but what was read here.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";

/** Where a certificate begins, be it on a line of its own or not. */
const CERTIFICATE_BEGIN = /-----BEGIN (?:X509 )?CERTIFICATE-----/g;
const CERTIFICATE = /-----BEGIN (X509 )?CERTIFICATE-----([^-]*)-----END \1CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN ((?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----[^]*?-----END \1-----/;

/** Characters of a line of base64 in PEM (RFC 7468). */
const PEM_LINE = /.{1,64}/g;

/**
 * The certificates in `text`, one or a bundle, among whatever else stands there; as PEM.
 *
 * @throws {Error} whose message goes on after the file's name.
 */
export function readCertificates(text: string): string {
  const begins = text.match(CERTIFICATE_BEGIN)?.length ?? 0;
  if (begins === 0) {
    throw new Error(
      "holds no certificate; expected is PEM, which has a line -----BEGIN CERTIFICATE-----",
    );
  }
  const bodies = [...text.matchAll(CERTIFICATE)].map(([, , body]) => body!.replace(/\s+/g, ""));
  if (bodies.length !== begins) {
    throw new Error(`holds ${begins} beginnings of a certificate, but ${bodies.length} whole ones`);
  }
  const certificates = bodies.map((body) =>
    `-----BEGIN CERTIFICATE-----\n${
      (body.match(PEM_LINE) ?? []).join("\n")
    }\n-----END CERTIFICATE-----\n`
  );
  const bad = certificates.findIndex((one) => faultOf(() => new X509Certificate(one)));
  if (bad < 0) return certificates.join("");
  throw new Error(
    certificates.length === 1
      ? "holds a certificate that cannot be read; is it whole?"
      : `holds ${certificates.length} certificates, of which number ${bad + 1} cannot be read`,
  );
}

/**
 * The first private key in `text`, as PEM.
 *
 * @throws {Error} whose message goes on after the file's name.
 */
export function readPrivateKey(text: string): string {
  const key = PRIVATE_KEY.exec(text)?.[0].replace(/\r\n?/g, "\n");
  if (key === undefined) {
    throw new Error(
      "holds no private key; expected is PEM, which has a line -----BEGIN PRIVATE KEY-----",
    );
  }
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(key)) {
    throw new Error("holds a key that is locked with a passphrase; expected is one without");
  }
  const fault = faultOf(() => createPrivateKey(key));
  // Of some curves that TLS may know, Deno says only that it does not.
  if (fault === undefined || fault.startsWith("unsupported")) return `${key}\n`;
  throw new Error("holds a private key that cannot be read; is it whole?");
}

function faultOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
