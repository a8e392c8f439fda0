/** Loads a configuration from files that exist only in a test. @module */
import assert from "node:assert/strict";
import { loadConfig, type LoadedConfig, type LoadInput } from "../../src/config/load.ts";
import { ConfigError, type ConfigProblem } from "../../src/config/problem.ts";
import type { ConfigOf } from "../../src/config/schema.ts";
import { configSections } from "../../src/networks.ts";

/** Every network's part, as the commands load them. */
export const NETWORKS: typeof configSections = configSections;
export type Loaded = LoadedConfig<ConfigOf<typeof NETWORKS>>;

type Given = Partial<LoadInput> & { files?: Record<string, string> };

/** Loads; files are found under `/etc/mesh/`. */
export function load(given: Given = {}): Loaded | ConfigError {
  const { files = {}, ...input } = given;
  return loadConfig(NETWORKS, {
    cwd: "/etc/mesh",
    readFile: (path) => {
      const text = files[path.replace("/etc/mesh/", "")];
      if (text === undefined) throw Object.assign(new Error("gone"), { name: "NotFound" });
      return text;
    },
    ...input,
  });
}

/** Loads what must be accepted. */
export function loadOk(given: Given = {}): Loaded {
  const loaded = load(given);
  if (loaded instanceof ConfigError) throw loaded;
  return loaded;
}

/** Loads what must be refused. */
export function loadBad(given: Given): readonly ConfigProblem[] {
  const loaded = load(given);
  assert.ok(loaded instanceof ConfigError, "it was accepted");
  return loaded.problems;
}

/** Loads `config.yaml` with this text. */
export const yaml = (text: string, more: Given = {}): Given => ({
  ...more,
  files: { "config.yaml": text },
});
