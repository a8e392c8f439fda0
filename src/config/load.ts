/**
 * Loads the configuration: file, environment and flags laid over each other, checked as a whole.
 *
 * @module
 */
import { resolve } from "node:path";
import * as z from "zod/mini";
import { formatBrokerUrl, parseBrokerUrl } from "./broker_url.ts";
import { checkAcross } from "./checks.ts";
import { detectFileKind } from "./dialect.ts";
import { CONFIG_VARIABLE, readEnvironment, readOverrides } from "./environment.ts";
import { assignmentsFrom, Layers } from "./layers.ts";
import { shownInError } from "./mask.ts";
import { ConfigError, type ConfigProblem, type Origin } from "./problem.ts";
import { parseYaml, rawFromJson } from "./raw.ts";
import { type ConfigOf, configSchema, type CoreConfig } from "./schema.ts";
import { schemaTree } from "./schema_tree.ts";
import type { Dialect, NetworkConfigSection, PeerInput } from "./section.ts";
import { allowedText, settingAt, type SettingNode } from "./tree.ts";

/** What the configuration is read from. Nothing else is looked at. */
export interface LoadInput {
  /** Environment variables; an empty value counts as unset. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text of a file; throws an error named `NotFound` (or with code `ENOENT`) where there is none. */
  readonly readFile: (path: string) => string;
  /** Folder that relative names of the configuration file refer to. */
  readonly cwd: string;
  /** `--config`. */
  readonly configFile?: string;
  /** `--set` and its shortcuts: dotted path → value as text. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Flag that gave a path, where it is not `--set`; for messages. */
  readonly flagNames?: Readonly<Record<string, string>>;
}

/** A configuration that can be used. */
export interface LoadedConfig<C = CoreConfig> {
  /** The settings, complete and checked. */
  readonly config: C;
  /** Who gave a setting, by dotted path; what is absent has its default. */
  readonly origins: ReadonlyMap<string, Origin>;
  /** What was accepted but has no effect, or perhaps not the wished one; one line each. */
  readonly warnings: readonly string[];
  /** The configuration file, where there is one. */
  readonly file?: string;
  /** `meshcapture`, or the short name of the peer whose file or environment is in use. */
  readonly dialect: string;
  /** The settings as a tree, for showing them. */
  readonly tree: SettingNode;
}

/** Looked for in the working directory when nothing names a file. */
export const DEFAULT_FILE = "config.yaml";

/**
 * Loads the configuration of `networks`. Precedence: flag > `MESHCAPTURE_` variable > peers'
 * variable > file > default. Every problem is collected; a {@linkcode ConfigError} is returned, not
 * thrown.
 */
