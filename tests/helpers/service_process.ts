/**
 * The real service in a process of its own, with the permission flags of the `start` task.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { freePort } from "./mosquitto.ts";
import { fromFileUrl } from "./paths.ts";
import type { Scratch } from "./scratch.ts";
import { waitUntil } from "./wait.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/**
 * The compiled executable, where the tests are to be about that: TEST_EXECUTABLE, relative to the
 * project. Its permissions are compiled in.
 */
export function testedExecutable(): string | undefined {
  const path = Deno.env.get("TEST_EXECUTABLE");
  return path === undefined || path.startsWith("/") ? path : `${ROOT}${path}`;
}

/** The words before the program's own arguments. */
function program(flags: readonly string[]): string[] {
  const executable = testedExecutable();
  return executable === undefined ? ["deno", ...flags] : [executable];
}

/** `deno`'s arguments up to `main.ts`, as a task of the project has them, without its variables. */
export function taskArguments(task: string): string[] {
  const text = Deno.readTextFileSync(new URL("../../deno.json", import.meta.url));
  const { tasks } = JSON.parse(text) as { tasks: Record<string, string> };
  const words = tasks[task]!.split(" ");
  return words.slice(words.indexOf("deno") + 1, words.indexOf("main.ts") + 1);
}

/** What a command that has ended left behind. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Task whose permission flags it gets. Default `start`. */
  readonly task?: string;
  /** The only folder that it may write to, in place of the task's. */
  readonly writeTo?: string;
}

