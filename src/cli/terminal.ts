/**
 * What a command needs of the process that it runs in, so that a test can be that process.
 *
 * @module
 */
import { type Clock, systemClock } from "../capture/clock.ts";
import { escapeUnsafe } from "../observe/log_format.ts";

/** The process around a command. */
export interface Terminal {
  /** The machine's clock, or a test's. */
  readonly clock: Clock;
  /** Writes a line to standard output: results. */
  print(line: string): void;
  /** Writes a line to standard error: progress, warnings, errors. */
  note(line: string): void;
  /** Replaces the progress line on standard error; an empty one takes it away. */
  draw(line: string): void;
  /** Environment variables, as they were at the start. */
  readonly env: Readonly<Record<string, string>>;
  /** Working directory. */
  readonly cwd: string;
  /** Text of a file. @throws what Deno throws where it cannot be read. */
  readFile(path: string): string;
  /** All that comes on standard input, as bytes. */
  readInput(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Asks a person and waits for a line, without spaces at its ends; undefined at the end of the
   * input, or where nobody can be asked because standard input is no terminal.
   */
  ask(question: string): string | undefined;
  /** True when {@linkcode ask} reaches a person. */
  readonly canAsk: boolean;
  /** True when standard error is a terminal that a progress line can be drawn on. */
  readonly interactive: boolean;
  /** Calls `listener` at each SIGINT and SIGTERM; returns a function that ends it. */
  onSignal(listener: (signal: string) => void): () => void;
  /** Ends the process at once. */
  exit(code: number): never;
}

const encoder = new TextEncoder();

function write(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = encoder.encode(text);
  try {
    for (let written = 0; written < bytes.length;) {
      written += stream.writeSync(bytes.subarray(written));
    }
  } catch {
    // Nobody reads any more (a closed pipe).
  }
}

/** What is shown may hold names that nodes gave themselves; they must not drive the terminal. */
function printable(text: string): string {
  return text.split("\n").map(escapeUnsafe).join("\n");
}

/** The real process. */
export function processTerminal(): Terminal {
  return {
    clock: systemClock,
    print: (line) => write(Deno.stdout, `${printable(line)}\n`),
    note: (line) => write(Deno.stderr, `${printable(line)}\n`),
    draw: (line) => write(Deno.stderr, `\r\x1b[K${printable(line)}`),
    env: Deno.env.toObject(),
    cwd: Deno.cwd(),
    readFile: (path) => Deno.readTextFileSync(path),
    async readInput() {
      return new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer());
    },
    ask: (question) => Deno.stdin.isTerminal() ? prompt(question)?.trim() : undefined,
    canAsk: Deno.stdin.isTerminal(),
    interactive: Deno.stderr.isTerminal(),
    onSignal(listener) {
      const signals: Deno.Signal[] = Deno.build.os === "windows"
        ? ["SIGINT"]
        : ["SIGINT", "SIGTERM"];
      const handlers = signals.map((signal) => {
        const handler = () => listener(signal);
        Deno.addSignalListener(signal, handler);
        return () => Deno.removeSignalListener(signal, handler);
      });
      return () => handlers.forEach((end) => end());
    },
    exit: (code) => Deno.exit(code),
  };
}