export function loadConfig<const T extends readonly NetworkConfigSection[]>(
  networks: T,
  input: LoadInput,
): LoadedConfig<ConfigOf<T>> | ConfigError {
  // Parsers made for one reading cost more than they save: 15 to 30 ms of a start.
  z.config({ jitless: true });
  const schema = configSchema(networks);
  const tree = schemaTree(schema);
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  const layers = new Layers();
  const env = Object.fromEntries(Object.entries(input.env ?? {}).filter(([, v]) => v !== ""));

  const file = openFile(input, env, networks, problems);
  let dialect: Dialect | undefined;
  let own = false;
  let peerFile: { section: NetworkConfigSection; input: PeerInput["file"] } | undefined;
  if (file !== undefined) {
    const { root, problems: syntax } = parseFile(file, tree, networks);
    problems.push(...syntax);
    const kind = detectFileKind(root, file.path, tree, networks);
    if ("message" in kind) return new ConfigError([...problems, kind]);
    if (root.kind !== "map") {
      problems.push({
        origin: { kind: "file", file: file.path, ...root.place },
        path: "",
        message: "the file holds no settings",
        allowed: "lines of the form `key: value`",
      });
    } else if (kind.kind === "own") {
      own = true;
      const read = assignmentsFrom(root, tree, [], (place) => ({
        kind: "file",
        file: file.path,
        ...place,
      }));
      layers.assignAll(read.assignments);
      problems.push(...read.problems);
    } else {
      dialect = kind.dialect;
      peerFile = { section: kind.section, input: { path: file.path, dialect, root } };
    }
  }

  // The network whose file it is comes first, so that the others see its sources.
  const ordered = [...networks].sort((a, b) =>
    Number(b === peerFile?.section) - Number(a === peerFile?.section)
  );
  for (const section of ordered) {
    const mine = peerFile?.section === section ? peerFile.input : undefined;
    const sources = layers.build()["sources"];
    const read = section.readPeers({
      ...(mine === undefined ? {} : { file: mine }),
      environment: env,
      ownFile: own || (peerFile !== undefined && mine === undefined),
      sources: Array.isArray(sources)
        ? sources.map((one) => typeof one === "object" && one !== null ? one : {})
        : [],
    });
    layers.assignAll(read.assignments);
    problems.push(...read.problems);
    warnings.push(...read.warnings);
    dialect ??= read.dialect;
  }
  for (
    const read of [
      readEnvironment(env, tree),
      readOverrides(input.overrides ?? {}, input.flagNames ?? {}, tree),
    ]
  ) {
    layers.assignAll(read.assignments);
    problems.push(...read.problems);
  }

  const raw = layers.build();
  const across = checkAcross(raw, layers, networks, peerFile !== undefined);
  problems.push(...across.problems);
  warnings.push(...across.warnings);
  const parsed = schema.safeParse(raw);
  if (!parsed.success) problems.push(...schemaProblems(parsed.error, raw, tree, layers));
  if (problems.length > 0 || !parsed.success) return new ConfigError(unique(problems));

  const origins = new Map<string, Origin>();
  const config = finish(parsed.data as unknown as CoreConfig, networks, layers);
  const shared = sharedDatabases(config, networks, layers, input.cwd);
  if (shared.length > 0) return new ConfigError(shared);
  collectOrigins(tree, config, [], layers, origins);
  return {
    config: config as ConfigOf<T>,
    origins,
    warnings,
    ...(file === undefined ? {} : { file: file.path }),
    dialect: dialect?.name ?? "meshcapture",
    tree,
  };
}

function openFile(
  input: LoadInput,
  env: Readonly<Record<string, string>>,
  networks: readonly NetworkConfigSection[],
  problems: ConfigProblem[],
): { path: string; text: string } | undefined {
  const variables = [CONFIG_VARIABLE, ...networks.flatMap((one) => one.fileVariables)];
  const variable = variables.find((one) => env[one] !== undefined);
  const named = input.configFile ?? (variable === undefined ? undefined : env[variable]);
  const path = named ?? DEFAULT_FILE;
  const absolute = /^(\/|[A-Za-z]:[\\/])/.test(path)
    ? path
    : `${input.cwd.replace(/\/$/, "")}/${path}`;
  try {
    return { path, text: input.readFile(absolute) };
  } catch (cause) {
    const missing = isMissing(cause);
    if (missing && named === undefined) return undefined;
    const origin: Origin = input.configFile !== undefined
      ? { kind: "flag", flag: "--config" }
      : variable !== undefined
      ? { kind: "environment", variable }
      : { kind: "file", file: path, line: 0, column: 0 };
    const why = missing ? "there is no such file" : `cannot be read: ${reasonOf(cause)}`;
    problems.push({ origin, path: "", value: JSON.stringify(path), message: why });
    return undefined;
  }
}

/**
 * A file as a tree. What is JSON to the program that shares its file, but not quite to us (a comment
 * key that stands twice, tabs), is read as that program reads it, without places.
 */
function parseFile(
  file: { path: string; text: string },
  tree: SettingNode,
  networks: readonly NetworkConfigSection[],
): ReturnType<typeof parseYaml> {
  const parsed = parseYaml(file.text, file.path);
  if (parsed.problems.length === 0) return parsed;
  let value: unknown;
  try {
    value = JSON.parse(file.text.replace(/^\uFEFF/, ""));
  } catch {
    return parsed; // The problems of the YAML have places.
  }
  const root = rawFromJson(value);
  const kind = detectFileKind(root, file.path, tree, networks);
  const theirs = "kind" in kind && kind.kind === "dialect" && kind.dialect.openEnded === true;
  return theirs ? { root, problems: [] } : parsed;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error &&
    (error.name === "NotFound" || (error as { code?: unknown }).code === "ENOENT");
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : "unknown error";
}