/** Starts a command of the program. */
export function spawnCommand(
  args: readonly string[],
  { env = {}, task = "start", writeTo }: CommandOptions = {},
): { child: Deno.ChildProcess; result: Promise<CommandResult> } {
  const words = taskArguments(task).map((word) =>
    writeTo !== undefined && word.startsWith("--allow-write") ? `--allow-write=${writeTo}` : word
  );
  const [command, ...before] = program(words);
  const child = new Deno.Command(command!, {
    args: [...before, ...args],
    cwd: ROOT,
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const decoder = new TextDecoder();
  const result = child.output().then(({ code, stdout, stderr }) => ({
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  }));
  return { child, result };
}

/** Runs a command of the program to its end; one that has none is killed. */
export async function runCommand(
  args: readonly string[],
  options: CommandOptions & { timeoutMs?: number } = {},
): Promise<CommandResult> {
  const { child, result } = spawnCommand(args, options);
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 60_000);
  try {
    return await result;
  } finally {
    clearTimeout(timer);
  }
}

/** A configured source of a {@linkcode ServiceProcess}; further keys as in the configuration. */
export interface TestSource {
  readonly name?: string;
  readonly url: string;
  readonly [key: string]: unknown;
}

/** How a {@linkcode ServiceProcess} is configured and started. */
export interface ServiceOptions {
  readonly scratch: Scratch;
  /** Sources in our own words. Default: none. */
  readonly sources?: readonly TestSource[];
  /** Further sections; `meshtastic.database` is set unless it is given. */
  readonly config?: Record<string, Record<string, unknown> | string | number>;
  /**
   * Everything that the configuration file holds, in another program's words; `sources` and `config`
   * then count for nothing, and the HTTP address comes by `--set`.
   */
  readonly document?: Record<string, unknown>;
  /** What is typed before the configuration's path. Default `run --config`. */
  readonly command?: readonly string[];
  /** Further arguments of `run`. */
  readonly args?: readonly string[];
  /** Variables beside those of the test's own process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Configuration file in the folder. Default `config.yaml`. */
  readonly file?: string;
  /** HTTP port. Default: a free one. */
  readonly port?: number;
  /** What starts `deno`, such as strace with its options. It must become the process itself. */
  readonly wrapper?: readonly string[];
}

/** Answer of /healthz. */
export interface HealthAnswer {
  readonly status: number;
  readonly body: {
    readonly status: string;
    readonly mode: string;
    readonly statement?: string;
    readonly reasons: readonly string[];
  };
}

/** A service that a test starts, stops, kills, and starts again on the same files. */
export class ServiceProcess implements AsyncDisposable {
  readonly database: string;
  readonly port: number;
  readonly configFile: string;
  readonly #options: ServiceOptions;
  #child: Deno.ChildProcess | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #ended: Deno.CommandStatus | undefined;
  #log = "";

  private constructor(options: ServiceOptions, port: number) {
    const { scratch, sources = [], config = {}, file = "config.yaml" } = options;
    const section = config["meshtastic"];
    const meshtastic = {
      database: scratch.file("meshtastic.db"),
      ...(typeof section === "object" ? section : {}),
    };
    this.#options = options;
    this.port = port;
    this.database = String(meshtastic.database);
    this.configFile = scratch.file(file);
    const whole = {
      sources: sources.map((source) => ({
        // A test has no time for the patience that suits a broker.
        reconnect: { min_ms: 20, max_ms: 200 },
        ...source,
      })),
      observability: { address: `127.0.0.1:${port}`, log_level: "info" },
      ...config,
      meshtastic,
    };
    // JSON is YAML.
    Deno.writeTextFileSync(this.configFile, JSON.stringify(options.document ?? whole, null, 2));
  }

  /** Writes the configuration; nothing is started. */
  static async prepare(options: ServiceOptions): Promise<ServiceProcess> {
    return new ServiceProcess(options, options.port ?? await freePort());
  }

  /** Starts the service and waits until it is ready and its sources are subscribed. */
  static async start(options: ServiceOptions): Promise<ServiceProcess> {
    const service = await ServiceProcess.prepare(options);
    try {
      await service.run();
      await service.healthy();
      return service;
    } catch (error) {
      await service[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** All that it wrote to standard output and error since the first start. */
  get log(): string {
    return this.#log;
  }

  /** How it ended; undefined while it runs. */
  get ended(): Deno.CommandStatus | undefined {
    return this.#ended;
  }

  /** Starts the process (again), without waiting for anything. */
  spawn(): void {
    const { args = [], wrapper = [], command = ["run", "--config"] } = this.#options;
    const address = `observability.address=127.0.0.1:${this.port}`;
    const words = [
      ...wrapper,
      ...program(taskArguments("start")),
      ...command,
      this.configFile,
      ...(this.#options.document === undefined ? [] : ["--set", address]),
      ...args,
    ];
    const child = new Deno.Command(words[0]!, {
      args: words.slice(1),
      cwd: ROOT,
      env: { ...this.#options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#child = child;
    this.#ended = undefined;
    const read = async (stream: ReadableStream<Uint8Array>) => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) this.#log += decoder.decode(chunk, { stream: true });
    };
    const status = child.status.then((ended) => this.#ended = ended);
    this.#reading = Promise.all([read(child.stdout), read(child.stderr), status]);
  }

  /** Starts the process (again) and waits for /readyz. */
  async run(timeoutMs = 30_000): Promise<void> {
    this.spawn();
    await waitUntil(
      async () => {
        if (this.#ended !== undefined) {
          throw new Error(`the service ended with ${this.#ended.code}:\n${this.#log}`);
        }
        return (await this.get("/readyz")) === 200;
      },
      "the service is ready",
      timeoutMs,
    );
  }

  /** Waits until /healthz shows no trouble at all, not even a young one. */
  async healthy(timeoutMs = 15_000): Promise<void> {
    let last = "";
    try {
      await waitUntil(
        async () => {
          const answer = await this.fetchText("/healthz");
          last = answer?.text ?? "no answer";
          if (answer?.status !== 200) return false;
          const { components } = JSON.parse(answer.text) as {
            components: Record<string, { troubles: unknown[] }>;
          };
          return Object.values(components).every(({ troubles }) => troubles.length === 0);
        },
        "the service is well",
        timeoutMs,
      );
    } catch (error) {
      throw new Error(`${last}\n${this.#log}`, { cause: error });
    }
  }

  /** Waits until /healthz is red for reasons that match, all of them. */
  async red(reasons: readonly RegExp[], timeoutMs = 60_000): Promise<void> {
    let last = "";
    try {
      await waitUntil(
        async () => {
          const health = await this.health();
          last = JSON.stringify(health);
          return health?.status === 503 &&
            reasons.every((reason) => health.body.reasons.some((line) => reason.test(line)));
        },
        `red for ${reasons.join(" and ")}`,
        timeoutMs,
      );
    } catch (error) {
      throw new Error(`${last}\n${this.#log}`, { cause: error });
    }
  }

  /** Value of a metric, summed over its labels; undefined when it is not there. */
  async metric(name: string): Promise<number | undefined> {
    const text = (await this.fetchText("/metrics"))?.text ?? "";
    const values = [
      ...text.matchAll(new RegExp(`^meshcapture_${name}(?:\\{.*\\})? (\\S+)$`, "gm")),
    ];
    if (values.length === 0) return undefined;
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** /healthz; undefined when nobody answers. */
  async health(): Promise<HealthAnswer | undefined> {
    const answer = await this.fetchText("/healthz");
    return answer && { status: answer.status, body: JSON.parse(answer.text) };
  }

  /** Status of a GET; undefined when nobody answers. */
  async get(path: string): Promise<number | undefined> {
    return (await this.fetchText(path))?.status;
  }

  /** Status and text of a GET; undefined when nobody answers. */
  async fetchText(path: string): Promise<{ status: number; text: string } | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
        headers: { connection: "close" },
      });
      return { status: response.status, text: await response.text() };
    } catch {
      return undefined;
    }
  }

  /** Messages received at a QoS since the start, as /metrics tells. */
  async received(qos: 0 | 1): Promise<number> {
    const text = (await this.fetchText("/metrics"))?.text ?? "";
    const line = new RegExp(
      `^meshcapture_messages_received_total\\{.*qos="${qos}".*\\} (\\d+)$`,
      "gm",
    );
    return [...text.matchAll(line)].reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child?.kill(signal);
  }

  /** Waits for the end of the process. */
  async end(timeoutMs = 20_000): Promise<Deno.CommandStatus> {
    await waitUntil(() => this.#ended !== undefined, "the service ends", timeoutMs);
    await this.#reading;
    this.#child = undefined;
    return this.#ended!;
  }

  /** SIGTERM, and the end of the process. */
  async stop(): Promise<Deno.CommandStatus> {
    this.signal("SIGTERM");
    return await this.end();
  }

  /** SIGKILL, and the end of the process. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.end();
  }

  /** Rows of a query on the database, read-only. */
  query(sql: string, database = this.database): Record<string, unknown>[] {
    return queryDatabase(database, sql);
  }

  /** Rows of `packet_history`; 0 while there is none. */
  rows(database = this.database): number {
    try {
      return Number(queryDatabase(database, "SELECT count(*) AS n FROM packet_history")[0]!["n"]);
    } catch {
      // Not made yet, or about to be.
      return 0;
    }
  }

  /** Waits until `packet_history` has at least `n` rows. */
  async stored(n: number, timeoutMs = 30_000, database = this.database): Promise<void> {
    try {
      await waitUntil(() => this.rows(database) >= n, `${n} rows`, timeoutMs);
    } catch (error) {
      throw new Error(`${this.rows(database)} rows of ${n}\n${this.#log}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child === undefined) return;
    if (this.#ended === undefined) this.signal("SIGKILL");
    await this.end();
  }
}

/** Rows of a query on a database, read-only. */
export function queryDatabase(path: string, sql: string): Record<string, unknown>[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    db.exec("PRAGMA busy_timeout = 5000");
    return db.prepare(sql).all() as Record<string, unknown>[];
  } finally {
    db.close();
  }
}

/** Prints what a test measured, for whoever reads its output. */
export function figures(title: string, values: Record<string, unknown>): void {
  const text = Object.entries(values).map(([name, value]) => `${name} ${value}`).join(", ");
  // deno-lint-ignore no-console -- figures are to be seen
  console.log(`    ${title}: ${text}`);
}
