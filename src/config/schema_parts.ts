/**
 * The parts that the schema's settings are put together from. All of the schema is made with
 * `zod/mini`: the same zod, but its objects bring no methods, which cost 2.5 MB and 20 ms at every start.
 *
 * @module
 */
import * as z from "zod/mini";

/** A heading and whole sentences about a group of settings. */
export type GroupInfo = Readonly<Record<"title" | "description", string>>;

/** A group of settings that refuses unknown ones; it cannot be left out. */
export function object<T extends z.core.$ZodShape>(
  shape: T,
  about: GroupInfo,
): z.ZodMiniObject<T, z.core.$strict> {
  return z.strictObject(shape).register(z.globalRegistry, about);
}

/** A group of settings that refuses unknown ones; left out, its settings have their defaults. */
export function group<T extends z.core.$ZodShape>(
  shape: T,
  about: GroupInfo,
): z.ZodMiniPrefault<z.ZodMiniObject<T, z.core.$strict>> {
  const nothing = {} as z.input<z.ZodMiniObject<T, z.core.$strict>>;
  return z.prefault(z.strictObject(shape), nothing).register(z.globalRegistry, about);
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): z.ZodMiniNumberFormat {
  return z.int().check(z.gte(min), z.lte(max));
}

/** A number from `min` to `max`. */
export function numeric(min: number, max: number): z.ZodMiniNumber<number> {
  return z.number().check(z.gte(min), z.lte(max));
}

/** Text of `min` to `max` characters (UTF-16 code units). */
export function characters(min: number, max: number): z.ZodMiniString {
  const bounded = z.string().check(z.maxLength(max));
  return min === 0 ? bounded : bounded.check(z.minLength(min));
}

/** Text without control characters, of at most `max` characters and at least `min`. */
export function text(max: number, min = 1): z.ZodMiniString {
  const plain = z.refine<string>((v) => !/\p{Cc}/u.test(v), "holds a control character");
  return characters(min, max).check(plain);
}

/** Text that `pattern` matches; `fault` says in words what other text is not. */
export function matching(pattern: RegExp, fault?: string): z.ZodMiniString {
  return z.string().check(z.regex(pattern, fault));
}

/** Text in which `fault` finds nothing wrong. */
export function judged(fault: (text: string) => string | undefined): z.ZodMiniString {
  return z.string().check(z.superRefine((value, context) => {
    const message = fault(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  }));
}

/** A list of at most `max` elements, and of at least `min`: by default of none. */
export function list<T extends z.core.SomeType>(item: T, max: number, min = 0): z.ZodMiniArray<T> {
  const bounded = z.array(item).check(z.maxLength(max));
  return min === 0 ? bounded : bounded.check(z.minLength(min));
}
