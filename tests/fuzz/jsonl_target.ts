/** The reader of recordings: what it gives is a message as a broker could deliver it, or a problem. @module */
import { Buffer } from "node:buffer";
import type { RecordedEntry } from "../../src/recording/entry.ts";
import { formatLine, parseLine } from "../../src/recording/jsonl_line.ts";
import type { Random } from "../../src/traffic/random.ts";
import { hostileObject, hostileValue, JsonPairs, writeJson } from "./hostile_json.ts";
import { mutateText, randomBytes } from "./mutate.ts";
import { Counts, type FuzzTarget } from "./target.ts";

const KEYS = ["ts", "topic", "payload_b64", "qos", "retain", "source"];

/** Makes the target; its corpus is the recordings under tests/fixtures. */
export function jsonlTarget(): FuzzTarget<string> {
  const lines = ["meshtastic/meshtastic.jsonl", "meshcore/traffic.jsonl"].flatMap((path) =>
    Deno.readTextFileSync(new URL(`../fixtures/${path}`, import.meta.url)).trimEnd().split("\n")
  );
  const counts = new Counts();

  return {
    name: "jsonl",
    share: 1,
    make(random) {
      const line = random.pick(lines);
      const way = random.between(0, 9);
      if (way < 4) return mutateText(random, line);
      if (way === 4) return Buffer.from(randomBytes(random)).toString("latin1");
      if (way === 5) return writeJson(hostileObject(random, KEYS));
      return damagedFields(random, line);
    },
    // deno-lint-ignore require-await -- the others wait
    async check(inputs) {
      for (const text of inputs) {
        const entry = parseLine(text, 1, "recording");
        judge(entry);
        counts.add(entry.kind === "message" ? "message" : `problem: ${entry.reason}`);
      }
    },
    line: (text) => JSON.stringify(text),
    tally: () => counts.all(),
    stored: () => 0,
  };
}

function damagedFields(random: Random, line: string): string {
  const fields = Object.entries(JSON.parse(line) as object);
  for (let n = random.between(1, 3); n > 0; n--) {
    const key = random.chance(0.8) ? random.pick(KEYS) : "__proto__";
    const value = random.chance(0.3)
      ? mutateText(random, String(fields[random.between(0, fields.length - 1)]![1]))
      : hostileValue(random, KEYS);
    fields[random.between(0, fields.length)] = [key, value];
  }
  return writeJson(new JsonPairs(fields));
}

function judge(entry: RecordedEntry): void {
  if (entry.kind === "problem") return;
  const { topic, payload, receivedAt, source } = entry.message;
  if (!Number.isFinite(receivedAt) || receivedAt < 0) throw new Error(`time ${receivedAt}`);
  if (topic === "" || source === "" || !(payload instanceof Uint8Array)) {
    throw new Error("no message");
  }
  // What was read is written and read again as the same.
  const again = parseLine(formatLine(entry.message).trimEnd(), 1, "recording");
  if (again.kind !== "message" || again.message.topic !== topic) throw new Error("not read again");
}
