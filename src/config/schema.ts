/**
 * All that an operator may say, but for the networks' sections: one zod schema from which types,
 * defaults, JSON Schema, reference page and example are made.
 *
 * @module
 */
import * as z from "zod";
import type { NetworkConfigSection } from "./section.ts";
import { setting } from "./setting.ts";
import { sourceSchema } from "./source_schema.ts";

/** Characters that the page's token must have at least: fewer could be tried out. */
export const MIN_TOKEN_LENGTH = 16;

const queue = z.strictObject({
  max_messages: setting(z.int().min(100).max(10_000_000).default(20_000), {
    title: "Messages in the queue",
    description:
      "Messages that may wait to be stored. When as many wait, reading from the broker pauses; nothing is dropped. At least `storage.batch_max`.",
    unit: "messages",
    example: 50_000,
  }),
  max_bytes: setting(z.int().min(1_048_576).max(8_589_934_592).default(33_554_432), {
    title: "Bytes in the queue",
    description: "The same bound for the sum of their payloads.",
    unit: "bytes",
    example: 67_108_864,
  }),
}).prefault({}).meta({
  title: "Queue",
  description: "What may wait between brokers and database, for each network.",
});

const storage = z.strictObject({
  batch_max: setting(z.int().min(1).max(100_000).default(2000), {
    title: "Batch size",
    description: "Most messages in one transaction. Larger batches write less, but stall longer.",
    unit: "messages",
    example: 500,
  }),
  commit_interval_ms: setting(z.int().min(0).max(60_000).default(100), {
    title: "Commit interval",
    description:
      "Longest time that a message waits for its batch to fill. 1000 spares an SD card; 0 commits as soon as the writer is free.",
    unit: "ms",
    example: 1000,
  }),
  synchronous: setting(z.enum(["FULL", "NORMAL"]).default("FULL"), {
    title: "Durability",
    description:
      "`FULL` syncs the disk at every commit: what was acknowledged survives a power cut. `NORMAL` syncs at checkpoints only and is about a sixth faster; its price: a power cut (not a crash of the process) loses the last seconds although the broker was told that they are safe.",
    example: "FULL",
  }),
  maintenance_interval_minutes: setting(z.int().min(0).max(525_600).default(360), {
    title: "Maintenance interval",
    description:
      "Time between two rounds of maintenance: checkpoint, `PRAGMA optimize`, a bounded incremental vacuum. 0: never.",
    unit: "min",
    example: 720,
  }),
  integrity_check_interval_hours: setting(z.int().min(0).max(8760).default(24), {
    title: "Integrity check interval",
    description:
      "Time between two `PRAGMA integrity_check`s of a database, in a thread of their own, so that no commit waits. The first comes ten minutes after the start, unless one was made lately. It reads the whole file, at a large one on an SD card for many minutes, and SQLite's log grows meanwhile by what is captured. 0: never.",
    unit: "h",
    example: 168,
  }),
  wal_autocheckpoint_pages: setting(z.int().min(0).max(10_000_000).default(16_000), {
    title: "Checkpoint after",
    description:
      "Size of the write-ahead log at which SQLite copies it into the database. 16,000 writes 40 % less than SQLite's own 1,000. 0: only during maintenance.",
    unit: "pages",
    example: 4000,
  }),
  journal_size_limit_bytes: setting(z.int().min(-1).max(1_099_511_627_776).default(67_108_864), {
    title: "Log kept on disk",
    description: "The log's file is cut to this size after a checkpoint. -1: never cut.",
    unit: "bytes",
    example: 16_777_216,
  }),
  cache_kib: setting(z.int().min(64).max(16_777_216).default(8192), {
    title: "Page cache",
    description: "SQLite's page cache, for each database.",
    unit: "KiB",
    example: 16_384,
  }),
  busy_timeout_ms: setting(z.int().min(0).max(600_000).default(30_000), {
    title: "Wait for locks",
    description:
      "Time to wait for another program's lock on the database (a web UI takes some) before the batch is kept and tried again.",
    unit: "ms",
    example: 10_000,
  }),
}).prefault({}).meta({ title: "Storage", description: "How the databases are written." });

