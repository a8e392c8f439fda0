/**
 * Malla's and meshpipe's settings, from their file and their environment, as settings of ours. Both
 * name one broker, in flat keys; a key means the same in both.
 *
 * @module
 */
import { formatBrokerUrl, parseBrokerUrl } from "../config/broker_url.ts";
import { parseFlag, parseInteger } from "../config/coerce.ts";
import { nearest } from "../config/nearest.ts";
import type { ConfigProblem, Origin } from "../config/problem.ts";
import type { RawNode } from "../config/raw.ts";
import type { Assignment, Dialect, PeerInput, PeerResult } from "../config/section.ts";
import { mallaDialect } from "./malla_dialect.ts";
import { meshpipeDialect } from "./meshpipe_dialect.ts";
import { PEER_DATABASE, PEER_TOPIC_PREFIX, PEER_TOPIC_SUFFIX } from "./peer_keys.ts";
import { pskFault } from "./psk_text.ts";

/** A flat key's text and where it was found. */
interface Given {
  readonly text: string;
  readonly origin: Origin;
}

type Flat = Map<string, Given>;

/** The environment's names that have no prefix. */
const BARE_VARIABLES = ["CAPTURE_STORE_RAW", "CAPTURE_IMPL"];
/** Weakest first. */
const PREFIXES = ["MALLA_", "MESHPIPE_"] as const;
/** Largest packet that MQTT can carry: no limit at all. */
const MQTT_MAX_BYTES = 268_435_455;

const ALL_KEYS = new Map(
  [...mallaDialect.keys, ...meshpipeDialect.keys].map((one) => [one.key, one]),
);

/** Keys that say what to capture: they show that a peer's environment is in use, with its defaults. */
const TELLING =
  /^(mqtt_.*|database_file|default_channel_key|data_retention_hours|grpc_.*|sqlite_.*)$/;

/** Reads the peers' file and environment. An empty variable counts as unset. */
export function readPeers(input: PeerInput): PeerResult {
  return new PeerReader(input).read();
}

class PeerReader {
  readonly #problems: ConfigProblem[] = [];
  readonly #warnings: string[] = [];
  readonly #assignments: Assignment[] = [];

  constructor(readonly input: PeerInput) {}

  read(): PeerResult {
    const fromFile = this.#readFile();
    const fromEnvironment = this.#readEnvironment();
    const flat: Flat = new Map([...fromFile, ...fromEnvironment]);
    this.#warnUnserved(fromFile);
    this.#warnUnserved(fromEnvironment);

    const dialect = this.input.file?.dialect ?? this.#dialectOfEnvironment(fromEnvironment);
    if (dialect !== undefined) {
      const origin: Origin = { kind: "default", dialect: dialect.title };
      this.#give(["meshtastic", "database"], PEER_DATABASE, origin);
    }
    this.#source(flat, dialect);
    this.#rest(flat);
    return {
      assignments: this.#assignments,
      problems: this.#problems,
      warnings: this.#warnings,
      ...(dialect === undefined ? {} : { dialect }),
    };
  }

