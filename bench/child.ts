/**
 * A helper process of a measurement. It says `ready` when it has loaded everything, begins at the
 * line `go`, and its last line is what it measured, as JSON.
 *
 * @module
 */

/** The side of whoever started it. */
export class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(script: string, args: readonly unknown[], signal: AbortSignal) {
    this.#process = new Deno.Command("deno", {
      args: [
        "run",
        "--quiet",
        "--allow-net=127.0.0.1",
        "--allow-read=.",
        "--allow-write=dist/bench",
        `bench/${script}`,
        ...args.map(String),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      signal,
    }).spawn();
    this.#lines = readLines(this.#process.stdout);
    this.#input = this.#process.stdin.getWriter();
  }

  /** Starts a script of this folder, which `signal` ends, and waits until it is ready. */
  static async start(
    script: string,
    args: readonly unknown[],
    signal: AbortSignal,
  ): Promise<Child> {
    const child = new Child(script, args, signal);
    await child.#expect("ready");
    return child;
  }

  /** Process id. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Lets it begin. */
  async go(): Promise<void> {
    await this.tell("go");
  }

  /** Sends it a line. */
  async tell(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** What it measured: its next line of JSON. */
  async result<T>(): Promise<T> {
    return JSON.parse(await this.#line()) as T;
  }

  /** Kills it. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#input.close().catch(() => {});
    await this.#lines.return(undefined);
    await this.#process.status;
  }

  async #expect(word: string): Promise<void> {
    const line = await this.#line();
    if (line !== word) throw new Error(`a helper said ${line} for ${word}`);
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("a helper of the measurement ended before its time");
    return value;
  }
}

/** The helper's own side: says that it is ready and resolves at `go`, with what comes after it. */
export async function ready(): Promise<AsyncGenerator<string>> {
  const lines = readLines(Deno.stdin.readable);
  say("ready");
  await lines.next();
  return lines;
}

/** The helper's own side: prints a line. */
export function say(line: unknown): void {
  const text = typeof line === "string" ? line : JSON.stringify(line);
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
