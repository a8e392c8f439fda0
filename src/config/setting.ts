/** How a setting of the schema describes itself. @module */
import * as z from "zod/mini";

/** What a person needs to know of a setting beside its type and default. */
export interface SettingInfo {
  /** A few words, as a heading. */
  readonly title: string;
  /** Whole sentences. */
  readonly description: string;
  /** A value worth imitating. */
  readonly example: unknown;
  /** Unit of a number; absent where it has none. */
  readonly unit?: string;
  /** What is allowed, in words, where the type alone does not say it. */
  readonly allowed?: string;
  /** True for what must never be printed. */
  readonly secret?: boolean;
  /** True for an address that may hold a user name and a password. */
  readonly url?: boolean;
  /** Default in words, where it is not a plain value of the schema. */
  readonly defaultText?: string;
}

/**
 * Attaches `info` to a zod schema, where `schemaTree()` finds it, from which everything else
 * (environment names, documentation, masking) is derived. It goes into the JSON Schema, too; keywords of
 * our own begin with `x-`.
 */
export function setting<T extends z.ZodMiniType>(schema: T, info: SettingInfo): T {
  // zod drops `examples` of what it transforms; the generated JSON Schema gets them back.
  const extra: Record<string, unknown> = { "x-example": info.example };
  if (info.unit !== undefined) extra["x-unit"] = info.unit;
  if (info.allowed !== undefined) extra["x-allowed"] = info.allowed;
  if (info.secret === true) extra["x-secret"] = true;
  if (info.url === true) extra["x-url"] = true;
  if (info.defaultText !== undefined) extra["x-default"] = info.defaultText;
  // One schema in two places would describe both as the later one.
  if (z.globalRegistry.has(schema)) throw new Error(`${info.title} describes a setting anew`);
  z.globalRegistry.add(schema, { title: info.title, description: info.description, ...extra });
  return schema;
}
