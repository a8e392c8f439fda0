/**
 * What can be wrong with a configuration, said so that it can be put right at once: where it stands,
 * which setting it is, what was given and what is allowed.
 *
 * @module
 */

/** Where a value comes from. */
export type Origin =
  /** Built in; `dialect` names the peer whose own default it is. */
  | { readonly kind: "default"; readonly dialect?: string }
  /** A configuration file; line and column count from 1. `key` is the peer's name of the setting. */
  | {
    readonly kind: "file";
    readonly file: string;
    readonly line: number;
    readonly column: number;
    readonly key?: string;
  }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "flag"; readonly flag: string };

/** One thing that is wrong. No part of it ever holds a secret. */
export interface ConfigProblem {
  /** Who gave what is wrong. */
  readonly origin: Origin;
  /** Dotted path of the setting, such as `sources.0.url`; empty for the whole. */
  readonly path: string;
  /** What was given, as text; `undefined` where it would say nothing or must not be shown. */
  readonly value?: string;
  /** What is wrong, and where useful what to do. */
  readonly message: string;
  /** What may stand there. */
  readonly allowed?: string;
}

/** The configuration cannot be used. Holds every problem that was found, not the first alone. */
export class ConfigError extends Error {
  /** Name of the class. */
  override readonly name = "ConfigError";
  /** The message has one line a problem. */
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(problems.map(problemText).join("\n"));
  }
}

/** An origin in a few words: `config.yaml:3:5`, `environment MALLA_NAME`, `flag --set`, `default`. */
export function originText(origin: Origin): string {
  switch (origin.kind) {
    case "default":
      return origin.dialect === undefined ? "default" : `default of ${origin.dialect}`;
    case "file": {
      const at = origin.line > 0 ? `${origin.file}:${origin.line}:${origin.column}` : origin.file;
      return origin.key === undefined ? at : `${at} (${origin.key})`;
    }
    case "environment":
      return `environment ${origin.variable}`;
    case "flag":
      return `flag ${origin.flag}`;
  }
}

/** A problem as one line of text. */
export function problemText(problem: ConfigProblem): string {
  const parts = [originText(problem.origin)];
  if (problem.path !== "") parts.push(problem.path);
  const value = problem.value === undefined ? "" : `${problem.value}: `;
  const allowed = problem.allowed === undefined ? "" : `; allowed: ${problem.allowed}`;
  return `${parts.join(": ")}: ${value}${problem.message}${allowed}`;
}
