/** The embedded brokers that a process has, by address. @module */
import { defined } from "../capture/defined.ts";
import type { Log } from "../capture/log.ts";
import { type BrokerAddress, parseBrokerUrl } from "./broker_url.ts";
import type { RefusalReason } from "./broker_access.ts";
import { EmbeddedBroker } from "./embedded_broker.ts";
import type { ConfiguredToken } from "./token_options.ts";

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
