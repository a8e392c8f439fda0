/** The reference page of the configuration. @module */
import { stringify } from "yaml";
import { variableName } from "./environment.ts";
import { schemaTree } from "./schema_tree.ts";
import { configSchema } from "./schema.ts";
import type { Dialect, NetworkConfigSection } from "./section.ts";
import { allowedText, type SettingNode } from "./tree.ts";

/** `docs/configuration.md`: every setting, and the files and variables of the peers. */
export function referencePage(networks: readonly NetworkConfigSection[]): string {
  const tree = schemaTree(configSchema(networks));
  const parts = [INTRODUCTION];
  for (const [key, node] of tree.children) {
    if (node.kind === "value") continue;
    parts.push(`## \`${key}\`: ${node.title}\n\n${node.description}\n`, ...entries(key, node));
  }
  parts.push("## Other settings\n");
  for (const [key, node] of tree.children) if (node.kind === "value") parts.push(entry(key, node));
  const dialects = networks.flatMap((one) => one.dialects);
  if (dialects.length > 0) parts.push(PEERS, ...dialects.map(dialectTable));
  return `${parts.join("\n").trimEnd()}\n`;
}

const INTRODUCTION = `<!-- Generated from the schema by \`deno task docs\`. Do not edit. -->

# Configuration

Without any file, meshcapture listens to \`mqtt://127.0.0.1:1883\`. A file is named by \`--config\`, else
by the variable \`MESHCAPTURE_CONFIG\`, else it is \`config.yaml\` in the working directory, where there
is one. A file that is named and missing is an error. The file is YAML or JSON; \`config.yaml\` at the
top of the project is an example with every setting, and \`docs/config.schema.json\` lets an editor
complete and check it. \`meshcapture check --config-only\` shows every value and where it comes from.

A flag wins over a variable, a variable over the file, the file over the default.

**Variables** are \`MESHCAPTURE_\` and the path in capitals, with \`_\` between its parts:
\`MESHCAPTURE_STORAGE_BATCH_MAX=500\`, \`MESHCAPTURE_SOURCES_0_URL=mqtt://10.0.0.2\`. Elements of a list
count from 0. A whole list or group may be given as JSON:
\`MESHCAPTURE_MESHTASTIC_CHANNELS='[{"psk":"AQ=="}]'\`; a list replaces the one of the file. A list of
texts may also be written with commas. An empty variable counts as unset. Truth values are \`true\`,
\`yes\`, \`on\`, \`1\` and their opposites. A \`MESHCAPTURE_\` variable that is not known is an error.

**Flags**: \`--set storage.batch_max=500\` sets any path.

**Errors** are told all at once, each with file, line and column (or variable, or flag), path, value
and what is allowed. An unknown key is an error, and so is a key that stands twice. Passwords and keys
are never printed, addresses only without user name and password. A key without a value
(\`topics:\`) counts as unset.

In the paths below, \`N\` stands for a number from 0.
`;

const PEERS = `## Files and variables of other programs

A configuration file of a program that meshcapture replaces works as it is, and so does its environment.
Whose file it is shows by its keys; a file with keys of two programs is an error that says so, because
the same word need not mean the same in both. A key that such a file has but its program does not know
is an error here; but in CoreScope's file, which its server shares, it is left alone.

Which variables of CoreScope count, and when, is said above the table of its keys. Variables of Malla and
meshpipe count in any case: with their own file, with ours, or without a file. They
win over the file and yield to \`MESHCAPTURE_\` variables and flags. With a file of ours, they are laid
over its only Meshtastic source: address and port replace those of \`url\`, prefix and suffix replace
\`topics\`. Where our file has several Meshtastic sources, the \`MQTT_\` variables are an error, for it is
not clear which is meant. Without a file, a variable that names a broker, a topic, a key or a database
says that meshcapture stands in for that program: the program's own defaults then hold for the database and
the topics. Variables that these programs do not know either are ignored; one that looks like a
slip makes a warning.

Prefix and suffix of the topic are joined with one slash. \`msh\` and \`/+/+/+/#\` give \`msh/+/+/+/#\`,
which matches regions of any depth, but no topic with fewer than three levels after \`msh\`.

\`MESHPIPE_CONFIG_FILE\`, else \`MALLA_CONFIG_FILE\`, names the file where neither \`--config\` nor
\`MESHCAPTURE_CONFIG\` does.
`;

function entries(path: string, node: SettingNode): string[] {
  if (node.kind === "list" && node.item?.kind === "group") {
    const own = node.default === undefined || path.includes(".") ? [entry(path, node)] : [];
    return [...own, ...entries(`${path}.N`, node.item)];
  }
  return [...node.children].flatMap(([key, child]) => {
    const below = `${path}.${key}`;
    if (child.kind === "group") {
      return [
        `### \`${below}\`: ${child.title}\n\n${child.description}\n`,
        ...entries(below, child),
      ];
    }
    if (child.kind === "list" && child.item?.kind === "group") return entries(below, child);
    return [entry(below, child)];
  });
}

function entry(path: string, node: SettingNode): string {
  const unit = node.unit === undefined ? "" : ` (${node.unit})`;
  const byDefault = node.defaultText ??
    (node.required ? "none, it must be given" : value(node.default) ?? "unset");
  return [
    `### \`${path}\``,
    "",
    `**${node.title}.** ${node.description}`,
    "",
    `- Allowed: ${allowedText(node).replaceAll("|", "or")}${unit}`,
    `- Default: ${byDefault}`,
    `- Variable: \`${variableName(path).replace("_N_", "_<n>_")}\``,
    `- Example: \`${inline(path.split(".").at(-1)!, node.example)}\``,
    "",
  ].join("\n");
}

function value(one: unknown): string | undefined {
  if (one === undefined) return undefined;
  if (Array.isArray(one) && one.length === 0) return "none";
  return `\`${JSON.stringify(one)}\``;
}

function inline(key: string, one: unknown): string {
  return stringify({ [key]: one }, { lineWidth: 0, collectionStyle: "flow" })
    .trim().replace(/^\{ (.*) \}$/s, "$1");
}

function dialectTable(dialect: Dialect): string {
  const use = { served: "", ignored: "", unserved: "not served, warns: " };
  return [
    `### ${dialect.title}`,
    "",
    `Variables: ${dialect.environment}`,
    "",
    "| key | its default | here |",
    "|---|---|---|",
    ...dialect.keys.map((one) =>
      `| \`${one.key}\` | ${one.default === "" ? "" : `\`${one.default}\``} | ${
        use[one.use]
      }${one.meaning} |`
    ),
    "",
  ].join("\n");
}
