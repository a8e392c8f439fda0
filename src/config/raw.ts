/**
 * YAML (and JSON, which is YAML) as a plain tree that remembers where each part stands. Messages are
 * our own: those of the parser quote the text, and the text may be a password.
 *
 * @module
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from "yaml";
import type { ConfigProblem } from "./problem.ts";

/** Line and column, from 1; 0 where there is none. */
export interface Place {
  /** Line. */
  readonly line: number;
  /** Column, in characters. */
  readonly column: number;
}

/** One part of a configuration file, or of a JSON value. */
export type RawNode =
  | { readonly kind: "map"; readonly entries: readonly RawEntry[]; readonly place: Place }
  | { readonly kind: "list"; readonly items: readonly RawNode[]; readonly place: Place }
  | {
    readonly kind: "scalar";
    readonly value: unknown;
    /** As it is written: `0123` where the value is 123. */
    readonly text: string;
    readonly place: Place;
  };

/** A key with its value. */
export interface RawEntry {
  /** The key as text. */
  readonly key: string;
  /** Where the key stands. */
  readonly place: Place;
  /** What is given for it. */
  readonly node: RawNode;
}

/** Deeper than any setting of ours; guards against files made to exhaust the stack. */
const MAX_DEPTH = 20;
/** More parts than any sensible file has; guards against aliases that multiply. */
const MAX_NODES = 100_000;

const NOWHERE: Place = { line: 0, column: 0 };

const SYNTAX: Readonly<Record<string, string>> = {
  ALIAS_PROPS: "an alias cannot have an anchor or a tag",
  BAD_ALIAS: "an alias (*name) that cannot be resolved; put text that begins with * in quotes",
  BAD_DIRECTIVE: "a line that begins with % is a directive; put such text in quotes",
  BAD_DQ_ESCAPE: "an unknown escape in double quotes; use single quotes for a literal \\",
  BAD_INDENT: "wrong indentation",
  BAD_SCALAR_START: "text must not begin with this character; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a colon where none may stand; put text that holds ': ' in quotes",
  BLOCK_IN_FLOW: "an indented block inside brackets",
  DUPLICATE_KEY: "this key is given twice",
  MISSING_CHAR: "a character is missing: a quote, bracket, comma, space or colon",
  MULTILINE_IMPLICIT_KEY: "a key that runs over several lines; perhaps a colon is missing",
  MULTIPLE_DOCS: "more than one document (---) in the file",
  NON_STRING_KEY: "a key that is not text",
  TAB_AS_INDENT: "a tab is used for indentation; use spaces",
  TAG_RESOLVE_FAILED: "an unknown tag (!name); put text that begins with ! in quotes",
  UNEXPECTED_TOKEN: "something that does not belong here; perhaps a quote or bracket is missing",
};

/** Parses a file's text as YAML 1.2. An empty file is an empty map. Never throws. */
export function parseYaml(
  text: string,
  file: string,
): { root: RawNode; problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const lines = new LineCounter();
  const empty: RawNode = { kind: "map", entries: [], place: NOWHERE };
  const fault = (message: string, place: Place) =>
    problems.push({ origin: { kind: "file", file, ...place }, path: "", message });
  try {
    // Windows editors begin a file with a byte order mark.
    const doc = parseDocument(text.replace(/^\uFEFF/, ""), {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: "silent",
    });
    for (const error of doc.errors) {
      const at = lines.linePos(error.pos[0]);
      const place = { line: at.line, column: at.col };
      fault(`not valid YAML: ${SYNTAX[error.code] ?? "it cannot be read here"}`, place);
    }
    if (problems.length > 0 || doc.contents === null) return { root: empty, problems };
    const converter = new Converter(doc as Document.Parsed, lines);
    const root = converter.convert(doc.contents, 0);
    for (const place of converter.unresolved) {
      fault(`not valid YAML: ${SYNTAX["BAD_ALIAS"]}`, place);
    }
    if (root.kind === "scalar" && root.value === null) return { root: empty, problems };
    return { root, problems };
  } catch {
    // Alias bombs and nesting beyond the parser's stack end here.
    fault("not valid YAML: too deeply nested, or aliases that cannot be resolved", NOWHERE);
    return { root: empty, problems };
  }
}

/** Stands for what is nested deeper than any setting: no setting takes it. */
const TOO_DEEP = "(too deeply nested)";

/**
 * A JSON value (from a variable or a flag, or a file of others) in the same form, without places.
 * Lists and groups below {@linkcode MAX_DEPTH} are left out: making text of them could take more
 * stack than there is.
 */
export function rawFromJson(value: unknown, depth = 0): RawNode {
  if (depth >= MAX_DEPTH && typeof value === "object" && value !== null) {
    return { kind: "scalar", value: TOO_DEEP, text: TOO_DEEP, place: NOWHERE };
  }
  if (Array.isArray(value)) {
    return { kind: "list", items: value.map((v) => rawFromJson(v, depth + 1)), place: NOWHERE };
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, v]) => ({
      key,
      place: NOWHERE,
      node: rawFromJson(v, depth + 1),
    }));
    return { kind: "map", entries, place: NOWHERE };
  }
  return { kind: "scalar", value, text: String(value), place: NOWHERE };
}

/** The plain value of a node. */
export function rawValue(node: RawNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(rawValue);
  return Object.fromEntries(node.entries.map((entry) => [entry.key, rawValue(entry.node)]));
}

class Converter {
  #left = MAX_NODES;
  /** Aliases of anchors that do not exist; the parser itself would complain only later. */
  readonly unresolved: Place[] = [];

  constructor(readonly doc: Document.Parsed, readonly lines: LineCounter) {}

  convert(node: unknown, depth: number): RawNode {
    if (depth > MAX_DEPTH || --this.#left < 0) throw new RangeError("too large");
    const place = this.#place(node);
    if (isAlias(node)) {
      const target = node.resolve(this.doc);
      if (target === undefined) this.unresolved.push(place);
      return this.convert(target, depth + 1);
    }
    if (isMap(node)) {
      const entries = node.items.map((pair) => ({
        key: isScalar(pair.key) ? String(pair.key.value) : String(pair.key),
        place: this.#place(pair.key),
        node: this.convert(pair.value, depth + 1),
      }));
      return { kind: "map", entries, place };
    }
    if (isSeq(node)) {
      return { kind: "list", items: node.items.map((n) => this.convert(n, depth + 1)), place };
    }
    if (isScalar(node)) {
      return { kind: "scalar", value: node.value, text: node.source ?? String(node.value), place };
    }
    return { kind: "scalar", value: null, text: "", place };
  }

  #place(node: unknown): Place {
    const range = (node as Node | null)?.range;
    if (!range) return NOWHERE;
    const at = this.lines.linePos(range[0]);
    return { line: at.line, column: at.col };
  }
}
