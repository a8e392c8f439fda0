/** What an operator may say of one source. @module */
import * as z from "zod/mini";
import { BROKER_SCHEMES, parseBrokerUrl } from "./broker_url.ts";
import type { NetworkConfigSection } from "./section.ts";
import { characters, group, integer, judged, list, matching, text } from "./schema_parts.ts";
import { setting } from "./setting.ts";
import { topicFilterFault } from "./topic_filter.ts";

/** Broker of a source that names none. */
export const DEFAULT_URL = "mqtt://127.0.0.1:1883";

const file = (title: string, description: string, example: string) =>
  setting(z.optional(text(4096)), { title, description, example });

const tls = group({
  ca_file: file(
    "Certificate authorities",
    "PEM file of the authorities that may have signed the broker's certificate. Without it, those of the system count.",
    "/etc/meshcapture/ca.pem",
  ),
  cert_file: file(
    "Client certificate",
    "PEM file of our own certificate, for brokers that ask for one. Needs `key_file`.",
    "/etc/meshcapture/client.pem",
  ),
  key_file: file(
    "Client key",
    "PEM file of the private key of `cert_file`.",
    "/etc/meshcapture/client.key",
  ),
  verify: setting(z._default(z.boolean(), true), {
    title: "Verify the broker",
    description:
      "Whether the broker's certificate must be valid for its name. `false` encrypts, but anybody on the way can pose as the broker.",
    example: true,
  }),
}, { title: "TLS", description: "For `mqtts://` and `wss://`." });

const auth = group({
  private_key: setting(
    z.optional(
      matching(/^\s*([0-9A-Fa-f]{64}|[0-9A-Fa-f]{128})\s*$/, "is no key in hexadecimal"),
    ),
    {
      title: "Private key",
      description:
        "Private key of a MeshCore node as `get prv.key` prints it, or a seed of 32 bytes. With it (or with `private_key_file`) each connection logs in with the user name `v1_PUBLIC-KEY` and a token signed with it. It is never printed.",
      example: "00".repeat(64),
      secret: true,
      allowed: "128 hexadecimal digits (or the 64 of a seed), in quotes",
    },
  ),
  private_key_file: file(
    "File of the private key",
    "File that holds the private key, read at every connection: for secrets of Docker and systemd. Not together with `private_key`.",
    "/run/secrets/meshcore_key",
  ),
  public_key: setting(z.optional(matching(/^[0-9A-Fa-f]{64}$/)), {
    title: "Public key",
    description:
      "Public key that the private one must belong to, so that a mix-up is told here and not by the broker.",
    example: "7E7662676F7F0850A8A355BAAFBFC1EB7B4174C340442D7D7161C9474A2C9400",
    allowed: "64 hexadecimal digits, in quotes",
    defaultText: "whichever belongs to the private key",
  }),
  audience: setting(z.optional(text(255, 0)), {
    title: "Audience",
    description:
      "Broker that the token is for, as that broker calls itself. Empty: the token names none.",
    example: "mqtt-us-v1.letsmesh.net",
    defaultText: "the host name in `url`",
  }),
  lifetime_minutes: setting(z._default(integer(1, 525_600), 60), {
    title: "Lifetime of a token",
    description:
      "How long a token counts. Each connection has a new one, so this only has to outlast differences between the clocks.",
    unit: "min",
    example: 1440,
  }),
  reconnect_before_expiry: setting(z._default(z.boolean(), false), {
    title: "Reconnect before expiry",
    description:
      "Whether the connection is made anew shortly before its token expires. The brokers that are known look at a token at the beginning of a connection alone; one that ends a connection with its token is connected to again at once, in either case.",
    example: true,
  }),
}, {
  title: "Token",
  description:
    "For brokers of MeshCore that take a signed token for a password (`wss://`). Not together with `username` and `password`.",
});

const reconnect = group({
  min_ms: setting(z._default(integer(10, 3_600_000), 1000), {
    title: "First delay",
    description:
      "Upper bound of the random wait before the first attempt to connect again; it doubles with every failure.",
    unit: "ms",
    example: 500,
  }),
  max_ms: setting(z._default(integer(10, 86_400_000), 60_000), {
    title: "Longest delay",
    description: "Cap of that doubling.",
    unit: "ms",
    example: 30_000,
  }),
  max_attempts: setting(z.optional(integer(1, 1_000_000)), {
    title: "Retry limit",
    description:
      "Failed attempts in a row after which this source is given up and stays red on health. Without it, never.",
    unit: "attempts",
    example: 100,
    defaultText: "never give up",
  }),
}, {
  title: "Reconnecting",
  description: "Exponential backoff with full jitter, for the first connection too.",
});

