/** The process around a command, as a test says it is. @module */
import { type Clock, systemClock } from "../../src/capture/clock.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

/** Thrown where a real process would end at once. */
export class ProcessExit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

/** Keeps what is printed, and sends signals. */
export class FakeTerminal implements Terminal {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly interactive: boolean;
  readonly canAsk: boolean;
  /** Questions that were asked. */
  readonly asked: string[] = [];
  readonly #answers: string[];
  readonly #input: Uint8Array<ArrayBuffer>;
  /** Lines on standard output. */
  readonly printed: string[] = [];
  /** Lines on standard error. */
  readonly noted: string[] = [];
  /** Progress lines. */
  readonly drawn: string[] = [];
  /** Codes that the process was ended with at once. */
  readonly exits: number[] = [];
  readonly #listeners = new Set<(signal: string) => void>();

  constructor(
    options: {
      cwd?: string;
      env?: Record<string, string>;
      clock?: Clock;
      interactive?: boolean;
      /** What a person answers, in order; with it there is a person. */
      answers?: readonly string[];
      /** What comes on standard input. */
      input?: Uint8Array<ArrayBuffer>;
    } = {},
  ) {
    this.canAsk = options.answers !== undefined;
    this.#answers = [...options.answers ?? []];
    this.#input = options.input ?? new Uint8Array(0);
    this.cwd = options.cwd ?? "/nowhere";
    this.env = options.env ?? {};
    this.clock = options.clock ?? systemClock;
    this.interactive = options.interactive ?? false;
  }

  print(line: string): void {
    this.printed.push(...line.split("\n"));
  }

  note(line: string): void {
    this.noted.push(line);
  }

  draw(line: string): void {
    this.drawn.push(line);
  }

  readFile(path: string): string {
    return Deno.readTextFileSync(path);
  }

  readInput(): Promise<Uint8Array<ArrayBuffer>> {
    return Promise.resolve(this.#input);
  }

  ask(question: string): string | undefined {
    this.asked.push(question);
    return this.#answers.shift();
  }

  onSignal(listener: (signal: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** How many commands listen for signals. */
  get listening(): number {
    return this.#listeners.size;
  }

  /** Sends a signal to the process. */
  signal(name = "SIGTERM"): void {
    for (const listener of this.#listeners) listener(name);
  }

  exit(code: number): never {
    this.exits.push(code);
    throw new ProcessExit(code);
  }

  /** All of standard output. */
  get out(): string {
    return this.printed.join("\n");
  }

  /** All of standard error. */
  get err(): string {
    return this.noted.join("\n");
  }
}
