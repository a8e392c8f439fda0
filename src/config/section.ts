/**
 * What a radio network contributes to the configuration. `config` reaches a network only through
 * this: its section of the file, and the files and variables of the program that it replaces.
 *
 * @module
 */
import type * as z from "zod/mini";
import type { ConfigProblem, Origin } from "./problem.ts";
import type { RawNode } from "./raw.ts";

/** A value for a setting of ours, and who gave it. */
export interface Assignment {
  /** Segments of the path: `["sources", 0, "url"]`. */
  readonly path: readonly (string | number)[];
  /** The value; judged by the schema later. */
  readonly value: unknown;
  /** Who gave it. */
  readonly origin: Origin;
}

/** A top-level key of a peer's file, for telling dialects apart and for the documentation. */
export interface DialectKey {
  /** The key itself. */
  readonly key: string;
  /** `served`: means a setting of ours; `ignored`: another program's, left alone; `unserved`: warns. */
  readonly use: "served" | "ignored" | "unserved";
  /** True when other dialects have it too, so that it tells nothing. */
  readonly shared: boolean;
  /** Which of our settings it becomes, or why it is left alone. */
  readonly meaning: string;
  /** The peer's own default, as text. */
  readonly default: string;
}

/** The configuration file of a program that meshcapture replaces. */
export interface Dialect {
  /** Short name, such as `malla`. */
  readonly name: string;
  /** Name for people, such as `Malla`. */
  readonly title: string;
  /** All keys that its file may have at the top. */
  readonly keys: readonly DialectKey[];
  /** Its environment variables in one sentence, for the documentation. */
  readonly environment: string;
  /**
   * True where the file is shared with programs whose keys nobody can list: what is unknown in it is
   * ignored, and a key that another dialect only leaves alone proves nothing against it. Default
   * false: an unknown key is a problem.
   */
  readonly openEnded?: boolean;
}

/** What a peer's file and environment are read from. */
export interface PeerInput {
  /** The peer's file, where the file is one of this network's dialects. */
  readonly file?: { readonly path: string; readonly dialect: Dialect; readonly root: RawNode };
  /** Environment without empty values. */
  readonly environment: Readonly<Record<string, string>>;
  /** True when the file is ours: a peer's variables are then laid over it, without a peer's defaults. */
  readonly ownFile: boolean;
  /** Sources so far (of our own file, of another peer), as far as they can be read. */
  readonly sources: readonly { readonly network?: unknown; readonly url?: unknown }[];
}

/** What was read from a peer's file and environment. */
export interface PeerResult {
  /** Weakest first: the peer's defaults, its file, its environment. */
  readonly assignments: readonly Assignment[];
  /** What makes the configuration unusable. */
  readonly problems: readonly ConfigProblem[];
  /** What has no effect; one line each. */
  readonly warnings: readonly string[];
  /** The dialect whose environment is in use, where there is no file of it. */
  readonly dialect?: Dialect;
}

/** What a network's own rules found in its section. */
export interface SectionFindings {
  /** What makes a configuration of ours unusable; `path` begins below the section. */
  readonly problems: readonly { readonly path: readonly string[]; readonly message: string }[];
  /** What has no effect; one line each, which begins with the path below the section. */
  readonly warnings: readonly string[];
}

/** A network's part of the configuration; implemented by its folder, named in its descriptor. */
export interface NetworkConfigSection<
  N extends string = string,
  S extends z.ZodMiniType = z.ZodMiniType,
> {
  /** Name of the network and of its section. */
  readonly name: N;
  /** Title for people. */
  readonly title: string;
  /** A strict object with `.prefault({})`, every setting made by `setting()`. */
  readonly schema: S;
  /**
   * Settings that the network's sources have beside those of every source, each made by `setting()`
   * and optional. With a source of another network they are refused. Default: none.
   */
  readonly sourceShape?: Readonly<Record<string, z.ZodMiniType>>;
  /**
   * What a message that comes twice does, once for each of two overlapping topic filters. Where its
   * records are `merged`, such filters are a warning; the default is `stored_twice`, an error.
   */
  readonly repeats?: "stored_twice" | "merged";
  /**
   * Rules that concern several settings of the section at once. They look at the merged values before
   * the schema judges them. Pure; never throws. Default: none.
   */
  check?(section: Readonly<Record<string, unknown>>): SectionFindings;
  /** Topic filters of a source that names none. */
  readonly defaultTopics: readonly string[];
  /** Files of the programs that it replaces. */
  readonly dialects: readonly Dialect[];
  /** Variables that name a peer's configuration file, in order of precedence. */
  readonly fileVariables: readonly string[];
  /** Reads the peers' files and environment. Pure; never throws. */
  readPeers(input: PeerInput): PeerResult;
}
