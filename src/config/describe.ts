/** Shows a loaded configuration, with the origin of each value and without secrets. @module */
import type { LoadedConfig } from "./load.ts";
import { masked, shownValue } from "./mask.ts";
import { type Origin, originText } from "./problem.ts";
import { settingAt } from "./tree.ts";

/** One setting as `meshcapture check --config-only` shows it. */
export interface SettingLine {
  /** Dotted path. */
  readonly path: string;
  /** Secrets are `***`, addresses have no user information. */
  readonly value: unknown;
  /** The value as text. */
  readonly shown: string;
  /** Who gave it. */
  readonly origin: Origin;
}

/** One line a setting that has a value, in the order of the schema. */
export function describeConfig(loaded: LoadedConfig<unknown>): SettingLine[] {
  const lines: SettingLine[] = [];
  for (const [path, origin] of loaded.origins) {
    const segments = path.split(".").map((part) => /^\d+$/.test(part) ? Number(part) : part);
    const node = settingAt(loaded.tree, segments);
    let value: unknown = loaded.config;
    for (const segment of segments) value = (value as Record<string | number, unknown>)[segment];
    lines.push({
      path,
      value: masked(node, value),
      shown: shownValue(node, value),
      origin,
    });
  }
  return lines;
}

/** The lines as a table for people: path, value, origin. */
export function describeAsText(loaded: LoadedConfig<unknown>): string {
  return table(describeConfig(loaded));
}

/** The table of what somebody has set, and how many settings have their defaults. */
export function describeGiven(
  loaded: LoadedConfig<unknown>,
): { readonly text: string; readonly defaults: number } {
  const lines = describeConfig(loaded);
  const given = lines.filter((line) => line.origin.kind !== "default");
  return { text: table(given), defaults: lines.length - given.length };
}

function table(lines: readonly SettingLine[]): string {
  const rows = lines.map((line) => [line.path, line.shown, originText(line.origin)] as const);
  const width = (column: 0 | 1) =>
    Math.max(0, ...rows.map((row) => Math.min(60, row[column].length)));
  const [first, second] = [width(0), width(1)];
  return rows.map(([path, value, origin]) =>
    `${path.padEnd(first)}  ${value.padEnd(second)}  ${origin}\n`
  ).join("");
}

/** The lines as JSON, for machines. */
export function describeAsJson(loaded: LoadedConfig<unknown>): string {
  const settings = describeConfig(loaded).map(({ path, value, origin }) => ({
    path,
    value,
    origin,
  }));
  const { file, dialect, warnings } = loaded;
  return `${JSON.stringify({ file: file ?? null, dialect, warnings, settings }, null, 2)}\n`;
}
