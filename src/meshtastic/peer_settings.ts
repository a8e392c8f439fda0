/**
 * Malla's and meshpipe's settings, from their file and their environment, as settings of ours. Both
 * name one broker, in flat keys; a key means the same in both.
 *
 * @module
 */
import { formatBrokerUrl, parseBrokerUrl } from "../config/broker_url.ts";
import { parseFlag, parseInteger } from "../config/coerce.ts";
import { type ConfigProblem, type Origin, originText } from "../config/problem.ts";
import type { Assignment, Dialect, PeerInput, PeerResult } from "../config/section.ts";
import { type FlatSettings, type Given, readFlat } from "./peer_flat.ts";
import { PEER_DATABASE, PEER_TOPIC_PREFIX, PEER_TOPIC_SUFFIX } from "./peer_keys.ts";
import { pskFault } from "./psk_text.ts";

/** Largest packet that MQTT can carry: no limit at all. */
const MQTT_MAX_BYTES = 268_435_455;

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
    const { flat, dialect, problems, warnings } = readFlat(this.input);
    this.#problems.push(...problems);
    this.#warnings.push(...warnings);
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

  #source(flat: FlatSettings, dialect: Dialect | undefined): void {
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
    const origin = strongest(address, flat.get("mqtt_port"));
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
      const from = strongest(prefix, suffix) ?? defaultOf(dialect);
      this.#give(at("topics"), [], from);
      this.#give([...at("topics"), 0], topic, from);
    }
  }

  /** The source that the peers' one broker stands for. */
  #sourceIndex(flat: FlatSettings, keys: string[]): number | undefined {
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

  #rest(flat: FlatSettings): void {
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
    integer(
      "wal_autocheckpoint_pages",
      ["storage", "wal_autocheckpoint_pages"],
      (n) => Math.max(0, n),
    );
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
      const where = originText(given.origin);
      this.#warnings.push(`${where}: not a log level of Malla or meshpipe; info is used`);
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
      if (fault !== undefined) {
        const where = originText(given.origin);
        this.#warnings.push(`${where}: default_channel_key: key ${i + 1} ${fault}; left out`);
      } else this.#give(["meshtastic", "channels", index++, "psk"], psk, given.origin);
    });
  }

  #integer(flat: FlatSettings, key: string, min: number, max: number): number | undefined {
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

/** Who decided over a value that is made of two: the environment, where one of them is from there. */
function strongest(a: Given | undefined, b: Given | undefined): Origin | undefined {
  return (b?.origin.kind === "environment" && a?.origin.kind !== "environment" ? b : a ?? b)
    ?.origin;
}

function defaultOf(dialect: Dialect | undefined): Origin {
  return dialect === undefined ? { kind: "default" } : { kind: "default", dialect: dialect.title };
}
