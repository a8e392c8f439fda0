/** Everything that is fuzzed, by name. @module */
import { configTarget } from "./config_target.ts";
import { jsonlTarget } from "./jsonl_target.ts";
import { meshcoreTarget } from "./meshcore_target.ts";
import { meshtasticTarget } from "./meshtastic_target.ts";
import { mqttTarget } from "./mqtt_target.ts";
import type { FuzzTarget } from "./target.ts";

/** Makes a target; each has state of its own. */
export const targets: Readonly<Record<string, () => FuzzTarget | Promise<FuzzTarget>>> = {
  meshtastic: async () => await meshtasticTarget() as FuzzTarget,
  meshcore: () => meshcoreTarget() as FuzzTarget,
  mqtt: () => mqttTarget() as FuzzTarget,
  jsonl: () => jsonlTarget() as FuzzTarget,
  config: () => configTarget() as FuzzTarget,
};
