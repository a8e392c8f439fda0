/** The settings as the JSON Schema has them that zod makes: another way to the same tree. @module */
import type { SettingNode } from "../../src/config/tree.ts";

/** JSON Schema as far as it is needed here. */
export type JsonSchema = { readonly [key: string]: unknown };

/** Turns a JSON Schema into a tree of settings. */
export function jsonSchemaTree(schema: JsonSchema, required = false): SettingNode {
  const children = new Map<string, SettingNode>();
  const needed = new Set(schema["required"] as string[] | undefined ?? []);
  for (const [key, child] of Object.entries(schema["properties"] as object | undefined ?? {})) {
    children.set(key, jsonSchemaTree(child as JsonSchema, needed.has(key)));
  }
  const alternatives = (schema["anyOf"] as JsonSchema[] | undefined) ?? [schema];
  const types = new Set<string>();
  const choices: (string | number | boolean)[] = [];
  let min: number | undefined;
  let max: number | undefined;
  for (const one of alternatives) {
    if (typeof one["type"] === "string") types.add(one["type"]);
    if (Array.isArray(one["enum"])) choices.push(...one["enum"]);
    if ("const" in one) choices.push(one["const"] as string);
    if (one["type"] === "boolean" && alternatives.length > 1) choices.push(true, false);
    min ??= one["minimum"] as number | undefined ?? one["exclusiveMinimum"] as number | undefined;
    max ??= one["maximum"] as number | undefined;
  }
  return {
    kind: types.has("object") ? "group" : types.has("array") ? "list" : "value",
    children,
    ...(schema["items"] ? { item: jsonSchemaTree(schema["items"] as JsonSchema) } : {}),
    types,
    choices,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...("default" in schema ? { default: schema["default"] } : {}),
    ...textOf(schema, "x-default", "defaultText"),
    title: String(schema["title"] ?? ""),
    description: String(schema["description"] ?? ""),
    ...("x-example" in schema ? { example: schema["x-example"] } : {}),
    ...textOf(schema, "x-unit", "unit"),
    ...textOf(schema, "x-allowed", "allowed"),
    secret: schema["x-secret"] === true,
    url: schema["x-url"] === true,
    required,
  };
}

function textOf<K extends string>(schema: JsonSchema, key: string, as: K): { [k in K]?: string } {
  return typeof schema[key] === "string" ? { [as]: schema[key] } as { [k in K]: string } : {};
}