  #readFile(): Flat {
    const flat: Flat = new Map();
    const { file } = this.input;
    if (file === undefined || file.root.kind !== "map") return flat;
    const known = new Set(file.dialect.keys.map((one) => one.key));
    for (const { key, place, node } of file.root.entries) {
      if (!known.has(key)) {
        const guess = nearest(key, known);
        this.#problems.push({
          origin: { kind: "file", file: file.path, ...place },
          path: key,
          message: `unknown key in a file of ${file.dialect.title}${
            guess === undefined ? "" : `; did you mean \`${guess}\`?`
          }`,
          allowed: [...known].join(", "),
        });
        continue;
      }
      if (ALL_KEYS.get(key)?.use === "ignored") continue;
      const origin: Origin = { kind: "file", file: file.path, ...placeOf(node), key };
      if (node.kind !== "scalar") this.#fault(origin, key, "must be a single value");
      else if (node.value !== null) flat.set(key, { text: node.text, origin });
    }
    return flat;
  }

  #readEnvironment(): Flat {
    const flat: Flat = new Map();
    for (const variable of BARE_VARIABLES) {
      const text = this.input.environment[variable];
      const origin: Origin = { kind: "environment", variable };
      if (text !== undefined) flat.set(variable.toLowerCase(), { text, origin });
    }
    for (const prefix of PREFIXES) {
      for (const [variable, text] of Object.entries(this.input.environment)) {
        if (!variable.startsWith(prefix)) continue;
        const name = variable.slice(prefix.length).toLowerCase();
        const key = ALL_KEYS.get(name);
        if (key !== undefined && key.use !== "ignored") {
          const trimmed = prefix === "MESHPIPE_" ? text.trim() : text;
          flat.set(name, { text: trimmed, origin: { kind: "environment", variable } });
        } else if (key === undefined && name !== "config_file") {
          // Both peers ignore what they do not know, and compose files have variables of their own.
          const guess = nearest(name, ALL_KEYS.keys());
          if (guess !== undefined && name.length > 5) {
            this.#warnings.push(
              `environment ${variable} is not known and has no effect; did you mean ${prefix}${guess.toUpperCase()}?`,
            );
          }
        }
      }
    }
    return flat;
  }

  /** Without any file, a variable that tells a broker or a database means: in place of that peer. */
  #dialectOfEnvironment(flat: Flat): Dialect | undefined {
    if (this.input.ownFile) return undefined;
    const telling = [...flat].filter(([key]) => TELLING.test(key));
    if (telling.length === 0) return undefined;
    const meshpipe = telling.some(([, { origin }]) =>
      origin.kind === "environment" && origin.variable.startsWith("MESHPIPE_")
    );
    return meshpipe ? meshpipeDialect : mallaDialect;
  }

  #warnUnserved(flat: Flat): void {
    const keys = [...flat].filter(([key]) => ALL_KEYS.get(key)?.use === "unserved");
    if (keys.length === 0) return;
    const names = keys.map(([key, { origin }]) =>
      origin.kind === "environment" ? origin.variable : key
    );
    const origin = keys[0]![1].origin;
    const where = origin.kind === "file" ? origin.file : "environment";
    const reasons = new Set(keys.map(([key]) => ALL_KEYS.get(key)!.meaning));
    this.#warnings.push(
      `${where}: accepted but not served: ${names.join(", ")} (${[...reasons].join("; ")})`,
    );
  }

  #source(flat: Flat, dialect: Dialect | undefined): void {
    const keys = [...flat.keys()].filter((key) => key.startsWith("mqtt_"));
    if (keys.length === 0 && dialect === undefined) return;
    const index = this.#sourceIndex(flat, keys);
    if (index === undefined) return;
    const at = (key: string) => ["sources", index, key];
    const base = this.input.sources[index]?.url;
    const parsed = typeof base === "string" ? parseBrokerUrl(base) : undefined;
    const known = typeof parsed === "object" && parsed.scheme !== "embedded" ? parsed : undefined;

    const address = flat.get("mqtt_broker_address");
    const port = this.#integer(flat, "mqtt_port", 1, 65535);
    const host = address?.text.trim() || (known?.host ?? "127.0.0.1");
    const origin = (address ?? flat.get("mqtt_port"))?.origin;
    if (origin !== undefined || dialect !== undefined) {
      const url = formatBrokerUrl({
        scheme: known?.scheme ?? "mqtt",
        host: host.replace(/^\[(.*)\]$/, "$1"),
        path: known?.path ?? "",
        port: port ?? known?.port ?? 1883,
      });
      this.#give(at("url"), url, origin ?? defaultOf(dialect));
    }
    for (const key of ["username", "password", "client_id"]) {
      const given = flat.get(`mqtt_${key}`);
      if (given === undefined || given.text === "") continue;
      this.#give(at(key), given.text, given.origin);
    }
    const prefix = flat.get("mqtt_topic_prefix");
    const suffix = flat.get("mqtt_topic_suffix");
    if (prefix !== undefined || suffix !== undefined || dialect !== undefined) {
      const topic = joinTopic(prefix?.text ?? PEER_TOPIC_PREFIX, suffix?.text ?? PEER_TOPIC_SUFFIX);
      const from = (prefix ?? suffix)?.origin ?? defaultOf(dialect);
      this.#give(at("topics"), [], from);
      this.#give([...at("topics"), 0], topic, from);
    }
  }

  /** The source that the peers' one broker stands for. */
  #sourceIndex(flat: Flat, keys: string[]): number | undefined {
    const { sources } = this.input;
    const ours = sources.flatMap((one, i) =>
      (one.network ?? "meshtastic") === "meshtastic" ? i : []
    );
    if (ours.length <= 1) {
      const index = ours[0] ?? sources.length;
      // A further source needs a name of its own.
      if (index > 0 && ours.length === 0) {
        this.#give(["sources", index, "name"], "meshtastic", flat.get(keys[0]!)!.origin);
        this.#give(["sources", index, "network"], "meshtastic", flat.get(keys[0]!)!.origin);
      }
      return index;
    }
    const message =
      `means the only Meshtastic source, but the file has ${ours.length}; unset the variable, or use MESHCAPTURE_SOURCES_<n>_…`;
    for (const key of keys) this.#fault(flat.get(key)!.origin, "sources", message);
    return undefined;
  }

  #rest(flat: Flat): void {
    const text = (key: string, path: string[]) => {
      const given = flat.get(key);
      if (given !== undefined && given.text !== "") this.#give(path, given.text, given.origin);
    };
    const integer = (key: string, path: string[], convert = (n: number) => n) => {
      const value = this.#integer(flat, key, -1, Number.MAX_SAFE_INTEGER);
      if (value !== undefined) this.#give(path, convert(value), flat.get(key)!.origin);
    };
    text("database_file", ["meshtastic", "database"]);
    text("observability_address", ["observability", "address"]);
    text("capture_impl", ["capture_impl"]);
    integer("data_retention_hours", ["meshtastic", "retention_hours"], (n) => Math.max(0, n));
    integer(
      "max_envelope_bytes",
      ["meshtastic", "max_envelope_bytes"],
      (n) => n <= 0 ? MQTT_MAX_BYTES : n,
    );
    integer(
      "maintenance_interval_minutes",
      ["storage", "maintenance_interval_minutes"],
      (n) => n <= 0 ? 360 : n,
    );
    integer("wal_autocheckpoint_pages", ["storage", "wal_autocheckpoint_pages"]);
    integer("journal_size_limit_bytes", ["storage", "journal_size_limit_bytes"]);
    integer("sqlite_cache_kib", ["storage", "cache_kib"]);
    this.#storeRaw(flat.get("capture_store_raw"));
    this.#logLevel(flat.get("log_level"));
    this.#channels(flat.get("default_channel_key"));
  }

  #storeRaw(given: Given | undefined): void {
    if (given === undefined || given.text === "") return;
    const flag = parseFlag(given.text);
    if (flag !== undefined) this.#give(["meshtastic", "store_raw"], flag, given.origin);
    else {this.#fault(
        given.origin,
        "meshtastic.store_raw",
        "is not a truth value",
        "true | false | yes | no | on | off | 1 | 0",
      );}
  }

  #logLevel(given: Given | undefined): void {
    if (given === undefined || given.text === "") return;
    const levels: Record<string, string> = {
      debug: "debug",
      info: "info",
      warn: "warn",
      warning: "warn",
      error: "error",
      critical: "error",
      fatal: "error",
    };
    const level = levels[given.text.trim().toLowerCase()];
    if (level === undefined) {
      // Both peers fall back to INFO.
      this.#warnings.push("log_level is not known to Malla or meshpipe; info is used");
    }
    this.#give(["observability", "log_level"], level ?? "info", given.origin);
  }

  #channels(given: Given | undefined): void {
    if (given === undefined) return;
    const keys = given.text.split(",").map((one) => one.trim()).filter((one) => one !== "");
    if (keys.length === 0) return;
    this.#give(["meshtastic", "channels"], [], given.origin);
    let index = 0;
    keys.forEach((psk, i) => {
      const fault = pskFault(psk);
      // Malla warns of such a key and goes on.
      if (fault !== undefined) this.#warnings.push(`default_channel_key: key ${i + 1} ${fault}`);
      else this.#give(["meshtastic", "channels", index++, "psk"], psk, given.origin);
    });
  }

  #integer(flat: Flat, key: string, min: number, max: number): number | undefined {
    const given = flat.get(key);
    if (given === undefined || given.text.trim() === "") return undefined;
    const value = parseInteger(given.text);
    if (value !== undefined && value >= min && value <= max) return value;
    const range = max < Number.MAX_SAFE_INTEGER ? `, ${min} to ${max}` : "";
    this.#fault(given.origin, key, "is not possible", `a whole number${range}`, given.text);
    return undefined;
  }

  #give(path: (string | number)[], value: unknown, origin: Origin): void {
    this.#assignments.push({ path, value, origin });
  }

  #fault(origin: Origin, path: string, message: string, allowed?: string, value?: string): void {
    this.#problems.push({
      origin,
      path,
      message,
      ...(allowed === undefined ? {} : { allowed }),
      ...(value === undefined ? {} : { value: JSON.stringify(value.slice(0, 40)) }),
    });
  }
}

/**
 * Prefix and suffix with one slash between them. (Malla joins them as they are, which gives the same
 * for every pair that works there.) `msh` and `/+/+/+/#` match regions of any depth, `#` being last.
 */
export function joinTopic(prefix: string, suffix: string): string {
  const left = prefix.replace(/\/$/, "");
  const right = suffix.replace(/^\//, "");
  if (left === "" || right === "") return left + right || "#";
  return `${left}/${right}`;
}

function defaultOf(dialect: Dialect | undefined): Origin {
  return dialect === undefined ? { kind: "default" } : { kind: "default", dialect: dialect.title };
}

function placeOf(node: RawNode): { line: number; column: number } {
  return node.place;
}
