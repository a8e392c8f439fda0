/** The real service, in a process of its own, as it is measured. @module */
import { freePort } from "./broker.ts";
import type { RunFolder } from "./folder.ts";
import { metricSum } from "./metrics_text.ts";
import { openFiles, type ProcessFigures, processFigures } from "./process_figures.ts";
import type { OtherProgram } from "./scenario.ts";
import { pause, until } from "./until.ts";

/** Configuration sections in our own words. */
export type Sections = Readonly<Record<string, unknown>>;

/** How {@linkcode BenchService.start} starts and waits. */
export interface StartOptions {
  /** Sources to wait for. Default 1. */
  readonly sources?: number;
  /** What is started; default: the bundle. */
  readonly program?: OtherProgram | undefined;
}

/** Made by `deno task compile`. */
const EXECUTABLE = "dist/meshcapture";

/** Made by `scripts/bundle.sh`. */
const BUNDLE = "dist/bundle/service/start.js";

/** See the module. */
export class BenchService implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #port: number;
  #ended = false;

  private constructor(process: Deno.ChildProcess, port: number) {
    this.#process = process;
    this.#port = port;
    void process.status.then(() => this.#ended = true);
  }

  /**
   * Starts it with a configuration file in `folder`. It may write there alone; an executable has the
   * permissions that it was made with.
   */
  static async spawn(
    folder: RunFolder,
    sections: Sections,
    program?: OtherProgram,
  ): Promise<BenchService> {
    const port = await freePort();
    const config = folder.file("config.yaml");
    const whole = {
      ...sections,
      observability: { address: `127.0.0.1:${port}`, log_level: "error" },
    };
    // JSON is YAML.
    Deno.writeTextFileSync(config, JSON.stringify(whole));
    const start = startTask();
    const deno = (module: string, ...flags: string[]) => [
      "run",
      ...flags,
      ...start.flags,
      "--allow-net=127.0.0.1",
      "--allow-read",
      `--allow-write=${folder.path}`,
      "--allow-env",
      "--allow-sys=statfs",
      module,
    ];
    const before = program === "executable"
      ? []
      : program === "source"
      ? deno("main.ts")
      : deno(BUNDLE, "--no-config", "--no-lock", "--unstable-worker-options");
    const process = new Deno.Command(program === "executable" ? EXECUTABLE : "deno", {
      args: [...before, "run", "--config", config],
      env: start.env,
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
      signal: folder.signal,
    }).spawn();
    return new BenchService(process, port);
  }

  /** Starts it and waits until its sources are subscribed: before that a broker keeps nothing. */
  static async start(
    folder: RunFolder,
    sections: Sections,
    { sources = 1, program }: StartOptions = {},
  ): Promise<BenchService> {
    const service = await BenchService.spawn(folder, sections, program);
    try {
      await service.subscribed(sources);
      return service;
    } catch (error) {
      await service[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Resolves when so many sources are subscribed. */
  async subscribed(sources: number): Promise<void> {
    await until(async () => {
      if (this.#ended) throw new Error("the service ended at its start");
      return metricSum(await this.metrics(), "meshcapture_source_up") === sources;
    }, "the service has subscribed");
  }

  /** The text of /metrics; empty while it does not answer. */
  metrics(): Promise<string> {
    return this.text("/metrics");
  }

  /** The text of a path; empty while it does not answer. */
  async text(path: string): Promise<string> {
    try {
      return await (await fetch(`http://127.0.0.1:${this.#port}${path}`)).text();
    } catch {
      return "";
    }
  }

  /** What the kernel counts of it. */
  figures(): ProcessFigures {
    return processFigures(this.#process.pid);
  }

  /** Its open file descriptors. */
  openFiles(): number {
    return openFiles(this.#process.pid);
  }

  /**
   * Stops it in order and returns its last figures: after them it closes no more than a process that
   * ends, while the checkpoint of its end is in them.
   */
  async stop(): Promise<ProcessFigures> {
    let last = this.figures();
    this.#kill("SIGTERM");
    while (!this.#ended) {
      try {
        last = this.figures();
      } catch {
        // It has ended while its figures were read.
      }
      await pause(2);
    }
    return last;
  }

  /** Kills it, if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#kill("SIGKILL");
    await this.#process.status;
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch {
      // It has ended already.
    }
  }
}

/** V8's flags and Deno's variables are part of what is measured: those of the `start` task. */
function startTask(): { flags: string[]; env: Record<string, string> } {
  const text = Deno.readTextFileSync(new URL("../deno.json", import.meta.url));
  const { tasks } = JSON.parse(text) as { tasks: { start: string } };
  const words = tasks.start.split(" ");
  const variables = words.slice(0, words.indexOf("deno")).map((word) => word.split("="));
  return {
    flags: words.filter((word) => word.startsWith("--v8-flags=")),
    env: Object.fromEntries(variables),
  };
}
