/**
 * A real mosquitto for a test, on a free loopback port, with its files under tests/.tmp.
 *
 * @module
 */
import { createServer } from "node:net";
import { Scratch } from "./scratch.ts";
import { waitUntil } from "./wait.ts";

/** True when mosquitto can be started. Tests that need it carry `ignore: !mosquittoAvailable`. */
export const mosquittoAvailable: boolean = await probe();

if (!mosquittoAvailable) {
  // deno-lint-ignore no-console -- a skip must be seen
  console.warn("mosquitto is not installed: the tests named 'mosquitto: …' are skipped");
}

async function probe(): Promise<boolean> {
  try {
    // `-h` prints the version and ends; its exit code differs between versions.
    await new Deno.Command("mosquitto", { args: ["-h"], stdout: "null", stderr: "null" }).output();
    return true;
  } catch {
    return false;
  }
}

/**
 * Registers a test that needs mosquitto; without it the test is reported as ignored, by name.
 *
 * @param ignore true where something else is missing that it needs
 */
export function mosquittoTest(
  name: string,
  run: () => Promise<void>,
  { ignore = false }: { ignore?: boolean } = {},
): void {
  Deno.test({ name: `mosquitto: ${name}`, ignore: ignore || !mosquittoAvailable, fn: run });
}

/** Path of mosquitto's dynamic security plugin, the only stock way to have subscriptions refused. */
export function dynamicSecurityPlugin(): string | undefined {
  const name = "mosquitto_dynamic_security.so";
  const folders = ["/usr/lib", "/usr/local/lib", "/opt/homebrew/lib"];
  for (const folder of ["/usr/lib"]) {
    try {
      for (const entry of Deno.readDirSync(folder)) {
        if (entry.name.endsWith("-linux-gnu")) folders.push(`${folder}/${entry.name}`);
      }
    } catch {
      // No such folder on this system.
    }
  }
  return folders.map((folder) => `${folder}/${name}`).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** A free TCP port on loopback. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** A mosquitto process that can be stopped, killed and started again on the same port and files. */
export class Mosquitto implements AsyncDisposable {
  readonly scratch: Scratch;
  readonly port: number;
  readonly #config: string;
  #process: Deno.ChildProcess | undefined;

  private constructor(scratch: Scratch, port: number, config: string) {
    this.scratch = scratch;
    this.port = port;
    this.#config = config;
  }

  /**
   * Starts one.
   *
   * @param lines further configuration; `allow_anonymous true` and the listener are there already
   * unless `whole` says that `lines` are everything
   * @param files written beside the configuration; `%DIR%` in lines and files is their folder, `%PORT%` the port
   */
  static async start(
    lines: readonly string[] = [],
    { whole = false, files = {} }: { whole?: boolean; files?: Record<string, string> } = {},
  ): Promise<Mosquitto> {
    const scratch = new Scratch("mosquitto");
    const port = await freePort();
    const fill = (text: string) =>
      text.replaceAll("%DIR%", scratch.path).replaceAll("%PORT%", String(port));
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(scratch.file(name), fill(text), { mode: 0o600 });
    }
    const base = whole ? [] : [
      "listener %PORT% 127.0.0.1",
      "allow_anonymous true",
      "log_dest file %DIR%/mosquitto.log",
    ];
    // Started as root it would drop to a user who may not read the scratch folder.
    const text = fill([...base, "user root", ...lines].join("\n"));
    Deno.writeTextFileSync(scratch.file("mosquitto.conf"), `${text}\n`);
    const broker = new Mosquitto(scratch, port, scratch.file("mosquitto.conf"));
    await broker.run();
    return broker;
  }

  /** Address for clients. */
  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** What it has written to its log. */
  async log(): Promise<string> {
    return await Deno.readTextFile(this.scratch.file("mosquitto.log")).catch(() => "");
  }

  /** Starts the process (again) and waits until it accepts connections. */
  async run(): Promise<void> {
    const child = new Deno.Command("mosquitto", {
      args: ["-c", this.#config],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#process = child;
    let ended = false;
    child.status.then(() => ended = true);
    await waitUntil(async () => {
      if (ended) throw new Error(`mosquitto ended at once; configuration ${this.#config}`);
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port: this.port })).close();
        return true;
      } catch {
        return false;
      }
    }, "mosquitto listens");
  }

  /** Stops it in order: it saves what it holds. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Kills it. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Has it save what it holds, and waits until it has. */
  async save(): Promise<void> {
    const saved = () => {
      try {
        return Deno.statSync(this.scratch.file("mosquitto.db")).mtime?.getTime() ?? 0;
      } catch {
        return 0;
      }
    };
    const before = saved();
    this.#process?.kill("SIGUSR1");
    await waitUntil(() => saved() > before, "mosquitto saves", 30_000);
  }

  async #end(signal: Deno.Signal): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return;
    child.kill(signal);
    await child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    this.scratch[Symbol.dispose]();
  }
}
