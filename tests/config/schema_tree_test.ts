import assert from "node:assert/strict";
import * as z from "zod/mini";
import { configSchema } from "../../src/config/schema.ts";
import { schemaTree } from "../../src/config/schema_tree.ts";
import { configSections } from "../../src/networks.ts";
import { type JsonSchema, jsonSchemaTree } from "../helpers/json_schema_tree.ts";

/** The tree by way of zod's own JSON Schema. */
function byJsonSchema(schema: z.ZodMiniType) {
  return jsonSchemaTree(z.toJSONSchema(schema, { io: "input" }) as JsonSchema);
}

Deno.test("the tree of settings is what zod's JSON Schema says, of every setting there is", () => {
  const schema = configSchema(configSections);
  assert.deepEqual(schemaTree(schema), byJsonSchema(schema));
});

Deno.test("the tree of settings knows wrapped, chosen and bounded values", () => {
  const schema = z.strictObject({
    wrapped: z.optional(z.pipe(z._default(z.int().check(z.gte(3)), 5), z.transform(String))),
    chosen: z.union([z.literal(["a", "b"]), z.boolean(), z.number().check(z.lte(9))]),
    pair: z.tuple([z.number(), z.number()]),
    items: z.array(z.strictObject({ name: z.string(), many: z.array(z.enum(["x", "y"])) })),
  });
  const tree = schemaTree(schema);
  assert.deepEqual(tree, byJsonSchema(schema));
  const child = (name: string) => tree.children.get(name)!;
  assert.deepEqual([child("wrapped").default, child("wrapped").min], [5, 3]);
  assert.deepEqual(child("wrapped").required, false);
  assert.deepEqual(child("chosen").required, true);
  assert.deepEqual(child("chosen").choices, ["a", "b", true, false]);
});

Deno.test("a schema that no setting can have is refused", () => {
  assert.throws(() => schemaTree(z.strictObject({ when: z.date() })), /zod.s type date/);
});
