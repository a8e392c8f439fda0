/** Loads the configuration for a command, saying what is wrong with it. @module */
import type { LoadedConfig } from "../config/load.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigError, problemText } from "../config/problem.ts";
import { configSections } from "../networks.ts";
import type { ServiceConfig } from "./service.ts";
import type { Terminal } from "./terminal.ts";

/** Options that every command with a configuration takes. */
export interface ConfigOptions {
  /**
   * Path of the configuration file; otherwise the variable's, otherwise `config.yaml` if there is
   * one.
   */
  readonly config?: string;
  /** `--set path=value`, any number. */
  readonly set?: readonly string[];
}

/** A configuration that a service can run on. */
export type Settings = LoadedConfig<ServiceConfig>;

/** Splits `path=value`; undefined where there is no `=`. */
export function parseOverride(text: string): readonly [string, string] | undefined {
  const at = text.indexOf("=");
  return at <= 0 ? undefined : [text.slice(0, at).trim(), text.slice(at + 1)];
}

/** {@linkcode readSettings}, whose warnings are printed. */
export function loadSettings(terminal: Terminal, options: ConfigOptions): Settings | undefined {
  const loaded = readSettings(terminal, options);
  for (const warning of loaded?.warnings ?? []) terminal.note(`warning: ${warning}`);
  return loaded;
}

/**
 * Loads the configuration; prints every problem and returns undefined when it cannot be used.
 * Warnings are left to the caller. `extra` are a command's own flags as settings.
 */
export function readSettings(
  terminal: Terminal,
  options: ConfigOptions,
  extra: Readonly<Record<string, string>> = {},
  flagNames: Readonly<Record<string, string>> = {},
): Settings | undefined {
  const overrides: Record<string, string> = {};
  for (const text of options.set ?? []) {
    const pair = parseOverride(text);
    if (pair === undefined) {
      terminal.note(`--set ${text}: expected path=value, such as --set storage.batch_max=500`);
      return undefined;
    }
    overrides[pair[0]] = pair[1];
  }
  const loaded = loadConfig(configSections, {
    env: terminal.env,
    readFile: (path) => terminal.readFile(path),
    cwd: terminal.cwd,
    ...(options.config === undefined ? {} : { configFile: options.config }),
    overrides: { ...overrides, ...extra },
    flagNames,
  });
  if (loaded instanceof ConfigError) {
    for (const problem of loaded.problems) terminal.note(problemText(problem));
    const n = loaded.problems.length;
    terminal.note(`the configuration cannot be used: ${n} problem${n === 1 ? "" : "s"}`);
    return undefined;
  }
  return loaded as unknown as Settings;
}
