/** CoreScope's brokers as sources of ours. @module */
import { formatBrokerUrl, parseBrokerUrl } from "../config/broker_url.ts";
import type { Origin } from "../config/problem.ts";
import type { RawNode } from "../config/raw.ts";
import { withoutCovered } from "../config/topic_filter.ts";
import type { CorescopeFile } from "./corescope_file.ts";

/** One broker as CoreScope names it. */
export interface CorescopeSource {
  /** As the operator called it; may be empty, and two may have the same. */
  readonly name: string;
  /** Address as written, in the client library's schemes; may hold user information. */
  readonly broker: string;
  /** Topic filters; never empty. */
  readonly topics: readonly string[];
  /** User name; goes before one in the address. */
  readonly username?: string | undefined;
  /** Password; goes before one in the address. */
  readonly password?: string | undefined;
  /** False: the broker's certificate is not checked. Absent: it is. */
  readonly verify?: boolean | undefined;
  /** Regions whose packets are kept. Absent or empty: all. */
  readonly iataFilter?: readonly string[] | undefined;
  /** Region of observers whose topic names none. */
  readonly region?: string | undefined;
  /** Where the source stands, for messages about it. */
  readonly origin: Origin;
}

/** Filters of a source that has none, and the second of the old `mqtt` object. */
const ALL_TOPICS = "meshcore/#";

/** The client library's names of what we call mqtt and mqtts. */
const SCHEMES: Readonly<Record<string, string>> = {
  tcp: "mqtt",
  ssl: "mqtts",
  tls: "mqtts",
  tcps: "mqtts",
};

/** Brokers of the file: `mqttSources`, else the old `mqtt`, else none. */
export function fileSources(file: CorescopeFile, root: RawNode): CorescopeSource[] {
  const listed = (file.list(root, "mqttSources") ?? []).flatMap((node, i) => {
    const at = `mqttSources.${i}`;
    const broker = file.text(node, "broker");
    if (node.kind !== "map" || broker === undefined) {
      file.refuse(node, at, "is a source without a broker");
      return [];
    }
    const topics = file.texts(node, "topics") ?? [];
    return {
      name: file.text(node, "name") ?? "",
      broker,
      topics: topics.length === 0 ? [ALL_TOPICS] : topics,
      username: file.text(node, "username"),
      password: file.text(node, "password"),
      verify: file.flag(node, "rejectUnauthorized"),
      iataFilter: file.texts(node, "iataFilter"),
      region: file.text(node, "region"),
      origin: file.origin(node, at),
    };
  });
  if (listed.length > 0) return listed;
  const legacy = file.group(root, "mqtt");
  const broker = file.text(legacy, "broker");
  if (broker === undefined || broker === "") return [];
  const topic = file.text(legacy, "topic");
  const topics = topic === undefined || topic === "" ? [ALL_TOPICS] : [topic, ALL_TOPICS];
  return [{ name: "default", broker, topics, origin: file.origin(legacy, "mqtt") }];
}

/** The broker of `MQTT_BROKER`, which stands in place of all others. */
export function environmentSource(broker: string, topic: string | undefined): CorescopeSource {
  const origin: Origin = { kind: "environment", variable: "MQTT_BROKER" };
  return { name: "env", broker, topics: [topic ?? ALL_TOPICS], origin };
}

/** What CoreScope listens to when nothing is configured. */
export function defaultSource(): CorescopeSource {
  const origin: Origin = { kind: "default", dialect: "CoreScope" };
  return { name: "local", broker: "mqtt://localhost:1883", topics: [ALL_TOPICS], origin };
}

/** Assigns `sources` to our settings, from index `first` on. */
export function giveSources(
  file: CorescopeFile,
  sources: readonly CorescopeSource[],
  first: number,
): void {
  const names = new Set<string>();
  sources.forEach((source, i) => {
    const { origin } = source;
    const at = (...keys: (string | number)[]) => ["sources", first + i, ...keys];
    const text = source.broker.trim().replace(
      /^([a-z]+):\/\//i,
      (whole, scheme: string) => {
        const known = SCHEMES[scheme.toLowerCase()];
        return known === undefined ? whole : `${known}://`;
      },
    );
    const url = parseBrokerUrl(text);
    const username = source.username || (typeof url === "object" ? url.username : undefined);
    const password = source.password || (typeof url === "object" ? url.password : undefined);
    const shown = typeof url === "object" ? formatBrokerUrl(url) : text;
    file.give(at("name"), uniqueName(file, source, shown, names), origin);
    file.give(at("network"), "meshcore", origin);
    file.give(at("url"), shown, origin);
    if (username) file.give(at("username"), username, origin);
    if (password) file.give(at("password"), password, origin);
    if (source.verify !== undefined) file.give(at("tls", "verify"), source.verify, origin);
    file.giveList(at("topics"), withoutCovered(source.topics), origin);
    if (source.iataFilter !== undefined && source.iataFilter.length > 0) {
      file.giveList(at("iata_filter"), source.iataFilter, origin);
    }
    if (source.region) file.give(at("region"), source.region, origin);
  });
}

/** CoreScope takes sources without a name, and several of one; here a name belongs to one source. */
function uniqueName(
  file: CorescopeFile,
  source: CorescopeSource,
  url: string,
  names: Set<string>,
): string {
  const wanted = source.name.trim().slice(0, 64).trim() || url.replace(/^[^@]*@/, "").slice(0, 60);
  let name = wanted;
  for (let n = 2; names.has(name); n++) name = `${wanted.slice(0, 58)}-${n}`;
  names.add(name);
  if (name !== wanted) {
    const key = source.origin.kind === "file" ? source.origin.key ?? "" : "";
    file.warnings.push(`${file.file}: ${key}: another source is named ${wanted}; this is ${name}`);
  }
  return name;
}
