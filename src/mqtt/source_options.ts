/**
 * What an operator may set about a broker connection.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { type LoadedTls, loadTls, type TlsOptions } from "./broker_stream.ts";
import type { BrokerAddress } from "./broker_url.ts";
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

/** User name, password and certificates for one connection. */
export interface Login {
  /** Name to log in with. */
  readonly username?: string;
  /** Password to log in with. */
  readonly password?: string;
  /** Certificates, as they were read. */
  readonly tls: LoadedTls;
}

/**
 * Reads what files hold; they may change while we run, so this is done for every connection.
 *
 * @throws what the file system says, when one cannot be read.
 */
export async function readLogin(
  options: MqttSourceOptions,
  address: BrokerAddress,
): Promise<Login> {
  const { username = address.username, passwordFile, tls = {} } = options;
  const password = passwordFile === undefined
    ? options.password ?? address.password
    : (await readFile(passwordFile, "utf8")).replace(/\r?\n$/, "");
  return {
    tls: await loadTls(tls),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}
