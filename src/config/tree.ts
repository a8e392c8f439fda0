/**
 * The settings as a tree (`schema_tree.ts` makes it of the schema). Environment names, suggestions,
 * coercion, masking, the reference page and the example all walk this tree.
 *
 * @module
 */

/** One setting, or a group of them. */
export interface SettingNode {
  /** A group has children, a list has an item. */
  readonly kind: "group" | "list" | "value";
  /** Settings of a group. */
  readonly children: ReadonlyMap<string, SettingNode>;
  /** What the elements of a list are. */
  readonly item?: SettingNode;
  /** JSON types of a value: `string`, `integer`, `number`, `boolean`. */
  readonly types: ReadonlySet<string>;
  /** Closed set of values, where there is one and no other alternative. */
  readonly choices: readonly (string | number | boolean)[];
  /** Smallest number allowed. */
  readonly min?: number;
  /** Largest number allowed. */
  readonly max?: number;
  /** Default, as it is written in a file. */
  readonly default?: unknown;
  /** Default in words. */
  readonly defaultText?: string;
  /** A few words. */
  readonly title: string;
  /** Whole sentences. */
  readonly description: string;
  /** A value worth imitating. */
  readonly example?: unknown;
  /** Unit of a number. */
  readonly unit?: string;
  /** What is allowed, in words. */
  readonly allowed?: string;
  /** True for what must never be printed. */
  readonly secret: boolean;
  /** True for an address that may hold user information. */
  readonly url: boolean;
  /** True where there is no default and it must be given. */
  readonly required: boolean;
}

/** The node at a path, whatever the indexes; undefined for a path that leads nowhere. */
export function settingAt(
  tree: SettingNode,
  path: readonly (string | number)[],
): SettingNode | undefined {
  let node: SettingNode | undefined = tree;
  for (const segment of path) {
    if (node === undefined) return undefined;
    node = node.kind === "list"
      ? (typeof segment === "number" ? node.item : undefined)
      : node.children.get(String(segment));
  }
  return node;
}

/** True when the node or something below it must not be printed. */
export function holdsSecret(node: SettingNode | undefined): boolean {
  if (node === undefined) return false;
  if (node.secret || node.url || holdsSecret(node.item)) return true;
  for (const child of node.children.values()) if (holdsSecret(child)) return true;
  return false;
}

/** What a setting may be, in words. */
export function allowedText(node: SettingNode): string {
  if (node.allowed !== undefined) return node.allowed;
  if (node.choices.length > 0) return node.choices.join(" | ");
  if (node.kind === "group") return `a group of settings: ${[...node.children.keys()].join(", ")}`;
  if (node.kind === "list") {
    const item = node.item;
    if (item?.kind === "group") return `a list of groups: ${[...item.children.keys()].join(", ")}`;
    return `a list of: ${item ? allowedText(item) : "values"}`;
  }
  if (node.types.has("boolean")) return "true | false";
  if (node.types.has("integer") || node.types.has("number")) {
    const what = node.types.has("integer") ? "a whole number" : "a number";
    const range = node.max !== undefined && node.max < Number.MAX_SAFE_INTEGER
      ? `, ${node.min ?? 0} to ${node.max}`
      : node.min === undefined
      ? ""
      : `, at least ${node.min}`;
    return what + range;
  }
  return "text (in quotes where it looks like a number)";
}
