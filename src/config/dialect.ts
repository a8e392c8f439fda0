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

  const parties: { title: string; entries: readonly RawEntry[] }[] = [];
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
  if (parties.length > 1) {
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
  if (own.length > 0) return { kind: "own" };
  const claim = claims.find((one) => one.alone.length > 0) ??
    claims.find((one) => one.all.length > 0);
  return claim?.candidate ?? { kind: "own" };
}
