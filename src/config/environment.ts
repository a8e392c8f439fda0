/** Settings from `MESHCAPTURE_` variables and from flags. @module */
import { coerceText } from "./coerce.ts";
import { assignmentsFrom, settingPaths } from "./layers.ts";
import { nearest } from "./nearest.ts";
import type { ConfigProblem, Origin } from "./problem.ts";
import { rawFromJson } from "./raw.ts";
import type { Assignment } from "./section.ts";
import { allowedText, settingAt, type SettingNode } from "./tree.ts";

/** Prefix of our own variables. */
export const ENV_PREFIX = "MESHCAPTURE_";

/** Variable that names the configuration file. */
export const CONFIG_VARIABLE = "MESHCAPTURE_CONFIG";

/** More elements than this in one list are a slip, not a wish. */
const MAX_INDEX = 999;

type Path = (string | number)[];

/** The variable of a dotted path: `storage.batch_max` → `MESHCAPTURE_STORAGE_BATCH_MAX`. */
export function variableName(path: string): string {
  return ENV_PREFIX + path.replaceAll(".", "_").toUpperCase();
}

/** Reads all `MESHCAPTURE_` variables. Whole lists come first, then single elements of them. */
export function readEnvironment(
  environment: Readonly<Record<string, string>>,
  tree: SettingNode,
): { assignments: Assignment[]; problems: ConfigProblem[] } {
  const found: { path: Path; text: string; origin: Origin }[] = [];
  const problems: ConfigProblem[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(ENV_PREFIX) || variable === CONFIG_VARIABLE || text === "") continue;
    const origin: Origin = { kind: "environment", variable };
    const path = pathOfVariable(variable.slice(ENV_PREFIX.length), tree);
    if (path !== undefined) found.push({ path, text, origin });
    else problems.push({ origin, path: "", message: `unknown variable${guess(variable, tree)}` });
  }
  return collect(found, tree, problems);
}

/**
 * Reads values from the command line by dotted path (`sources.0.url`, also `sources[0].url`).
 * `flagNames` names the flag that gave a path, where it is not `--set`.
 */
export function readOverrides(
  overrides: Readonly<Record<string, string>>,
  flagNames: Readonly<Record<string, string>>,
  tree: SettingNode,
): { assignments: Assignment[]; problems: ConfigProblem[] } {
  const found: { path: Path; text: string; origin: Origin }[] = [];
  const problems: ConfigProblem[] = [];
  for (const [dotted, text] of Object.entries(overrides)) {
    const flag = Object.hasOwn(flagNames, dotted) ? flagNames[dotted]! : `--set ${dotted}`;
    const origin: Origin = { kind: "flag", flag };
    const path: Path = dotted.replace(/\[(\d+)\]/g, ".$1").split(".")
      .map((part) => /^\d{1,9}$/.test(part) ? Number(part) : part);
    const tooLarge = path.some((part) => typeof part === "number" && part > MAX_INDEX);
    if (settingAt(tree, path) !== undefined && dotted !== "" && !tooLarge) {
      found.push({ path, text, origin });
      continue;
    }
    const near = nearest(dotted, settingPaths(tree).map((one) => one.replace(".N", ".0")));
    const hint = near === undefined ? "" : `; did you mean \`${near}\`?`;
    problems.push({ origin, path: dotted, message: `unknown setting${hint}` });
  }
  return collect(found, tree, problems);
}

function collect(
  found: { path: Path; text: string; origin: Origin }[],
  tree: SettingNode,
  problems: ConfigProblem[],
): { assignments: Assignment[]; problems: ConfigProblem[] } {
  const assignments: Assignment[] = [];
  found.sort((a, b) =>
    a.path.length - b.path.length || compare(a.path.join("."), b.path.join("."))
  );
  for (const { path, text, origin } of found) {
    const setting = settingAt(tree, path)!;
    if (setting.kind === "value") {
      assignments.push({ path, value: coerceText(setting, text), origin });
      continue;
    }
    const value = parseStructure(setting, text);
    if (value === undefined) {
      problems.push({
        origin,
        path: path.join("."),
        message: "is not valid JSON",
        allowed: `JSON: ${allowedText(setting)}`,
      });
      continue;
    }
    const inner = assignmentsFrom(rawFromJson(value), tree, path, () => origin);
    assignments.push(...inner.assignments);
    problems.push(...inner.problems);
  }
  return { assignments, problems };
}

/** A list or group as JSON; a list of texts also with commas. Undefined: not readable. */
function parseStructure(setting: SettingNode, text: string): unknown {
  const trimmed = text.trim();
  const isJson = trimmed.startsWith("[") || trimmed.startsWith("{");
  if (!isJson && setting.kind === "list" && setting.item?.kind === "value") {
    return trimmed.split(",").map((one) => one.trim()).filter((one) => one !== "");
  }
  try {
    const value: unknown = JSON.parse(trimmed);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined; // The parser's message would quote the text, which may be a secret.
  }
}

/** Names hold underscores themselves, so the tree decides where one level ends. */
function pathOfVariable(rest: string, node: SettingNode): Path | undefined {
  if (node.kind === "list") {
    const match = /^(0|[1-9]\d{0,2})(?:_(.+))?$/.exec(rest);
    if (match === null || node.item === undefined) return undefined;
    const index = Number(match[1]);
    if (match[2] === undefined) return [index];
    const below = pathOfVariable(match[2], node.item);
    return below && [index, ...below];
  }
  for (const [key, child] of node.children) {
    const name = key.toUpperCase();
    if (rest === name) return [key];
    if (rest.startsWith(`${name}_`)) {
      const below = pathOfVariable(rest.slice(name.length + 1), child);
      if (below !== undefined) return [key, ...below];
    }
  }
  return undefined;
}

function guess(variable: string, tree: SettingNode): string {
  const index = /_(\d{1,3})(?=_|$)/.exec(variable)?.[1] ?? "0";
  const known = settingPaths(tree).map((path) => variableName(path.replace(".N", `.${index}`)));
  const near = nearest(variable.slice(ENV_PREFIX.length), [
    ...known.map((name) => name.slice(ENV_PREFIX.length)),
    CONFIG_VARIABLE.slice(ENV_PREFIX.length),
  ]);
  return near === undefined ? "" : `; did you mean ${ENV_PREFIX}${near}?`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
