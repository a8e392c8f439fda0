/** Loads configurations of both networks from files that exist only in a test. @module */
import assert from "node:assert/strict";
import { loadConfig, type LoadedConfig, type LoadInput } from "../../src/config/load.ts";
import { ConfigError, type ConfigProblem } from "../../src/config/problem.ts";
import type { ConfigOf } from "../../src/config/schema.ts";
import { meshcoreConfigSection } from "../../src/meshcore/config.ts";
import { meshtasticConfigSection } from "../../src/meshtastic/config.ts";

export const NETWORKS = [meshtasticConfigSection, meshcoreConfigSection] as const;
export type Loaded = LoadedConfig<ConfigOf<typeof NETWORKS>>;

type Given = Partial<LoadInput> & { files?: Record<string, string> };

/** Loads; files are found under `/etc/mesh/`. */
export function load(given: Given): Loaded | ConfigError {
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
export function loadOk(given: Given): Loaded {
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

/** `config.yaml` with this text. */
export function yaml(text: string): Given {
  return { files: { "config.yaml": text } };
}

/** CoreScope's file with these keys, or as this text, and the environment. */
export function corescope(
  content: Record<string, unknown> | string,
  env: Record<string, string> = {},
): Given {
  const text = typeof content === "string" ? content : JSON.stringify(content, null, 1);
  return { files: { "config.json": text }, configFile: "config.json", env };
}
