/** docs/troubleshooting.md has a line for every reason that health can give. */
import assert from "node:assert/strict";
import { nextSteps } from "../../src/cli/init_text.ts";
import { REFUSAL_REASONS } from "../../src/mqtt/broker_access.ts";
import { fromFileUrl } from "../helpers/paths.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));
const PAGE = Deno.readTextFileSync(`${TOP}docs/troubleshooting.md`);

/** The members of a union of strings, as its source has them. */
function members(file: string, type: string): string[] {
  const source = Deno.readTextFileSync(TOP + file);
  const body = new RegExp(`type ${type} =([^;]+);`).exec(source)![1]!;
  return [...body.matchAll(/"(\w+)"/g)].map(([, name]) => name!);
}

for (
  const [file, type] of [
    ["src/mqtt/source_types.ts", "SourceProblemReason"],
    ["src/capture/network.ts", "StorageReason"],
    ["src/capture/network.ts", "GapReason"],
    ["src/mqtt/watchdog.ts", "WatchdogKind"],
  ] as const
) {
  Deno.test(`docs/troubleshooting.md says what to do about every ${type}`, () => {
    const names = members(file, type);
    assert.ok(names.length > 1);
    for (const name of names) assert.ok(PAGE.includes(`\`${name}\``), name);
  });
}

Deno.test("docs/troubleshooting.md says what to do about every refusal of the embedded broker", () => {
  for (const reason of REFUSAL_REASONS) assert.ok(PAGE.includes(`\`${reason}\``), reason);
});

Deno.test("docs/quickstart-pi.md and docs/embedded-broker.md name what init prints and settings that exist", () => {
  const quick = Deno.readTextFileSync(`${TOP}docs/quickstart-pi.md`);
  const printed = nextSteps({
    networks: ["meshtastic", "meshcore"],
    host: "192.168.1.23",
    port: 1883,
    username: "radio",
    password: "as-printed",
    token: "as-printed",
    http: ":2112",
    iata: "SJC",
    region: "EU_868",
  }, "config.yaml");
  const names = printed.flatMap((line) => /^ {2}([A-Z][A-Za-z ]+?) {2}/.exec(line)?.slice(1) ?? []);
  assert.ok(names.includes("Root Topic"), printed.join("\n"));
  for (const name of names) assert.ok(quick.includes(name), name);
  for (const line of printed.filter((one) => one.startsWith("  set mqtt"))) {
    assert.ok(quick.includes(line.trim()), line);
  }
  const reference = Deno.readTextFileSync(`${TOP}docs/configuration.md`);
  const broker = Deno.readTextFileSync(`${TOP}docs/embedded-broker.md`);
  for (const [, name] of broker.matchAll(/`((?:max|allow)_[a-z_]+)`/g)) {
    assert.ok(reference.includes(`.${name}`) || reference.includes(`\`${name}`), name!);
  }
});
