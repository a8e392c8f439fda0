/** Makes a source as configured: a connection to a broker, or the embedded broker. @module */
import type { Log } from "../capture/log.ts";
import { type BrokerAddress, parseBrokerUrl } from "./broker_url.ts";
import type { RefusalReason } from "./broker_access.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { EmbeddedSource } from "./embedded_source.ts";
import { MqttSource, type MqttSourceOptions } from "./source.ts";
import { type ConfiguredToken, tokenOptions } from "./token_options.ts";
import type { Source, SourceParts } from "./source_types.ts";

/** A configured source; `config`'s `SourceConfig` has this shape. */
export interface ConfiguredSource {
  /** Name of the source. */
  readonly name: string;
  /** Address of the broker. */
  readonly url: string;
  /** Topic filters. */
  readonly topics: readonly string[];
  /** QoS to subscribe with. */
  readonly qos: 0 | 1;
  /** Name to log in with. */
  readonly username?: string | undefined;
  /** Password to log in with. */
  readonly password?: string | undefined;
  /** File that holds the password, instead. */
  readonly password_file?: string | undefined;
  /** MQTT version; `auto` tries 5 first. */
  readonly protocol: "auto" | "5" | "3.1.1";
  /** Seconds between signs of life. */
  readonly keepalive_seconds: number;
  /** Bounds of the pause between tries; without `max_attempts` it never gives up. */
  readonly reconnect: {
    readonly min_ms: number;
    readonly max_ms: number;
    readonly max_attempts?: number | undefined;
  };
  /** PEM files, and whether the server's certificate is checked. */
  readonly tls: {
    readonly ca_file?: string | undefined;
    readonly cert_file?: string | undefined;
    readonly key_file?: string | undefined;
    readonly verify: boolean;
  };
  /** Tokens in place of user name and password, where a private key is given. */
  readonly auth?: ConfiguredToken | undefined;
  /** Limits of the embedded broker. */
  readonly broker?: {
    readonly allow_anonymous?: boolean | undefined;
    readonly max_clients?: number | undefined;
    readonly max_packet_bytes?: number | undefined;
    readonly max_messages_per_second?: number | undefined;
  };
}

/** Who hears what the embedded brokers of a process do to their clients. */
export interface EmbeddedBrokersEvents {
  /** A client or message was turned away by the broker at `address`, such as `0.0.0.0:1883`. */
  onRefused?(address: string, reason: RefusalReason): void;
  /** A message waits because its publisher sends more than it may. */
  onSlowed?(address: string): void;
}

/** The embedded brokers of a process: sources that name the same address share one. */
export class EmbeddedBrokers implements AsyncDisposable {
  readonly #log: Log;
  readonly #events: EmbeddedBrokersEvents;
  readonly #brokers = new Map<string, EmbeddedBroker>();

  /** Starts no broker before one is asked for. */
  constructor(log: Log, events: EmbeddedBrokersEvents = {}) {
    this.#log = log;
    this.#events = events;
  }