const broker = group({
  allow_anonymous: setting(z._default(z.boolean(), false), {
    title: "Open to everybody",
    description:
      "Whether the broker may listen beyond this machine without a user name and password: anybody who reaches it can then publish whatever they like. `false` refuses such a configuration.",
    example: false,
  }),
  max_clients: setting(z._default(integer(1, 100_000), 100), {
    title: "Clients",
    description: "Connections at a time; further ones are turned away.",
    unit: "connections",
    example: 20,
  }),
  max_packet_bytes: setting(z._default(integer(256, 268_435_455), 1_048_576), {
    title: "Largest packet",
    description: "A client that sends a longer MQTT packet is disconnected.",
    unit: "bytes",
    example: 65_536,
  }),
  max_messages_per_second: setting(z._default(integer(0, 1_000_000), 1000), {
    title: "Rate of a client",
    description:
      "Messages a second that one client may publish in the long run; ten seconds' worth may come at once. A faster client is read more slowly, so nothing is lost by it. 0: any number.",
    unit: "messages/s",
    example: 50,
  }),
}, {
  title: "Embedded broker",
  description:
    "Limits of the broker that an `embedded://` address starts. Sources with the same address share one, and must agree on these.",
});

/** The limits of an embedded broker as text, equal where they are; bad ones are the schema's to refuse. */
export function brokerLimits(value: unknown): string {
  const parsed = broker.safeParse(value ?? {});
  return parsed.success ? JSON.stringify(parsed.data) : "";
}

/** The schema of a source; what it may say of `network` and `topics` depends on the networks. */
export function sourceSchema(networks: readonly NetworkConfigSection[]) {
  const names = networks.map((one) => one.name);
  const core = z.strictObject({
    name: setting(
      z._default(
        text(64).check(z.refine((v) => v.trim() === v, "begins or ends with a space")),
        "default",
      ),
      {
        title: "Name",
        description:
          "Names the source in logs, metrics and the database. What the database remembers of a session belongs to this name, so do not change it without need. Must differ from source to source.",
        example: "home",
        allowed: "1 to 64 characters, no control characters, no space at either end",
      },
    ),
    url: setting(
      z._default(
        judged((value) => {
          const parsed = parseBrokerUrl(value);
          return typeof parsed === "string" ? parsed : undefined;
        }),
        DEFAULT_URL,
      ),
      {
        title: "Broker",
        description:
          "Address of the broker. `embedded://0.0.0.0:1883` starts a broker inside this process that listens there, so that a radio can publish to meshcapture itself. A user name and a password in the address count like `username` and `password`.",
        example: "mqtts://mqtt.example.org:8883",
        allowed: BROKER_SCHEMES.map((one) => `${one}://host:port`).join(", "),
        url: true,
      },
    ),
    network: setting(z._default(z.enum(names as [string, ...string[]]), names[0]!), {
      title: "Network",
      description: "Radio network whose messages come through this source.",
      example: names[0]!,
    }),
    topics: setting(
      z.optional(list(
        judged(topicFilterFault).register(z.globalRegistry, {
          "x-allowed": "an MQTT topic filter, such as msh/EU_868/#",
        }),
        1000,
        1,
      )),
      {
        title: "Topics",
        description:
          "Topic filters to subscribe to. Filters of one source must not overlap: a broker may deliver a message once for each of them.",
        example: ["msh/EU_868/#", "msh/US/#"],
        defaultText: networks.map((one) => `\`${one.defaultTopics.join("`, `")}\` (${one.title})`)
          .join("; "),
      },
    ),
    qos: setting(z._default(z.literal([0, 1]), 1), {
      title: "Quality of service",
      description:
        "Quality of service of the subscriptions. At 1 the broker keeps a message until it is stored; at 0 what arrives while we are away is lost.",
      example: 1,
    }),
    client_id: setting(z.optional(text(256)), {
      title: "Client id",
      description:
        "MQTT client id. The broker keeps our session under it, so it must be ours alone and never change. Without it, one is generated once and kept in the database.",
      example: "meshcapture-attic",
      allowed: "1 to 256 characters, no control characters",
      defaultText: "generated once, kept in the database",
    }),
    username: setting(z.optional(text(1024)), {
      title: "User name",
      description: "User name at the broker.",
      example: "meshdev",
    }),
    password: setting(z.optional(characters(1, 65_535)), {
      title: "Password",
      description:
        "Password at the broker. It is never printed. Not together with `password_file`.",
      example: "large4cats",
      secret: true,
      allowed: "text (in quotes where it looks like something else)",
    }),
    password_file: setting(z.optional(text(4096)), {
      title: "Password file",
      description:
        "File that holds the password (a line end at its end is left out), read at every connection: for secrets of Docker and systemd. Not together with `password`.",
      example: "/run/secrets/mqtt_password",
    }),
    auth,
    protocol: setting(z._default(z.literal(["auto", "5", "3.1.1"]), "auto"), {
      title: "MQTT version",
      description: "Version of MQTT. `auto` tries 5 and falls back to 3.1.1.",
      example: "3.1.1",
    }),
    keepalive_seconds: setting(z._default(integer(5, 65_535), 60), {
      title: "Keep-alive",
      description: "Longest silence on the connection before we ask whether the broker is there.",
      unit: "s",
      example: 30,
    }),
    reconnect,
    tls,
    broker,
  });
  // The networks' own settings are known to them alone, so they are not part of the type.
  const own = Object.assign({}, ...networks.map((one) => one.sourceShape ?? {}));
  const schema = Object.keys(own).length === 0
    ? core
    : z.extend(core, own) as unknown as typeof core;
  return schema.register(z.globalRegistry, {
    title: "Source",
    description: "One connection to one broker.",
  });
}
