/**
 * What an operator may set about a broker connection.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { createAuthToken, tokenUsername } from "./auth_token.ts";
import { type LoadedTls, loadTls, type TlsOptions } from "./broker_stream.ts";
import { type BrokerAddress, isEncrypted, parseBrokerUrl } from "./broker_url.ts";
import { parsePrivateKey } from "./ed25519_key.ts";
import type { ReconnectOptions } from "./reconnect_policy.ts";

/** Settings of an {@linkcode MqttSource}. */
export interface MqttSourceOptions {
  /** Name of the source in configuration, log and metrics. */
  readonly name: string;
  /** mqtt, mqtts, ws or wss; user information in it is used unless `username` is given. */
  readonly url: string;
  /** Topic filters, at least one, not overlapping. */
  readonly topics: readonly string[];
  /**
   * Topic filters of an earlier configuration. A persistent session keeps its subscriptions, so what
   * is no longer in `topics` must be given up explicitly. Default none.
   */
  readonly formerTopics?: readonly string[];
  /** QoS to subscribe at; 2 is subscribed at 1. Default 1. */
  readonly qos?: 0 | 1 | 2;
  /** Stable id that the session is kept under. */
  readonly clientId: string;
  /** Name to log in with. */
  readonly username?: string;
  /** Password to log in with. */
  readonly password?: string;
  /** File with the password, read at every connect; a line end at its end is left out. */
  readonly passwordFile?: string;
  /** Logs in with tokens signed by a MeshCore key, in place of user name and password. */
  readonly token?: TokenOptions;
  /** `auto` tries 5 first. Default `auto`. */
  readonly protocol?: "auto" | "5" | "3.1.1";
  /** Seconds between signs of life, 0–65535. Default 60. */
  readonly keepaliveSeconds?: number;
  /**
   * Messages that an MQTT 5 broker may send ahead of our acknowledgements, 1–65535; at 3.1.1 the
   * broker decides alone. Default 4000: two batches.
   */
  readonly receiveMaximum?: number;
  /** Pauses between tries, and how many there are. */
  readonly reconnect?: ReconnectOptions;
  /** Certificates, for `mqtts` and `wss`. */
  readonly tls?: TlsOptions;
  /** True keeps no session at the broker, as a shadow must. Default false. */
  readonly clean?: boolean;
  /** Appended to `clientId`, so that a shadow does not take over the session of the real one. */
  readonly clientIdSuffix?: string;
  /** Milliseconds until CONNECT or SUBSCRIBE must be answered. Default 30,000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds after which refused subscriptions are tried again. Default 60,000. */
  readonly resubscribeMs?: number;
  /** Milliseconds after which a connection counts as stable. Default 30,000. */
  readonly stableMs?: number;
}

/** How a source makes its tokens. */
export interface TokenOptions {
  /** The private key in hexadecimal, as `parsePrivateKey()` reads it. */
  readonly privateKey?: string;
  /** File with it, read at every connect. */
  readonly privateKeyFile?: string;
  /** Public key that must belong to it, in hexadecimal. Default: whichever does. */
  readonly publicKey?: string;
  /** Broker that the tokens are for; empty: none is named. Default: the host of the address. */
  readonly audience?: string;
  /** Seconds that a token counts. Default 3600. */
  readonly lifetimeSeconds?: number;
  /** Makes the connection anew before its token expires. Default false. */
  readonly reconnectBeforeExpiry?: boolean;
}

/** User name, password and certificates for one connection. */
export interface Login {
  /** Name to log in with. */
  readonly username?: string;
  /** Password to log in with. */
  readonly password?: string;
  /** Certificates, as they were read. */
  readonly tls: LoadedTls;
  /** Where the password is a token: its audience, and Unix milliseconds at which it expires. */
  readonly token?: { readonly audience: string; readonly expiresAt: number };
}

/** The files that {@linkcode readLogin} reads. */
export function loginFiles(options: MqttSourceOptions): string[] {
  const { passwordFile, token, url } = options;
  const address = parseBrokerUrl(url);
  const tls = typeof address === "string" ? undefined : tlsAt(address, options);
  return [passwordFile, token?.privateKeyFile, tls?.caFile, tls?.certFile, tls?.keyFile]
    .filter((path) => path !== undefined);
}

/**
 * Reads what files hold; they may change while we run, so this is done for every connection. A token
 * is made anew each time, so that none is ever near its end when it is shown.
 *
 * @param nowMs Unix milliseconds
 * @throws what the file system says, when one cannot be read; an error that says what is wrong with
 * what one holds, without a word of it.
 */
export async function readLogin(
  options: MqttSourceOptions,
  address: BrokerAddress,
  nowMs: number,
): Promise<Login> {
  const { username = address.username, passwordFile, token } = options;
  const loaded = await loadTls(tlsAt(address, options));
  if (token !== undefined) return { tls: loaded, ...await tokenLogin(token, address, nowMs) };
  const password = passwordFile === undefined
    ? options.password ?? address.password
    : (await readFile(passwordFile, "utf8")).replace(/\r?\n$/, "");
  return {
    tls: loaded,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

/** Settings of TLS have no effect on an address without it, so their files may be missing. */
function tlsAt(address: BrokerAddress, { tls = {} }: MqttSourceOptions): TlsOptions {
  return isEncrypted(address) ? tls : {};
}

async function tokenLogin(
  options: TokenOptions,
  address: BrokerAddress,
  nowMs: number,
): Promise<Pick<Login, "username" | "password" | "token">> {
  const { privateKeyFile, publicKey, audience = address.host } = options;
  const text = privateKeyFile === undefined
    ? options.privateKey ?? ""
    : await readFile(privateKeyFile, "utf8");
  const what = privateKeyFile === undefined ? "the private key" : `what ${privateKeyFile} holds`;
  const key = parsePrivateKey(text);
  if (typeof key === "string") throw new Error(`${what} ${key}`);
  if (publicKey !== undefined && key.publicKey !== publicKey.toUpperCase()) {
    throw new Error(`${what} is the key of ${key.publicKey}, not of ${publicKey.toUpperCase()}`);
  }
  const issuedAt = Math.floor(nowMs / 1000);
  const expiresAt = issuedAt + (options.lifetimeSeconds ?? 3600);
  return {
    username: tokenUsername(key),
    password: createAuthToken(key, { issuedAt, expiresAt, audience }),
    token: { audience, expiresAt: expiresAt * 1000 },
  };
}
