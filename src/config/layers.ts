/**
 * Values from several origins laid over each other, the later ones winning, with the memory of who
 * gave what.
 *
 * @module
 */
import { coerceValue } from "./coerce.ts";
import { nearest } from "./nearest.ts";
import type { ConfigProblem, Origin } from "./problem.ts";
import { type Place, type RawEntry, type RawNode, rawValue } from "./raw.ts";
import type { Assignment } from "./section.ts";
import { holdsSecret, settingAt, type SettingNode } from "./tree.ts";

/** Segments of a setting's path; numbers are indexes of a list. */
export type Path = readonly (string | number)[];

/** Assignments by path. A list that is assigned replaces the whole list that was there before. */
export class Layers {
  readonly #entries = new Map<string, Assignment>();

  /** Lays one value over what was there. */
  assign(assignment: Assignment): void {
    const key = assignment.path.join(".");
    if (Array.isArray(assignment.value)) {
      for (const other of [...this.#entries.keys()]) {
        if (other.startsWith(`${key}.`)) this.#entries.delete(other);
      }
    }
    // Set anew, so that the order of the map is the order of assigning.
    this.#entries.delete(key);
    this.#entries.set(key, assignment);
  }

  /** Lays values over what was there, one after the other. */
  assignAll(assignments: Iterable<Assignment>): void {
    for (const assignment of assignments) this.assign(assignment);
  }

  /** All values as one tree. Elements missing from a list are `undefined`. */
  build(): Record<string, unknown> {
    const root: Record<string, unknown> = {};
    for (const { path, value } of this.#entries.values()) {
      let holder = root as Record<string | number, unknown>;
      for (let i = 0; i < path.length - 1; i++) {
        const below = holder[path[i]!];
        if (typeof below !== "object" || below === null) {
          holder[path[i]!] = typeof path[i + 1] === "number" ? [] : {};
        }
        holder = holder[path[i]!] as Record<string | number, unknown>;
      }
      const last = path[path.length - 1]!;
      const marker = typeof value === "object" && value !== null && Object.keys(value).length === 0;
      if (marker && typeof holder[last] === "object" && holder[last] !== null) continue;
      holder[last] = Array.isArray(value) ? [...value] : marker ? {} : value;
    }
    return root;
  }

  /** Who gave the value at `path`, or something below or above it; the default otherwise. */
  originOf(path: Path): Origin {
    const key = path.join(".");
    const exact = this.#entries.get(key);
    if (exact !== undefined) return exact.origin;
    let below: Origin | undefined;
    for (const [other, entry] of this.#entries) {
      if (key === "" || other.startsWith(`${key}.`)) below = entry.origin;
    }
    if (below !== undefined) return below;
    for (let length = path.length - 1; length > 0; length--) {
      const above = this.#entries.get(path.slice(0, length).join("."));
      if (above !== undefined) return above.origin;
    }
    return { kind: "default" };
  }

  /** The origin of exactly this setting: what is above counts only where it is a whole list. */
  originOfSetting(path: Path): Origin {
    return this.#entries.get(path.join("."))?.origin ?? { kind: "default" };
  }
}

/**
 * Walks a file's (or a JSON value's) tree along the settings: known parts become assignments, unknown
 * keys become problems that name the nearest known one. `null` means unset.
 */
export function assignmentsFrom(
  node: RawNode,
  tree: SettingNode,
  at: Path,
  originAt: (place: Place) => Origin,
): { assignments: Assignment[]; problems: ConfigProblem[] } {
  const assignments: Assignment[] = [];
  const problems: ConfigProblem[] = [];
  const give = (path: Path, value: unknown, place: Place) =>
    assignments.push({ path, value, origin: originAt(place) });

  const walk = (raw: RawNode, setting: SettingNode, path: Path, inList: boolean): void => {
    if (raw.kind === "scalar" && raw.value === null && !inList) return;
    if (setting.kind === "group" && raw.kind === "map") {
      if (inList) give(path, {}, raw.place);
      for (const entry of raw.entries) {
        const child = setting.children.get(entry.key);
        if (child !== undefined) walk(entry.node, child, [...path, entry.key], false);
        else problems.push(unknownKey(entry, path, setting, tree, originAt(entry.place)));
      }
    } else if (setting.kind === "list" && raw.kind === "list" && setting.item !== undefined) {
      give(path, [], raw.place);
      raw.items.forEach((item, i) => walk(item, setting.item!, [...path, i], true));
    } else if (raw.kind === "scalar") {
      give(path, coerceValue(setting, raw.value, raw.text), raw.place);
    } else {
      give(path, rawValue(raw), raw.place);
    }
  };
  const setting = settingAt(tree, at);
  if (setting !== undefined) walk(node, setting, at, false);
  return { assignments, problems };
}

/**
 * The problem of a key that is not known in a group, with a guess at what was meant. Its value is
 * told only where it is a number or a truth value for something that is no secret: nobody knows what
 * else somebody wrote there.
 */
export function unknownKey(
  entry: RawEntry,
  path: Path,
  group: SettingNode,
  tree: SettingNode,
  origin: Origin,
): ConfigProblem {
  const { key, node } = entry;
  let guess = nearest(key, group.children.keys());
  const meant = guess === undefined ? undefined : group.children.get(guess);
  if (guess === undefined) {
    // Known elsewhere, perhaps: `batch_max` written outside of `storage`.
    const elsewhere = settingPaths(tree).find((one) => one.split(".").at(-1) === key);
    guess = elsewhere ?? nearest(key, tree.children.keys());
  } else if (path.length > 0) guess = [...path, guess].join(".");
  const hint = guess === undefined ? "" : `; did you mean \`${guess}\`?`;
  const plain = node.kind === "scalar" && /^(number|boolean)$/.test(typeof node.value);
  return {
    origin,
    path: [...path, key].join("."),
    ...(plain && meant !== undefined && !holdsSecret(meant) ? { value: node.text } : {}),
    message: `unknown key${hint}`,
    allowed: [...group.children.keys()].join(", "),
  };
}

/** Dotted paths of all settings that hold a value; `N` stands for the index in a list. */
export function settingPaths(tree: SettingNode, prefix = ""): string[] {
  const dot = prefix === "" ? "" : ".";
  if (tree.kind === "group") {
    return [...tree.children].flatMap(([key, child]) => settingPaths(child, prefix + dot + key));
  }
  if (tree.kind === "list" && tree.item?.kind === "group") {
    return [prefix, ...settingPaths(tree.item, `${prefix}.N`)];
  }
  return [prefix];
}