  /** Clients that are connected now, by address. */
  get clients(): readonly (readonly [address: string, clients: number])[] {
    return [...this.#brokers].map(([address, broker]) => [address, broker.clients]);
  }

  /**
   * The broker at an address; made at the first call, with that caller's limits. Each caller's user
   * name and password may be logged in with: a client's messages go to whichever source has the topic.
   *
   * @throws {TypeError} when `url` is no address, or when one source of an address wants a password
   * and another none; the configuration has refused both before.
   * @throws what the file system says when the password file cannot be read.
   */
  at(config: ConfiguredSource): EmbeddedBroker {
    const address = parseBrokerUrl(config.url);
    if (typeof address === "string") throw new TypeError(`${config.name}: ${address}`);
    const key = `${address.host}:${address.port}`;
    const account = accountOf(config, address);
    const known = this.#brokers.get(key);
    if (known !== undefined) {
      if (known.guarded !== (account !== undefined)) {
        throw new TypeError(
          `${config.name}: of the sources that share the embedded broker at ${key}, some have a user name and password and others do not`,
        );
      }
      if (account !== undefined) known.admit(account);
      return known;
    }
    const { broker: limits = {} } = config;
    const broker = new EmbeddedBroker({
      host: address.host,
      port: address.port,
      accounts: account === undefined ? [] : [account],
      ...defined({
        allowAnonymous: limits.allow_anonymous,
        maxClients: limits.max_clients,
        maxPacketBytes: limits.max_packet_bytes,
        maxMessagesPerSecond: limits.max_messages_per_second,
      }),
      events: {
        onRefused: (reason) => this.#events.onRefused?.(key, reason),
        onSlowed: () => this.#events.onSlowed?.(key),
      },
    }, this.#log);
    this.#brokers.set(key, broker);
    return broker;
  }

  /** Closes them all. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#brokers.values()].map((one) => one[Symbol.asyncDispose]()));
    this.#brokers.clear();
  }
}

function accountOf(config: ConfiguredSource, address: BrokerAddress) {
  const username = config.username ?? address.username;
  const password = config.password_file === undefined
    ? config.password ?? address.password
    : Deno.readTextFileSync(config.password_file).replace(/\r?\n$/, "");
  return username === undefined || password === undefined ? undefined : { username, password };
}

/** How {@linkcode createSource} makes a source. */
export interface CreateSourceOptions {
  /** True: clean session and suffixed client id, so that another's session is left alone. */
  readonly shadow: boolean;
  /**
   * Where a source with an `embedded:` address finds its broker. Without it the source connects to
   * that address as a client, because the broker runs in another process: it hears what is published
   * there once that process has stored it.
   */
  readonly brokers?: EmbeddedBrokers;
  /** Topic filters that the session may have from an earlier configuration. */
  readonly formerTopics?: readonly string[] | undefined;
}

/** Makes the source; nothing is connected before it is started. */
export function createSource(
  config: ConfiguredSource,
  clientId: string,
  parts: SourceParts,
  options: CreateSourceOptions,
): Source {
  const { reconnect, tls, brokers = undefined } = { ...config, ...options };
  if (config.url.startsWith("embedded:") && brokers !== undefined) {
    const { name, topics } = config;
    return new EmbeddedSource({ name, topics }, brokers.at(config), parts);
  }
  const mqtt: MqttSourceOptions = {
    name: config.name,
    url: clientUrl(config.url),
    topics: config.topics,
    qos: config.qos,
    clientId,
    ...defined({
      username: config.username,
      password: config.password,
      passwordFile: config.password_file,
    }),
    ...defined({ token: tokenOptions(config.auth) }),
    protocol: config.protocol,
    keepaliveSeconds: config.keepalive_seconds,
    reconnect: {
      minMs: reconnect.min_ms,
      maxMs: reconnect.max_ms,
      ...defined({ maxAttempts: reconnect.max_attempts }),
    },
    tls: {
      ...defined({ caFile: tls.ca_file, certFile: tls.cert_file, keyFile: tls.key_file }),
      verify: tls.verify,
    },
    ...(options.shadow
      ? { clean: true, clientIdSuffix: "-shadow" }
      : defined({ formerTopics: options.formerTopics })),
  };
  return new MqttSource(mqtt, parts);
}

/** Where clients on this machine find what listens at `url`; addresses of other brokers stay. */
export function clientUrl(url: string): string {
  if (!url.startsWith("embedded:")) return url;
  // A broker that listens everywhere listens on loopback, too, and 0.0.0.0 is no place to go.
  return url.replace(/^embedded:/, "mqtt:")
    .replace(/^(mqtt:\/\/(?:[^@/]*@)?)(0\.0\.0\.0|)(?=:|\/|$)/, "$1127.0.0.1")
    .replace(/^(mqtt:\/\/(?:[^@/]*@)?)\[::\](?=:|\/|$)/, "$1[::1]");
}

/** `values` without what is undefined: optional settings are absent, never undefined. */
function defined<T extends Record<string, unknown>>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
