/**
 * Makes the files that describe the configuration from its schema, so that they cannot lie: JSON
 * Schema, reference page, example.
 *
 * @module
 */
import { stringify } from "yaml";
import * as z from "zod/mini";
import { configSchema } from "./schema.ts";
import type { NetworkConfigSection } from "./section.ts";
import { schemaTree } from "./schema_tree.ts";
import { referencePage } from "./reference_page.ts";
import { allowedText, type SettingNode } from "./tree.ts";

/** A generated file. */
export interface GeneratedFile {
  /** From the top of the project. */
  readonly path: string;
  /** The whole content. */
  readonly text: string;
}

/** All generated files of the configuration of `networks`. */
export function generateConfigFiles(networks: readonly NetworkConfigSection[]): GeneratedFile[] {
  return [
    { path: "docs/config.schema.json", text: jsonSchema(networks) },
    { path: "docs/configuration.md", text: referencePage(networks) },
    { path: "config.yaml", text: exampleFile(networks) },
  ];
}

/** JSON Schema of the configuration file, for editors. */
export function jsonSchema(networks: readonly NetworkConfigSection[]): string {
  const schema = z.toJSONSchema(configSchema(networks), {
    io: "input",
    override: ({ jsonSchema }) => {
      if (!("x-example" in jsonSchema)) return;
      jsonSchema.examples = [jsonSchema["x-example"]];
      delete jsonSchema["x-example"];
    },
  });
  const titled = {
    $schema: schema.$schema,
    title: "Configuration of meshcapture",
    ...schema,
  };
  return `${JSON.stringify(titled, null, 2)}\n`;
}

const HEAD = `# yaml-language-server: $schema=docs/config.schema.json
#
# Configuration of meshcapture. Every setting stands here with its default, so the file works as it is
# with a broker on this machine, and every line may be deleted. What is commented out has no default.
# docs/configuration.md explains each setting and its environment variable.
`;

/** The commented example: every setting, at its default. */
export function exampleFile(networks: readonly NetworkConfigSection[]): string {
  const tree = schemaTree(configSchema(networks));
  const lines: string[] = [HEAD.trimEnd()];
  for (const [key, node] of tree.children) {
    lines.push("", ...example(key, node, 0, networks));
  }
  return `${lines.join("\n")}\n`;
}

function example(
  key: string,
  node: SettingNode,
  depth: number,
  networks: readonly NetworkConfigSection[],
): string[] {
  const pad = "  ".repeat(depth);
  const comment = wrap(node.description, 98 - pad.length).map((line) => `${pad}# ${line}`);
  if (node.kind === "group") {
    const inner = [...node.children].flatMap(([name, child]) =>
      example(name, child, depth + 1, networks)
    );
    // A group without a live line would be empty, which YAML reads as null; that is fine, too.
    return [...comment, `${pad}${key}:`, ...inner];
  }
  if (node.kind === "list" && node.item?.kind === "group" && depth === 0) {
    const inner = [...node.item.children].flatMap(([name, child]) =>
      example(name, child, 2, networks)
    );
    const first = inner.findIndex((line) => !line.trimStart().startsWith("#"));
    const dash = inner[first]!.replace(/^ {4}/, "  - ");
    return [
      ...comment,
      `${pad}${key}:`,
      ...inner.slice(0, first).map((line) => line.slice(2)),
      dash,
      ...inner.slice(first + 1),
    ];
  }
  const allowed = node.choices.length > 1 ? [`${pad}# ${allowedText(node)}`] : [];
  const about = [...comment, ...allowed];
  const value = key === "topics" ? networks[0]!.defaultTopics : node.default;
  const hidden = value === undefined || (Array.isArray(value) && value.length === 0);
  const text = stringify({ [key]: hidden ? node.example : value }, { lineWidth: 0 }).trimEnd();
  const mark = hidden ? "# " : "";
  return [...about, ...text.split("\n").map((line) => `${pad}${mark}${line}`)];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
