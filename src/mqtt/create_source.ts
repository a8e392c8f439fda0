/** Makes a source as configured: a connection to a broker, or the embedded broker. @module */
import { defined } from "../capture/defined.ts";
import type { ConfiguredSource, EmbeddedBrokers } from "./embedded_brokers.ts";
import { EmbeddedSource } from "./embedded_source.ts";
import { loginOptions } from "./login_options.ts";
import { MqttSource, type MqttSourceOptions } from "./source.ts";
import type { Source, SourceParts } from "./source_types.ts";

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
  const { reconnect } = config;
  const { brokers } = options;
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
    ...loginOptions(config),
    keepaliveSeconds: config.keepalive_seconds,
    reconnect: {
      minMs: reconnect.min_ms,
      maxMs: reconnect.max_ms,
      ...defined({ maxAttempts: reconnect.max_attempts }),
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
