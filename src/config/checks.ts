/**
 * Rules that concern several settings at once. They look at the merged values before the schema
 * judges them, so that all problems are told together; whatever has the wrong form is left to it.
 *
 * @module
 */
import { isLoopbackHost } from "../capture/loopback.ts";
import { parseBrokerUrl } from "./broker_url.ts";
import type { Layers } from "./layers.ts";
import { type ConfigProblem, problemText } from "./problem.ts";
import type { NetworkConfigSection } from "./section.ts";
import { brokerLimits, DEFAULT_URL } from "./source_schema.ts";
import { topicFilterFault, topicFiltersOverlap } from "./topic_filter.ts";

type Path = (string | number)[];

/** What the rules found. */
export interface CheckResult {
  /** What makes the configuration unusable. */
  readonly problems: ConfigProblem[];
  /** What has no effect, or perhaps not the wished one. */
  readonly warnings: string[];
}

/**
 * Applies all rules to the merged, unchecked configuration.
 *
 * @param peers true where the file is another program's, which works on it: what a network's own rules find
 *   is a warning then
 */
export function checkAcross(
  raw: Readonly<Record<string, unknown>>,
  layers: Layers,
  networks: readonly NetworkConfigSection[],
  peers = false,
): CheckResult {
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  const fault = (path: Path, message: string, allowed?: string) =>
    problems.push({
      origin: layers.originOf(path),
      path: path.join("."),
      message,
      ...(allowed === undefined ? {} : { allowed }),
    });

  const sources = Array.isArray(raw["sources"]) ? raw["sources"] : [];
  const names = new Map<unknown, number>();
  const clients = new Map<string, number>();
  const brokers = new Map<string, { index: number; guarded: boolean; limits: string }>();
  sources.forEach((source: unknown, i) => {
    if (!isRecord(source)) return;
    const at = (key: string): Path => ["sources", i, key];
    const name = source["name"] ?? "default";
    const first = names.get(name);
    if (first !== undefined) {
      const hint = source["name"] === undefined ? "; give each source a name" : "";
      fault(
        at("name"),
        `the sources ${first} and ${i} are both named ${JSON.stringify(name)}${hint}`,
      );
    } else names.set(name, i);

    if (isSet(source["password"]) && isSet(source["password_file"])) {
      fault(at("password_file"), "both password and password_file are given", "one of them");
    }
    const address = source["url"] ?? DEFAULT_URL;
    const url = typeof address === "string" ? parseBrokerUrl(address) : undefined;
    if (typeof url === "object") {
      if (url.username !== undefined && isSet(source["username"])) {
        fault(at("username"), "a user name is also given in url", "one of them");
      }
      if (
        url.password !== undefined && (isSet(source["password"]) || isSet(source["password_file"]))
      ) {
        fault(at("url"), "a password is given in url and beside it", "one of them");
      }
      if (isRecord(source["tls"]) && url.scheme !== "mqtts" && url.scheme !== "wss") {
        if (Object.keys(source["tls"]).some((key) => key !== "verify")) {
          warnings.push(`sources.${i}.tls has no effect: ${url.scheme}:// is not encrypted`);
        }
      }
      if (isSet(source["client_id"]) && url.scheme !== "embedded") {
        const key = JSON.stringify([url.host, url.port, source["client_id"]]);
        const other = clients.get(key);
        if (other !== undefined) {
          fault(
            at("client_id"),
            `the sources ${other} and ${i} have the same client id at the same broker; each would take over the other's connection`,
          );
        } else clients.set(key, i);
      }
    }
    checkAuth(
      source,
      url,
      (key, message, allowed) => fault(["sources", i, key], message, allowed),
      (message) => warnings.push(`sources.${i}.${message}`),
    );
    const user = isSet(source["username"]) || (typeof url === "object" && isSet(url.username));
    const password = isSet(source["password"]) || isSet(source["password_file"]);
    if (typeof url === "object" && url.scheme === "embedded") {
      const guarded = user && (password || isSet(url.password));
      if (!guarded && !isLoopbackHost(url.host) && !isAnonymous(source)) {
        fault(
          at("url"),
          `the embedded broker would let anybody who reaches ${url.host || "this machine"} publish`,
          "a loopback address, or username and password beside it; or broker.allow_anonymous: true, if that is meant",
        );
      }
      const shared = `${url.host || "0.0.0.0"}:${url.port ?? 1883}`;
      const mine = { index: i, guarded, limits: brokerLimits(source["broker"]) };
      const other = url.port === 0 ? undefined : brokers.get(shared);
      if (other === undefined) brokers.set(shared, mine);
      else if (other.guarded !== mine.guarded) {
        fault(
          at("url"),
          `the sources ${other.index} and ${i} share the embedded broker at ${shared}, but only one has a username and password`,
          "credentials for both (they may differ), or for none",
        );
      } else if (other.limits !== mine.limits) {
        fault(
          at("broker"),
          `the sources ${other.index} and ${i} share the embedded broker at ${shared}, but set it differently`,
          "the same settings in both",
        );
      }
    }
    if (password && !user) {
      warnings.push(`sources.${i} has a password but no username; MQTT 3.1.1 does not allow that`);
    }
    if (isRecord(source["tls"])) {
      const { cert_file: cert, key_file: key } = source["tls"];
      if (isSet(cert) !== isSet(key)) {
        const missing = isSet(cert) ? "key_file" : "cert_file";
        fault(["sources", i, "tls"], `${missing} is missing: certificate and key go together`);
      }
    }
    if (isRecord(source["reconnect"])) {
      const { min_ms: min = 1000, max_ms: max = 60_000 } = source["reconnect"];
      if (typeof min === "number" && typeof max === "number" && min > max) {
        fault(["sources", i, "reconnect", "max_ms"], `${max} is less than min_ms, ${min}`);
      }
    }
    const network = networks.find((one) => one.name === (source["network"] ?? networks[0]?.name));
    checkTopics(source["topics"], (message) => {
      if (network?.repeats !== "merged") fault(at("topics"), message);
      else warnings.push(`sources.${i}.topics: ${message}, which is merged when it is stored`);
    });
    for (const other of networks) {
      for (const key of Object.keys(other.sourceShape ?? {})) {
        if (source[key] === undefined || source[key] === null) continue;
        if (network === undefined || Object.hasOwn(network.sourceShape ?? {}, key)) continue;
        fault(at(key), `is a setting of ${other.title}; this source is one of ${network.title}`);
      }
    }
  });

  for (const { name: section, check } of networks) {
    const own = raw[section];
    if (check === undefined || !isRecord(own)) continue;
    const found = check(own);
    const before = problems.length;
    for (const { path, message } of found.problems) fault([section, ...path], message);
    if (peers) warnings.push(...problems.splice(before).map(problemText));
    warnings.push(...found.warnings.map((warning) => `${section}.${warning}`));
  }

  const page = raw["observability"];
  if (isRecord(page)) {
    const at = (key: string): Path => ["observability", key];
    if (isSet(page["token"]) && isSet(page["token_file"])) {
      fault(at("token_file"), "both token and token_file are given", "one of them");
    }
    if (page["page_access"] === "token" && !isSet(page["token"]) && !isSet(page["token_file"])) {
      fault(at("page_access"), "nobody could look at the page: there is no token", "set token");
    }
    if (isSet(page["map_attribution"]) && !isSet(page["map_tiles"])) {
      warnings.push("observability.map_attribution has no effect without map_tiles");
    }
  }

  const batch = isRecord(raw["storage"]) ? raw["storage"]["batch_max"] ?? 2000 : 2000;
  const queue = isRecord(raw["queue"]) ? raw["queue"]["max_messages"] ?? 20_000 : 20_000;
  if (typeof batch === "number" && typeof queue === "number" && queue < batch) {
    fault(
      ["queue", "max_messages"],
      `${queue} is less than storage.batch_max, ${batch}: no batch could fill`,
    );
  }
  return { problems, warnings };
}

