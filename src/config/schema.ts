/**
 * All that an operator may say, but for the networks' sections: one zod schema from which types,
 * defaults, JSON Schema, reference page and example are made.
 *
 * @module
 */
import * as z from "zod/mini";
import type { NetworkConfigSection } from "./section.ts";
import { characters, group, integer, list, matching, text } from "./schema_parts.ts";
import { setting } from "./setting.ts";
import { sourceSchema } from "./source_schema.ts";

/** Characters that the page's token must have at least: fewer could be tried out. */
export const MIN_TOKEN_LENGTH = 16;

/** What a token of the page is made of: others cannot be sent in a header. */
export const TOKEN_CHARACTERS = /^[\x21-\x7e]+$/;

const queue = group({
  max_messages: setting(z._default(integer(100, 10_000_000), 20_000), {
    title: "Messages in the queue",
    description:
      "Messages that may wait to be stored. When as many wait, reading from the broker pauses; nothing is dropped. At least `storage.batch_max`.",
    unit: "messages",
    example: 50_000,
  }),
  max_bytes: setting(z._default(integer(1_048_576, 8_589_934_592), 33_554_432), {
    title: "Bytes in the queue",
    description: "The same bound for the sum of their payloads.",
    unit: "bytes",
    example: 67_108_864,
  }),
}, {
  title: "Queue",
  description: "What may wait between brokers and database, for each network.",
});

const storage = group({
  batch_max: setting(z._default(integer(1, 100_000), 2000), {
    title: "Batch size",
    description: "Most messages in one transaction. Larger batches write less, but stall longer.",
    unit: "messages",
    example: 500,
  }),
  commit_interval_ms: setting(z._default(integer(0, 60_000), 100), {
    title: "Commit interval",
    description:
      "Longest time that a message waits for its batch to fill. 1000 spares an SD card; 0 commits as soon as the writer is free.",
    unit: "ms",
    example: 1000,
  }),
  synchronous: setting(z._default(z.enum(["FULL", "NORMAL"]), "FULL"), {
    title: "Durability",
    description:
      "`FULL` syncs the disk at every commit: what was acknowledged survives a power cut. `NORMAL` syncs at checkpoints only and is about a sixth faster; its price: a power cut (not a crash of the process) loses the last seconds although the broker was told that they are safe.",
    example: "FULL",
  }),
  maintenance_interval_minutes: setting(z._default(integer(0, 525_600), 360), {
    title: "Maintenance interval",
    description:
      "Time between two rounds of maintenance: checkpoint, `PRAGMA optimize`, a bounded incremental vacuum. 0: never.",
    unit: "min",
    example: 720,
  }),
  integrity_check_interval_hours: setting(z._default(integer(0, 8760), 24), {
    title: "Integrity check interval",
    description:
      "Time between two `PRAGMA integrity_check`s of a database, in a thread of their own, so that no commit waits. The first comes ten minutes after the start, unless one was made lately. It reads the whole file, at a large one on an SD card for many minutes, and SQLite's log grows meanwhile by what is captured. 0: never.",
    unit: "h",
    example: 168,
  }),
  wal_autocheckpoint_pages: setting(z._default(integer(0, 10_000_000), 16_000), {
    title: "Checkpoint after",
    description:
      "Size of the write-ahead log at which SQLite copies it into the database. 16,000 writes 40 % less than SQLite's own 1,000. 0: only during maintenance.",
    unit: "pages",
    example: 4000,
  }),
  journal_size_limit_bytes: setting(z._default(integer(-1, 1_099_511_627_776), 67_108_864), {
    title: "Log kept on disk",
    description: "The log's file is cut to this size after a checkpoint. -1: never cut.",
    unit: "bytes",
    example: 16_777_216,
  }),
  cache_kib: setting(z._default(integer(64, 16_777_216), 8192), {
    title: "Page cache",
    description: "SQLite's page cache, for each database.",
    unit: "KiB",
    example: 16_384,
  }),
  busy_timeout_ms: setting(z._default(integer(0, 600_000), 30_000), {
    title: "Wait for locks",
    description:
      "Time to wait for another program's lock on the database (a web UI takes some) before the batch is kept and tried again.",
    unit: "ms",
    example: 10_000,
  }),
}, { title: "Storage", description: "How the databases are written." });

