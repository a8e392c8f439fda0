/** What a diagnosis finds, and how it is told. @module */
import { escapeUnsafe } from "../observe/log_format.ts";

/**
 * How much a finding matters: `good` and `note` need nothing, `look` is worth a look, `bad` keeps
 * the capture from doing what is wanted.
 */
export type Severity = "good" | "note" | "look" | "bad";

/** One sentence of a diagnosis. */
export interface Finding {
  /** How much it matters. */
  readonly severity: Severity;
  /** What is so. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
  /** Figures under it, one line each. */
  readonly lines?: readonly string[];
}

/** What was found of one source, database or other thing. */
export interface Section {
  /** What it is about. */
  readonly title: string;
  /** The findings, in the order in which a person wants them. */
  readonly findings: readonly Finding[];
}

const MARKS: Readonly<Record<Severity, string>> = { good: "✓", note: "·", look: "!", bad: "✗" };

/** Width of a line of text for people. */
const WIDTH = 96;

/** A section as lines: a mark and the sentence, figures and advice beneath it. */
export function sectionText({ title, findings }: Section): string[] {
  return [
    escapeUnsafe(title),
    ...findings.flatMap(({ severity, text, advice, lines = [] }) => [
      ...wrapped(text, `  ${MARKS[severity]} `, "    "),
      ...lines.map((line) => `      ${escapeUnsafe(line)}`),
      ...(advice === undefined ? [] : wrapped(advice, "    → ", "      ")),
    ]),
  ];
}

/** How many findings of `sections` have a severity. */
export function countOf(sections: readonly Section[], severity: Severity): number {
  return sections.reduce(
    (sum, { findings }) => sum + findings.filter((one) => one.severity === severity).length,
    0,
  );
}

function wrapped(text: string, first: string, rest: string): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of escapeUnsafe(text).split(" ")) {
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
