/** The readers of configuration files: ours and those of the three peers. @module */
import { ConfigError } from "../../src/config/problem.ts";
import { loadConfig } from "../../src/config/load.ts";
import { describeAsText } from "../../src/config/describe.ts";
import { configSections } from "../../src/networks.ts";
import type { Random } from "../../src/traffic/random.ts";
import { hostileValue, JsonPairs, writeJson } from "./hostile_json.ts";
import { hostileText, mutateText } from "./mutate.ts";
import { Counts, type FuzzTarget } from "./target.ts";

const KEYS = [
  "sources",
  "mqttSources",
  "url",
  "broker",
  "topics",
  "storage",
  "meshtastic",
  "meshcore",
  "channels",
  "channelKeys",
  "hashChannels",
  "mqtt_broker_address",
  "default_channel_key",
  "geo_filter",
  "retention",
];

const MALLA = `mqtt_broker_address: "127.0.0.1"
mqtt_port: 1883
mqtt_topic_prefix: "msh"
mqtt_topic_suffix: "/+/+/+/#"
default_channel_key: "1PG7OiApB1nwvP+rz05pAQ=="
database_file: "meshtastic_history.db"
`;

/** Makes the target; a configuration takes a thousand times as long as a message. */
export function configTarget(): FuzzTarget<string> {
  const read = (path: string) => Deno.readTextFileSync(new URL(path, import.meta.url));
  const corescope = read("../fixtures/meshcore/config.json");
  const files = [read("../../config.yaml"), corescope, MALLA, OWN];
  const counts = new Counts();

  return {
    name: "config",
    share: 0.001,
    make(random) {
      const way = random.between(0, 9);
      if (way < 5) return mutateText(random, random.pick(files));
      if (way === 5) return writeJson(hostileValue(random, KEYS));
      return damagedFields(random, random.pick([corescope, OWN]));
    },
    // deno-lint-ignore require-await -- the others wait
    async check(inputs) {
      for (const text of inputs) {
        const loaded = loadConfig(configSections, {
          cwd: "/etc/mesh",
          readFile: (path) => {
            if (path.endsWith("/config.yaml")) return text;
            throw Object.assign(new Error("gone"), { name: "NotFound" });
          },
        });
        if (loaded instanceof ConfigError) {
          if (loaded.problems.length === 0) throw new Error("refused without a problem");
          counts.add("refused");
        } else {
          describeAsText(loaded);
          counts.add(`accepted: ${loaded.dialect}`);
        }
      }
    },
    line: (text) => JSON.stringify(text),
    tally: () => counts.all(),
    stored: () => 0,
  };
}

const OWN = JSON.stringify({
  sources: [{ name: "home", url: "mqtts://h:8883", topics: ["msh/#"], tls: { verify: false } }],
  meshtastic: { database: "a.db", channels: [{ name: "LongFast", psk: "AQ==" }] },
  meshcore: { hash_channels: ["#test"], channel_keys: [{ name: "x", key: "00".repeat(16) }] },
  storage: { batch_max: 500, commit_interval_ms: 0 },
});

/** One to three values, wherever they are, become something else. */
function damagedFields(random: Random, text: string): string {
  const whole = JSON.parse(text) as Record<string, unknown>;
  for (let n = random.between(1, 3); n > 0; n--) {
    let holder = whole;
    for (;;) {
      const key = random.pick(Object.keys(holder));
      const below = holder[key];
      const open = isPlain(below) && Object.keys(below).length > 0;
      if (open && random.chance(0.7)) {
        holder = below as Record<string, unknown>;
        continue;
      }
      holder[key] = random.chance(0.3) ? hostileText(random) : hostileValue(random, KEYS);
      break;
    }
  }
  return writeJson(withHostileKey(random, whole));
}

/** What was put there as the text of an object is not taken apart again. */
function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null &&
    (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);
}

function withHostileKey(random: Random, whole: Record<string, unknown>): unknown {
  if (random.chance(0.8)) return whole;
  const key = random.chance(0.5) ? "__proto__" : hostileText(random);
  return new JsonPairs([...Object.entries(whole), [key, hostileValue(random, KEYS)]]);
}
