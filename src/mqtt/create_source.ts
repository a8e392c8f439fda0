/** Makes a source as configured: a connection to a broker, or the embedded broker. @module */
import type { Log } from "../capture/log.ts";
import { parseBrokerUrl } from "./broker_url.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import { EmbeddedSource } from "./embedded_source.ts";
import { MqttSource, type MqttSourceOptions } from "./source.ts";
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
}

/** The embedded brokers of a process: sources that name the same address share one. */
export class EmbeddedBrokers implements AsyncDisposable {
  readonly #log: Log;
  readonly #brokers = new Map<string, EmbeddedBroker>();

  /** Starts no broker before one is asked for. */
  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * The broker at an address; made at the first call, with that caller's user name and password.
   *
   * @throws {TypeError} when `url` is no address, which the configuration has refused before; what
   * the file system says when the password file cannot be read.
   */
  at(config: ConfiguredSource): EmbeddedBroker {
    const address = parseBrokerUrl(config.url);
    if (typeof address === "string") throw new TypeError(`${config.name}: ${address}`);
    const key = `${address.host}:${address.port}`;
    let broker = this.#brokers.get(key);
    if (broker === undefined) {
      broker = new EmbeddedBroker({
        host: address.host,
        port: address.port,
        ...defined({
          username: config.username ?? address.username,
          password: config.password_file === undefined
            ? config.password ?? address.password
            : Deno.readTextFileSync(config.password_file).replace(/\r?\n$/, ""),
        }),
      }, this.#log);
      this.#brokers.set(key, broker);
    }
    return broker;
  }

  /** Closes them all. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#brokers.values()].map((one) => one[Symbol.asyncDispose]()));
    this.#brokers.clear();
  }
}

/** How {@linkcode createSource} makes a source. */
export interface CreateSourceOptions {
  /** True: clean session and suffixed client id, so that another's session is left alone. */
  readonly shadow: boolean;
  /** Where a source with an `embedded:` address finds its broker. */
  readonly brokers: EmbeddedBrokers;
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
  if (config.url.startsWith("embedded:")) {
    const { name, topics } = config;
    return new EmbeddedSource({ name, topics }, options.brokers.at(config), parts);
  }
  const { reconnect, tls } = config;
  const mqtt: MqttSourceOptions = {
    name: config.name,
    url: config.url,
    topics: config.topics,
    qos: config.qos,
    clientId,
    ...defined({
      username: config.username,
      password: config.password,
      passwordFile: config.password_file,
    }),
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

/** `values` without what is undefined: optional settings are absent, never undefined. */
function defined<T extends Record<string, unknown>>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