/** A token is instead of a user name and a password, and needs one key. */
function checkAuth(
  source: Record<string, unknown>,
  url: ReturnType<typeof parseBrokerUrl> | undefined,
  fault: (key: string, message: string, allowed?: string) => void,
  warn: (message: string) => void,
): void {
  const auth = source["auth"];
  if (!isRecord(auth)) return;
  const key = isSet(auth["private_key"]);
  const file = isSet(auth["private_key_file"]);
  if (!key && !file) {
    if (!isSet(auth["public_key"]) && !isSet(auth["audience"])) return;
    fault("auth", "private_key is missing", "private_key or private_key_file");
  } else if (key && file) {
    fault("auth", "both private_key and private_key_file are given", "one of them");
  }
  const given = ["username", "password", "password_file"].find((name) => isSet(source[name]));
  const inUrl = typeof url === "object" && (isSet(url.username) || isSet(url.password));
  if (given !== undefined || inUrl) {
    fault(given ?? "url", "a user name or password is given beside auth", "one of them");
  }
  if (typeof url === "object" && url.scheme === "embedded") {
    fault("auth", "the embedded broker knows no tokens", "a broker to connect to");
  }
  if (typeof url === "object" && /^(mqtt|ws)$/.test(url.scheme)) {
    warn(
      `auth: over ${url.scheme}:// anybody on the way can read the token and use it until it expires`,
    );
  }
}

function checkTopics(topics: unknown, fault: (message: string) => void): void {
  if (!Array.isArray(topics) || topics.length > 1000) return;
  const valid = topics.filter((t): t is string =>
    typeof t === "string" && topicFilterFault(t) === undefined
  );
  for (const [i, left] of valid.entries()) {
    for (const right of valid.slice(i + 1)) {
      if (!topicFiltersOverlap(left, right)) continue;
      fault(
        `the filters ${JSON.stringify(left)} and ${
          JSON.stringify(right)
        } overlap: a broker may deliver one message for each of them`,
      );
      return;
    }
  }
}

function isAnonymous(source: Record<string, unknown>): boolean {
  return isRecord(source["broker"]) && source["broker"]["allow_anonymous"] === true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}