const observability = z.strictObject({
  address: setting(
    z.string().regex(
      /^(off|(\[[0-9A-Fa-f:.]+\]|[^\s:/[\]]*):(\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))$/,
    )
      .default(":2112"),
    {
      title: "HTTP address",
      description:
        "Where the status page, `/metrics`, `/healthz`, `/livez` and `/readyz` are served. `:2112` listens on all interfaces, port 0 on any free port, `off` not at all. A busy port is a warning and never stops the capture.",
      example: "127.0.0.1:2112",
      allowed: "host:port, :port, [IPv6]:port or off",
    },
  ),
  log_level: setting(z.enum(["debug", "info", "warn", "error"]).default("info"), {
    title: "Log level",
    description: "Least severe log lines that are written.",
    example: "debug",
  }),
  log_format: setting(z.enum(["text", "json"]).default("text"), {
    title: "Log format",
    description: "`text` for people, `json` (one object a line) for collectors.",
    example: "json",
  }),
  metrics_prefix: setting(
    z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/).default("meshcapture_")
      .transform((v) => v.endsWith("_") ? v : `${v}_`),
    {
      title: "Prefix of the metrics",
      description:
        "What the names of all metrics begin with. `meshpipe_capture` suits the dashboards of meshpipe. An underscore is added where it is missing.",
      example: "meshpipe_capture",
      allowed: "a letter, then letters, digits and underscores",
    },
  ),
  page_access: setting(z.enum(["local", "token", "open", "off"]).default("local"), {
    title: "Who may look at the page",
    description:
      "`local` shows the status page and its feed to this machine, and to others with the token. `token` asks everybody for it: for a proxy on this machine that adds no forwarding headers. `open` shows them to everybody, `off` to nobody. Metrics and health are open in any case.",
    example: "token",
  }),
  token: setting(
    z.string().min(MIN_TOKEN_LENGTH).max(512).regex(/^[\x21-\x7e]+$/).optional(),
    {
      title: "Token of the page",
      description:
        "Who comes from another machine needs it: once as `?token=`, then a cookie stands for it. A program sends it as `Authorization: Bearer`. It is never printed. Not together with `token_file`.",
      example: "vH3t1rJp0yQkXn7m",
      allowed: `${MIN_TOKEN_LENGTH} to 512 printable ASCII characters without spaces`,
      secret: true,
    },
  ),
  token_file: setting(
    z.string().min(1).max(4096).refine((v) => !/\p{Cc}/u.test(v), "holds a control character")
      .optional(),
    {
      title: "File of the token",
      description:
        "File that holds the token alone; what stands around it as spaces and line ends is ignored. Not together with `token`.",
      example: "/run/secrets/page_token",
    },
  ),
  page_hosts: setting(
    z.array(z.string().regex(/^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/)).max(100)
      .default([]),
    {
      title: "Names of this machine",
      description:
        "Host names under which the page may be asked for without the token, beside addresses, names without a dot, and names that end in `.local`, `.lan`, `.internal` or `.home.arpa`. By any other name a website could read the page through its visitor's browser.",
      example: ["mesh.example.org"],
      allowed: "host names without ports",
    },
  ),
  map_tiles: setting(
    z.string().max(1000).regex(
      /^https?:\/\/[A-Za-z0-9.{}-]+(:\d{1,5})?\/(?=\S*\{z\})(?=\S*\{x\})(?=\S*\{y\})[^\s"'<>;,]*$/,
    ).optional(),
    {
      title: "Tiles of the map",
      description:
        "Where the page's map gets its background. Without it the map is a grid with a scale, and nobody elsewhere learns who looks at which place.",
      example: "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
      allowed: "an http or https address with {z}, {x} and {y}",
      defaultText: "none",
    },
  ),
  map_attribution: setting(z.string().min(1).max(200).optional(), {
    title: "Origin of the tiles",
    description: "Shown on the map, as the providers of tiles ask for.",
    example: "© OpenStreetMap contributors",
    defaultText: "none",
  }),
}).prefault({}).meta({
  title: "Observability",
  description: "Logs, metrics, health and the status page.",
});

const DURATION = /^(\d{1,6}(?:\.\d{1,3})?)\s*(ms|s|m)?$/;

/** Seconds of a duration such as `8s`, `500ms`, `1m` or `8`. */
function durationSeconds(value: number | string): number {
  if (typeof value === "number") return value;
  const match = DURATION.exec(value);
  if (match === null) return NaN;
  const factor = { ms: 0.001, s: 1, m: 60 }[match[2] ?? "s"]!;
  return Math.round(Number(match[1]) * factor * 1000) / 1000;
}

/** The schema of everything but the networks' own sections. */
export function coreShape(networks: readonly NetworkConfigSection[]) {
  return {
    sources: setting(z.array(sourceSchema(networks)).min(1).max(1000).prefault([{}]), {
      title: "Sources",
      description: "The brokers to listen to.",
      example: [{ name: "home", url: "mqtt://127.0.0.1:1883" }],
      defaultText: "one source with the defaults below",
    }),
    queue,
    storage,
    observability,
    capture_impl: setting(z.enum(["meshcapture", "shadow", "off"]).default("meshcapture"), {
      title: "Dual run",
      description:
        "`meshcapture` captures. `shadow` captures beside another program and disturbs nothing: own client id, clean session, database `<name>.shadow.db`. `off` answers health and captures nothing.",
      example: "shadow",
    }),
    shutdown_timeout: setting(
      z.union([z.number(), z.string().max(20).regex(DURATION)]).default(8)
        .refine((v) => durationSeconds(v) >= 0.1 && durationSeconds(v) <= 3600)
        .transform(durationSeconds),
      {
        title: "Time to shut down",
        description:
          "Time for draining, committing and closing after SIGINT or SIGTERM. Docker kills after 10 s.",
        unit: "s",
        example: "8s",
        allowed: "seconds, or a duration such as 8s, 500ms, 1m; 0.1 s to 1 h",
      },
    ),
  };
}

/** The whole schema: core and networks' sections. */
export function configSchema(networks: readonly NetworkConfigSection[]): z.ZodObject {
  const { sources, ...rest } = coreShape(networks);
  const sections = Object.fromEntries(networks.map((one) => [one.name, one.schema]));
  return z.strictObject({ sources, ...sections, ...rest });
}

/** What the schema gives, before {@linkcode SourceConfig} is completed. */
export type CoreOutput = z.output<z.ZodObject<ReturnType<typeof coreShape>>>;

/** One source, after loading: `topics` is filled in, `url` holds no user information. */
export type SourceConfig = Omit<CoreOutput["sources"][number], "topics"> & { topics: string[] };

/** The loaded configuration without the networks' sections. `shutdown_timeout` is in seconds. */
export type CoreConfig = Omit<CoreOutput, "sources"> & { sources: SourceConfig[] };

/** The sections of given networks, by name. */
export type SectionsOf<T extends readonly NetworkConfigSection[]> = {
  [S in T[number] as S["name"]]: z.output<S["schema"]>;
};

/** The whole loaded configuration for given networks. */
export type ConfigOf<T extends readonly NetworkConfigSection[]> = CoreConfig & SectionsOf<T>;