function schemaProblems(
  error: z.core.$ZodError,
  raw: unknown,
  tree: SettingNode,
  layers: Layers,
): ConfigProblem[] {
  return error.issues.map((issue) => {
    const path = issue.path.map((one) => typeof one === "number" ? one : String(one));
    const node = settingAt(tree, path);
    let value: unknown = raw;
    for (const segment of path) value = (value as Record<string | number, unknown>)?.[segment];
    const shown = shownInError(node, value);
    const inList = typeof path.at(-1) === "number";
    return {
      origin: layers.originOf(path),
      path: path.join("."),
      ...(shown === undefined ? {} : { value: shown }),
      message: value === undefined || value === null
        ? inList ? "is missing; elements count from 0 without a gap" : "is missing"
        : issue.code === "custom" && issue.message !== "Invalid input"
        ? issue.message
        : "is not allowed",
      ...(node === undefined ? {} : { allowed: allowedText(node) }),
    };
  });
}

/** One problem a place and setting: a rule and the schema may both have stumbled over the same. */
function unique(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const key = JSON.stringify([problem.origin, problem.path, problem.message]);
    return seen.size < seen.add(key).size;
  });
}

/** Fills in what depends on other settings: topics by network, user information out of addresses. */
function finish(
  config: CoreConfig,
  networks: readonly NetworkConfigSection[],
  layers: Layers,
): CoreConfig {
  const topicsOf = new Map(networks.map((one) => [one.name as string, one.defaultTopics]));
  const sources = config.sources.map((source, i) => {
    const url = parseBrokerUrl(source.url);
    if (typeof url === "string") return source; // The schema has refused it before.
    const origin = layers.originOfSetting(["sources", i, "url"]);
    for (const key of ["username", "password"] as const) {
      if (url[key]) layers.assign({ path: ["sources", i, key], value: url[key], origin });
    }
    return {
      ...source,
      topics: source.topics ?? [...topicsOf.get(source.network) ?? []],
      url: formatBrokerUrl(url),
      ...(url.username ? { username: url.username } : {}),
      ...(url.password ? { password: url.password } : {}),
    };
  });
  return { ...config, sources };
}

/** Databases that two networks would write, however their paths are written, defaults included. */
function sharedDatabases(
  config: CoreConfig,
  networks: readonly NetworkConfigSection[],
  layers: Layers,
  cwd: string,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const owners = new Map<string, string>();
  for (const { name } of networks) {
    const { database } = (config as unknown as Record<string, { database?: unknown }>)[name] ?? {};
    if (typeof database !== "string") continue;
    const path = resolve(cwd, database);
    const other = owners.get(path);
    if (other === undefined) {
      owners.set(path, name);
      continue;
    }
    // At the one that somebody has named.
    const given = [name, other].find((one) =>
      layers.originOfSetting([one, "database"]).kind !== "default"
    ) ?? name;
    problems.push({
      origin: layers.originOf([given, "database"]),
      path: `${given}.database`,
      message: `${given === name ? other : name} has the same database; each network needs its own`,
    });
  }
  return problems;
}

function collectOrigins(
  node: SettingNode,
  value: unknown,
  path: (string | number)[],
  layers: Layers,
  origins: Map<string, Origin>,
): void {
  if (value === undefined) return;
  const key = path.join(".");
  if (node.kind === "group" && typeof value === "object" && value !== null) {
    for (const [name, child] of node.children) {
      collectOrigins(
        child,
        (value as Record<string, unknown>)[name],
        [...path, name],
        layers,
        origins,
      );
    }
  } else if (node.kind === "list" && node.item?.kind === "group" && Array.isArray(value)) {
    if (value.length === 0) origins.set(key, layers.originOfSetting(path));
    value.forEach((item, i) => collectOrigins(node.item!, item, [...path, i], layers, origins));
  } else {
    origins.set(
      key,
      node.kind === "list" ? layers.originOf(path) : layers.originOfSetting(path),
    );
  }
}
