/**
 * Why a TLS connection is not trusted, in words that say what to do.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect } from "node:tls";
import type { Clock } from "../capture/clock.ts";
import type { BrokerAddress } from "./broker_url.ts";

/** What a broker shows, whether it is trusted or not. */
export interface BrokerCertificate {
  /** Unix milliseconds; NaN where it cannot be read. */
  readonly validFrom: number;
  /** Unix milliseconds; NaN where it cannot be read. */
  readonly validTo: number;
  /** Who signed it, as it says itself. */
  readonly issuer: string;
  /** When we looked, Unix milliseconds. */
  readonly seenAt: number;
}

/** Codes of what happens before TLS or below it: name, address, route, connection. */
const BELOW_TLS = /^(ENOTFOUND|EAI_|ECONN|EHOST|ENET|EADDR|ETIMEDOUT|EPIPE)/;

/** True when an encrypted connection ended because of TLS. */
export function isTlsFault(error: Error | undefined): boolean {
  const code = codeOf(error);
  // Their messages name the host, and that may be called anything.
  if (BELOW_TLS.test(code)) return false;
  return /certificate|tls|ssl|handshake/i.test(`${error?.message} ${code}`);
}

/**
 * True when only the certificate itself can tell what is wrong with it: Deno 2.9 says of an expired
 * one, too, that nobody vouches for it.
 */
export function needsALook(error: Error | undefined): boolean {
  return /UNABLE_TO|SELF_SIGNED/.test(codeOf(error));
}

/** What TLS complains of, as the end of "no trusted connection to URL: …". */
export function explainTlsFault(
  error: Error | undefined,
  certificate?: BrokerCertificate,
): string {
  const message = error?.message ?? "";
  const text = `${codeOf(error)} ${message}`;
  const alert = /fatal alert: (\w+)/.exec(text)?.[1];
  if (alert === "CertificateRequired") {
    return "the broker wants to see a certificate of ours; set tls.cert_file and tls.key_file";
  }
  if (alert === "CertificateExpired") return "the broker says that our certificate has expired";
  if (alert !== undefined && /Cert|UnknownCA|AccessDenied/.test(alert)) {
    return `the broker does not accept our certificate (${alert})`;
  }
  if (certificate !== undefined && certificate.validTo < certificate.seenAt) {
    return `the broker's certificate expired on ${day(certificate.validTo)}`;
  }
  if (/CERT_HAS_EXPIRED|certificate expired|: Expired/.test(text)) {
    return "the broker's certificate has expired";
  }
  if (
    (certificate !== undefined && certificate.validFrom > certificate.seenAt) ||
    /CERT_NOT_YET_VALID|not valid yet|NotValidYet/.test(text)
  ) {
    return "the broker's certificate is not valid yet; is this machine's clock right?";
  }
  if (/ALTNAME|not valid for name|NotValidForName/.test(text)) {
    const names = /altnames: (.+)$|only valid for (.+)$/.exec(message);
    return `the broker's certificate is for another name${
      names === null ? "" : ` (${names[1] ?? names[2]})`
    }`;
  }
  if (/UNABLE_TO|SELF_SIGNED|UnknownIssuer/.test(text)) {
    const by = certificate?.issuer ? ` (${certificate.issuer})` : "";
    return `whoever signed the broker's certificate${by} is not trusted; ` +
      "name an authority of your own in tls.ca_file";
  }
  return message;
}

/** Milliseconds for the look at a certificate. */
const LOOK_MS = 5000;

/**
 * Looks at the certificate that a broker shows. Nothing is sent beyond the handshake: no name, no
 * password, no certificate of ours. Undefined where it cannot be seen. Never rejects.
 */
export function lookAtCertificate(
  address: BrokerAddress,
  clock: Clock,
  signal: AbortSignal,
): Promise<BrokerCertificate | undefined> {
  const { host, port } = address;
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: false,
    });
    const end = (certificate?: BrokerCertificate) => {
      clock.clearTimer(timer);
      signal.removeEventListener("abort", give);
      socket.destroy();
      resolve(certificate);
    };
    const give = () => end();
    const timer = clock.setTimer(give, LOOK_MS);
    signal.addEventListener("abort", give, { once: true });
    socket.on("error", give);
    socket.on("close", give);
    socket.on("secureConnect", () => {
      const shown = socket.getPeerCertificate();
      end({
        validFrom: Date.parse(shown?.valid_from),
        validTo: Date.parse(shown?.valid_to),
        issuer: String(shown?.issuer?.CN ?? "").slice(0, 100),
        seenAt: clock.now(),
      });
    });
  });
}

/** True when `key` is certainly not that of `certificate`; both PEM. */
export function isForeignKey(certificate: string, key: string): boolean {
  try {
    const of = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
    const own = createPublicKey(createPrivateKey(key)).export({ type: "spki", format: "der" });
    return !of.equals(own);
  } catch {
    // What cannot be read here, TLS may read, or complain of.
    return false;
  }
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function codeOf(error: Error | undefined): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}
