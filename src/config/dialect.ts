/** Tells by its keys whose configuration file a file is. @module */
import type { ConfigProblem } from "./problem.ts";
import type { RawEntry, RawNode } from "./raw.ts";
import type { Dialect, NetworkConfigSection } from "./section.ts";
import type { SettingNode } from "./tree.ts";

/** Whose file it is: ours, or a dialect of a network. */
export type FileKind =
  | { readonly kind: "own" }
  | { readonly kind: "dialect"; readonly dialect: Dialect; readonly section: NetworkConfigSection };

/**
 * Decides by the top-level keys. Keys that several have in common decide nothing against those that
 * only one has; keys of one alone beside keys of another alone are a mixture, and a problem.
 */
export function detectFileKind(
  root: RawNode,
  file: string,
  tree: SettingNode,
  networks: readonly NetworkConfigSection[],
): FileKind | ConfigProblem {
  if (root.kind !== "map") return { kind: "own" };
  const candidates = networks.flatMap((section) =>
    section.dialects.map((dialect) => ({ kind: "dialect" as const, dialect, section }))
  );
  const openEnded = openEndedKind(root.entries, candidates);
  if (openEnded !== undefined) {
    const strange = root.entries.filter((one) => telling(one.key, openEnded, candidates, tree));
    if (strange.length === 0) return openEnded;
    const mine = root.entries.filter((one) =>
      openEnded.dialect.keys.some(({ key, shared }) => key === one.key && !shared)
    );
    const ours = tree.children.has(strange[0]!.key);
    const other = candidates.find(({ dialect }) =>
      dialect.keys.some(({ key }) => key === strange[0]!.key)
    );
    return mixture(file, [
      { title: openEnded.dialect.title, entries: mine },
      { title: ours ? "meshcapture" : other!.dialect.title, entries: strange },
    ]);
  }
  const peerKeys = new Set(candidates.flatMap((one) => one.dialect.keys.map((key) => key.key)));
  const own = root.entries.filter((one) => tree.children.has(one.key) && !peerKeys.has(one.key));
  const claims = candidates.map((candidate) => {
    const alone = new Set(
      candidate.dialect.keys.filter((key) => !key.shared).map((key) => key.key),
    );
    const all = new Set(candidate.dialect.keys.map((key) => key.key));
    return {
      candidate,
      alone: root.entries.filter((one) => alone.has(one.key)),
      all: root.entries.filter((one) => all.has(one.key) && !tree.children.has(one.key)),
    };
  });

  const parties: Party[] = [];
  if (own.length > 0) parties.push({ title: "meshcapture", entries: own });
  for (const claim of claims) {
    if (claim.alone.length === 0) continue;
    parties.push({ title: claim.candidate.dialect.title, entries: claim.alone });
  }
  if (own.length > 0 && parties.length === 1) {
    const titles = claims.filter((claim) => claim.all.length > 0);
    if (titles.length > 0) {
      parties.push({
        title: titles.map((claim) => claim.candidate.dialect.title).join(" and "),
        entries: titles[0]!.all,
      });
    }
  }
  if (parties.length > 1) return mixture(file, parties);
  if (own.length > 0) return { kind: "own" };
  const claim = claims.find((one) => one.alone.length > 0) ??
    claims.find((one) => one.all.length > 0);
  return claim?.candidate ?? { kind: "own" };
}

/** A program and the keys of its that stand in the file. */
type Party = { readonly title: string; readonly entries: readonly RawEntry[] };

function mixture(file: string, parties: readonly Party[]): ConfigProblem {
  const said = parties.map((party) =>
    `${party.entries.map((one) => `\`${one.key}\``).join(", ")} of ${party.title}`
  );
  const place = parties[1]!.entries[0]!.place;
  return {
    origin: { kind: "file", file, ...place },
    path: "",
    message: `a mixture of configuration dialects: keys ${
      said.join(", and ")
    }; keep the keys of one program`,
  };
}

type Candidate = Extract<FileKind, { kind: "dialect" }>;

/** The open-ended dialect that a key of the file belongs to alone. */
function openEndedKind(
  entries: readonly RawEntry[],
  candidates: readonly Candidate[],
): Candidate | undefined {
  return candidates.find(({ dialect }) =>
    dialect.openEnded === true &&
    dialect.keys.some((key) => !key.shared && entries.some((one) => one.key === key.key))
  );
}

/** True for a key that means a setting in our own file or in another dialect, but not in `mine`. */
function telling(
  key: string,
  mine: Candidate,
  candidates: readonly Candidate[],
  tree: SettingNode,
): boolean {
  if (mine.dialect.keys.some((one) => one.key === key)) return false;
  return tree.children.has(key) ||
    candidates.some((other) =>
      other !== mine && other.dialect.keys.some((one) => one.key === key && one.use !== "ignored")
    );
}
