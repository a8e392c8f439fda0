/**
 * CoreScope's `config.json` as settings of ours, but for its sources.
 *
 * @module
 */
import { type ConfigProblem, type Origin, originText } from "../config/problem.ts";
import type { RawNode } from "../config/raw.ts";
import type { Assignment } from "../config/section.ts";

/** Place of a setting of ours: its keys from the top. */
export type SettingPath = readonly (string | number)[];
type Kind = "text" | "number" | "flag";

const WORDS: Readonly<Record<Kind, string>> = {
  text: "text",
  number: "a number",
  flag: "true | false",
};

/** Values of a file with their places, and what is collected while they are read. */
export class CorescopeFile {
  /** What the file sets, in the order in which it was read. */
  readonly assignments: Assignment[] = [];
  /** Why the file cannot be used; empty when it can. */
  readonly problems: ConfigProblem[] = [];
  /** What has no effect here, or another than with CoreScope, a line each. */
  readonly warnings: string[] = [];

  /** Nothing read yet. `file`: path of the file, as problems name it. */
  constructor(readonly file: string) {}

  /** A key of an object, whatever its case (as Go reads it); `null` counts as absent. */
  get(node: RawNode | undefined, key: string): RawNode | undefined {
    if (node?.kind !== "map") return undefined;
    const lower = key.toLowerCase();
    const entry = node.entries.findLast((one) => one.key === key) ??
      node.entries.findLast((one) => one.key.toLowerCase() === lower);
    const found = entry?.node;
    return found?.kind === "scalar" && found.value === null ? undefined : found;
  }

  /** An object; something else is a problem. */
  group(node: RawNode | undefined, key: string): RawNode | undefined {
    const found = this.get(node, key);
    if (found === undefined || found.kind === "map") return found;
    return this.refuse(found, key, "must be an object");
  }

  /** The elements of a list; something else is a problem. */
  list(node: RawNode | undefined, key: string): readonly RawNode[] | undefined {
    const found = this.get(node, key);
    if (found === undefined || found.kind === "list") return found?.items;
    return this.refuse(found, key, "must be a list");
  }

  /** Text, a number or a truth value at `key`; something else is a problem, as it is for CoreScope. */
  text(node: RawNode | undefined, key: string): string | undefined {
    return this.#scalar(this.get(node, key), key, "text") as string | undefined;
  }

  /** See {@linkcode text}. */
  number(node: RawNode | undefined, key: string): number | undefined {
    return this.#scalar(this.get(node, key), key, "number") as number | undefined;
  }

  /** See {@linkcode text}. */
  flag(node: RawNode | undefined, key: string): boolean | undefined {
    return this.#scalar(this.get(node, key), key, "flag") as boolean | undefined;
  }

  /** A list of texts, empty ones left out. */
  texts(node: RawNode | undefined, key: string): string[] | undefined {
    return this.list(node, key)
      ?.map((item) => this.#scalar(item, key, "text") as string | undefined)
      .filter((text): text is string => text !== undefined && text.trim() !== "");
  }

  /** Where a node stands. */
  origin(node: RawNode | undefined, key: string): Origin {
    const place = node?.place ?? { line: 0, column: 0 };
    return { kind: "file", file: this.file, ...place, key };
  }

  /** Assigns `value` to a setting of ours. */
  give(path: SettingPath, value: unknown, origin: Origin): void {
    this.assignments.push({ path, value, origin });
  }

  /** Assigns a list, element by element. */
  giveList(path: SettingPath, values: readonly unknown[], origin: Origin): void {
    this.give(path, [], origin);
    values.forEach((value, i) => this.give([...path, i], value, origin));
  }

  /** Says that something has no effect, or another than it seems. */
  warn(node: RawNode | undefined, key: string, message: string): void {
    this.warnings.push(`${originText(this.origin(node, key))}: ${message}`);
  }

  /** A problem; the value is not told, for it may be a secret in a wrong place. */
  refuse(node: RawNode, key: string, message: string): undefined {
    const origin: Origin = { kind: "file", file: this.file, ...node.place };
    this.problems.push({ origin, path: key, message });
  }

  #scalar(node: RawNode | undefined, key: string, kind: Kind): unknown {
    if (node === undefined) return undefined;
    const type = kind === "text" ? "string" : kind === "flag" ? "boolean" : "number";
    if (node.kind === "scalar" && typeof node.value === type) return node.value;
    return this.refuse(node, key, `must be ${WORDS[kind]}`);
  }
}
