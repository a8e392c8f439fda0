import assert from "node:assert/strict";
import { generateConfigFiles } from "../../src/config/generate.ts";
import { schemaTree } from "../../src/config/schema_tree.ts";
import { configSchema } from "../../src/config/schema.ts";
import type { SettingNode } from "../../src/config/tree.ts";
import { fromFileUrl } from "../helpers/paths.ts";
import { loadOk, NETWORKS } from "./load_helper.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));

Deno.test("generateConfigFiles() gives exactly the files that are checked in", () => {
  for (const { path, text } of generateConfigFiles(NETWORKS)) {
    assert.equal(Deno.readTextFileSync(TOP + path), text, `${path}: run deno task docs`);
  }
});

Deno.test("the example file loads to the defaults", () => {
  const text = Deno.readTextFileSync(`${TOP}config.yaml`);
  const loaded = loadOk({ files: { "config.yaml": text } });
  assert.deepEqual(loaded.config, loadOk().config);
  assert.deepEqual(loaded.warnings, []);
});

Deno.test("every line of the example that is commented out is a setting that can be used", () => {
  const all = Deno.readTextFileSync(`${TOP}config.yaml`)
    .replace(/^( *)# ((?: {2})*(?:- )?(?:[a-z_]+:(?: \S+)?|[A-Z]{3}))$/gm, "$1$2")
    // Of what excludes each other the example shows both.
    .replace(
      /^.*\b(password_file|token_file|private_key|private_key_file|public_key|audience):.*$/gm,
      "",
    )
    .replace("max_attempts: 100", "max_attempts: 101")
    .replace(": mqtt://", ": mqtts://");
  // A source is one of one network; the example is Meshtastic's.
  const text = all.replace(/^ *iata_filter:(?:\n *- [A-Z]{3})+$/m, "").replace(
    /^ *region: SJC$/m,
    "",
  );
  const other = all.replace("network: meshtastic", "network: meshcore").replace(
    "msh/#",
    "meshcore/#",
  );
  const [theirs] = loadOk({ files: { "config.yaml": other } }).config.sources;
  assert.deepEqual({ ...theirs, tls: undefined }, {
    ...theirs,
    tls: undefined,
    iata_filter: ["SJC", "SFO"],
    region: "SJC",
  });
  const { config, warnings } = loadOk({ files: { "config.yaml": text } });
  const source = config.sources[0]!;
  assert.equal(source.client_id, "meshcapture-attic");
  assert.equal(source.password, "large4cats");
  assert.equal(source.reconnect.max_attempts, 101);
  assert.equal(source.tls.key_file, "/etc/meshcapture/client.key");
  assert.deepEqual(config.meshtastic.channels, [{ name: "MyPrivate", psk: "AQ==" }]);
  assert.deepEqual(warnings, []);
});

Deno.test("every setting has title, description and example, and a default or a word about it", () => {
  const visit = (node: SettingNode, path: string) => {
    for (const [key, child] of node.children) visit(child, path === "" ? key : `${path}.${key}`);
    if (node.item?.kind === "group") visit(node.item, `${path}.N`);
    if (path === "") return;
    assert.ok(node.title !== "", `${path}: title`);
    assert.ok(node.description !== "", `${path}: description`);
    if (node.kind === "group") return;
    assert.ok(node.example !== undefined, `${path}: example`);
    const numeric = node.types.has("integer");
    if (numeric && node.choices.length === 0) assert.ok(node.unit, `${path}: unit`);
  };
  visit(schemaTree(configSchema(NETWORKS)), "");
});
