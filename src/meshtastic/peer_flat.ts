/** Malla's and meshpipe's flat keys as they stand in a file and in the environment. @module */
import { nearest } from "../config/nearest.ts";
import type { ConfigProblem, Origin } from "../config/problem.ts";
import type { Dialect, PeerInput } from "../config/section.ts";
import { mallaDialect } from "./malla_dialect.ts";
import { meshpipeDialect } from "./meshpipe_dialect.ts";

/** A flat key's text and where it was found. */
export interface Given {
  /** As it is written. */
  readonly text: string;
  /** Where it was found. */
  readonly origin: Origin;
}

/** Flat keys with what was given for them. */
export type FlatSettings = ReadonlyMap<string, Given>;

/** What was found in the peers' file and environment. */
export interface FlatResult {
  /** The environment's laid over the file's. */
  readonly flat: FlatSettings;
  /** The peer in whose place we stand; absent beside a file of our own. */
  readonly dialect?: Dialect;
  /** Unknown keys and misshapen values. */
  readonly problems: ConfigProblem[];
  /** What has no effect. */
  readonly warnings: string[];
}

/** The environment's names that have no prefix. */
const BARE_VARIABLES = ["CAPTURE_STORE_RAW", "CAPTURE_IMPL"];
/** Weakest first. */
const PREFIXES = ["MALLA_", "MESHPIPE_"] as const;

const ALL_KEYS = new Map(
  [...mallaDialect.keys, ...meshpipeDialect.keys].map((one) => [one.key, one]),
);

/** Keys that say what to capture: they show that a peer's environment is in use, with its defaults. */
const TELLING =
  /^(mqtt_.*|database_file|default_channel_key|data_retention_hours|grpc_.*|sqlite_.*)$/;

/** Collects the flat keys. An empty variable counts as unset; an empty text in a file is kept. */
export function readFlat(input: PeerInput): FlatResult {
  const { flat: fromFile, problems } = readFile(input);
  const { flat: fromEnvironment, warnings } = readEnvironment(input.environment);
  const dialect = input.file?.dialect ??
    (input.ownFile ? undefined : dialectOfEnvironment(fromEnvironment));
  return {
    flat: new Map([...fromFile, ...fromEnvironment]),
    ...(dialect === undefined ? {} : { dialect }),
    problems,
    warnings: [...warnings, ...unserved(fromFile), ...unserved(fromEnvironment)],
  };
}

function readFile(input: PeerInput): { flat: FlatSettings; problems: ConfigProblem[] } {
  const flat = new Map<string, Given>();
  const problems: ConfigProblem[] = [];
  const { file } = input;
  if (file === undefined || file.root.kind !== "map") return { flat, problems };
  const known = new Set(file.dialect.keys.map((one) => one.key));
  for (const { key, place, node } of file.root.entries) {
    const origin = (at: typeof place): Origin => ({ kind: "file", file: file.path, ...at });
    if (!known.has(key)) {
      const guess = nearest(key, known);
      const hint = guess === undefined ? "" : `; did you mean \`${guess}\`?`;
      problems.push({
        origin: origin(place),
        path: key,
        message: `unknown key in a file of ${file.dialect.title}${hint}`,
        allowed: [...known].join(", "),
      });
    } else if (ALL_KEYS.get(key)?.use === "ignored") continue;
    else if (node.kind !== "scalar") {
      const message = "must be a single value";
      problems.push({ origin: origin(node.place), path: key, message, allowed: "text or number" });
    } else if (node.value !== null) {
      const from: Origin = { kind: "file", file: file.path, ...node.place, key };
      flat.set(key, { text: node.text, origin: from });
    }
  }
  return { flat, problems };
}

function readEnvironment(
  environment: Readonly<Record<string, string>>,
): { flat: FlatSettings; warnings: string[] } {
  const flat = new Map<string, Given>();
  const warnings: string[] = [];
  for (const variable of BARE_VARIABLES) {
    const text = environment[variable];
    const origin: Origin = { kind: "environment", variable };
    if (text !== undefined) flat.set(variable.toLowerCase(), { text, origin });
  }
  for (const prefix of PREFIXES) {
    for (const [variable, text] of Object.entries(environment)) {
      if (!variable.startsWith(prefix)) continue;
      const name = variable.slice(prefix.length).toLowerCase();
      const key = ALL_KEYS.get(name);
      if (key !== undefined && key.use !== "ignored") {
        // meshpipe trims what it is given, Malla does not.
        const trimmed = prefix === "MESHPIPE_" ? text.trim() : text;
        flat.set(name, { text: trimmed, origin: { kind: "environment", variable } });
      } else if (key === undefined && name !== "config_file" && name.length > 5) {
        // Both peers ignore what they do not know, and compose files have variables of their own.
        const guess = nearest(name, ALL_KEYS.keys());
        if (guess === undefined) continue;
        const meant = prefix + guess.toUpperCase();
        warnings.push(
          `environment ${variable} is not known and has no effect; did you mean ${meant}?`,
        );
      }
    }
  }
  return { flat, warnings };
}

/** Without any file, a variable that tells a broker or a database means: in place of that peer. */
function dialectOfEnvironment(flat: FlatSettings): Dialect | undefined {
  const telling = [...flat].filter(([key]) => TELLING.test(key));
  if (telling.length === 0) return undefined;
  const meshpipe = telling.some(([, { origin }]) =>
    origin.kind === "environment" && origin.variable.startsWith("MESHPIPE_")
  );
  return meshpipe ? meshpipeDialect : mallaDialect;
}

function unserved(flat: FlatSettings): string[] {
  const given = [...flat].filter(([key]) => ALL_KEYS.get(key)?.use === "unserved");
  if (given.length === 0) return [];
  const names = given.map(([key, { origin }]) =>
    origin.kind === "environment" ? origin.variable : key
  );
  const { origin } = given[0]![1];
  const where = origin.kind === "file" ? origin.file : "environment";
  const reasons = new Set(given.map(([key]) => ALL_KEYS.get(key)!.meaning));
  const why = [...reasons].join("; ");
  return [`${where}: accepted but not served: ${names.join(", ")} (${why})`];
}