const observability = group({
  address: setting(
    z._default(
      matching(
        /^(off|(\[[0-9A-Fa-f:.]+\]|[^\s:/[\]]*):(\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))$/,
      ),
      ":2112",
    ),
    {
      title: "HTTP address",
      description:
        "Where the status page, `/metrics`, `/healthz`, `/livez` and `/readyz` are served. `:2112` listens on all interfaces, port 0 on any free port, `off` not at all. A busy port is a warning and never stops the capture.",
      example: "127.0.0.1:2112",
      allowed: "host:port, :port, [IPv6]:port or off",
    },
  ),
  log_level: setting(z._default(z.enum(["debug", "info", "warn", "error"]), "info"), {
    title: "Log level",
    description: "Least severe log lines that are written.",
    example: "debug",
  }),
  log_format: setting(z._default(z.enum(["text", "json"]), "text"), {
    title: "Log format",
    description: "`text` for people, `json` (one object a line) for collectors.",
    example: "json",
  }),
  metrics_prefix: setting(
    z.pipe(
      z._default(matching(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/), "meshcapture_"),
      z.transform((v) => v.endsWith("_") ? v : `${v}_`),
    ),
    {
      title: "Prefix of the metrics",
      description:
        "What the names of all metrics begin with. `meshpipe_capture` suits the dashboards of meshpipe. An underscore is added where it is missing.",
      example: "meshpipe_capture",
      allowed: "a letter, then letters, digits and underscores",
    },
  ),
  page_access: setting(z._default(z.enum(["local", "token", "open", "off"]), "local"), {
    title: "Who may look at the page",
    description:
      "`local` shows the status page and its feed to this machine, and to others with the token. `token` asks everybody for it: for a proxy on this machine that adds no forwarding headers. `open` shows them to everybody, `off` to nobody. Metrics and health are open in any case.",
    example: "token",
  }),
  token: setting(
    z.optional(characters(MIN_TOKEN_LENGTH, 512).check(z.regex(TOKEN_CHARACTERS))),
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
    z.optional(text(4096)),
    {
      title: "File of the token",
      description:
        "File that holds the token alone; what stands around it as spaces and line ends is ignored. Not together with `token`.",
      example: "/run/secrets/page_token",
    },
  ),
  page_hosts: setting(
    z._default(list(matching(/^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/), 100), []),
    {
      title: "Names of this machine",
      description:
        "Host names under which the page may be asked for without the token, beside addresses, names without a dot, and names that end in `.local`, `.lan`, `.internal` or `.home.arpa`. By any other name a website could read the page through its visitor's browser.",
      example: ["mesh.example.org"],
      allowed: "host names without ports",
    },
  ),
  map_tiles: setting(
    z.optional(
      characters(0, 1000).check(z.regex(
        /^https?:\/\/[A-Za-z0-9.{}-]+(:\d{1,5})?\/(?=\S*\{z\})(?=\S*\{x\})(?=\S*\{y\})[^\s"'<>;,]*$/,
      )),
    ),
    {
      title: "Tiles of the map",
      description:
        "Where the page's map gets its background. Without it the map is a grid with a scale, and nobody elsewhere learns who looks at which place.",
      example: "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
      allowed: "an http or https address with {z}, {x} and {y}",
      defaultText: "none",
    },
  ),
  map_attribution: setting(z.optional(characters(1, 200)), {
    title: "Origin of the tiles",
    description: "Shown on the map, as the providers of tiles ask for.",
    example: "© OpenStreetMap contributors",
    defaultText: "none",
  }),
}, {
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
    sources: setting(z.prefault(list(sourceSchema(networks), 1000, 1), [{}]), {
      title: "Sources",
      description: "The brokers to listen to.",
      example: [{ name: "home", url: "mqtt://127.0.0.1:1883" }],
      defaultText: "one source with the defaults below",
    }),
    queue,
    storage,
    observability,
    capture_impl: setting(z._default(z.enum(["meshcapture", "shadow", "off"]), "meshcapture"), {
      title: "Dual run",
      description:
        "`meshcapture` captures. `shadow` captures beside another program and disturbs nothing: own client id, clean session, database `<name>.shadow.db`. `off` answers health and captures nothing.",
      example: "shadow",
    }),
    shutdown_timeout: setting(
      z.pipe(
        z._default(z.union([z.number(), characters(0, 20).check(z.regex(DURATION))]), 8)
          .check(z.refine((v) => durationSeconds(v) >= 0.1 && durationSeconds(v) <= 3600)),
        z.transform(durationSeconds),
      ),
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
export function configSchema(networks: readonly NetworkConfigSection[]): z.ZodMiniObject {
  const { sources, ...rest } = coreShape(networks);
  const sections = Object.fromEntries(networks.map((one) => [one.name, one.schema]));
  return z.strictObject({ sources, ...sections, ...rest });
}

/** What the schema gives, before {@linkcode SourceConfig} is completed. */
export type CoreOutput = z.output<z.ZodMiniObject<ReturnType<typeof coreShape>>>;

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
