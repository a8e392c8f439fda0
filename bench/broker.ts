/** A mosquitto on loopback for one measurement. @module */
import { createServer } from "node:net";
import { MqttLink } from "./mqtt_link.ts";
import { until } from "./until.ts";
import type { RunFolder } from "./folder.ts";

/** As deploy/mosquitto.conf has it, or with nothing set that is not needed to run at all. */
export type BrokerSettings = "deploy" | "defaults";

/** See the module. */
export class BenchBroker implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  readonly #config: string;
  readonly #signal: AbortSignal;
  #process: Deno.ChildProcess | undefined;

  private constructor(port: number, config: string, signal: AbortSignal) {
    this.port = port;
    this.#signal = signal;
    this.#config = config;
  }

  /** Starts one with its files in `folder`. */
  static async start(folder: RunFolder, settings: BrokerSettings): Promise<BenchBroker> {
    const port = await freePort();
    const config = folder.file("mosquitto.conf");
    const text = settings === "deploy"
      ? deploySettings(port, `${Deno.cwd()}/${folder.path}/`)
      : `listener ${port} 127.0.0.1\nallow_anonymous true\n`;
    // Started as root it would drop to a user who may not write here.
    Deno.writeTextFileSync(config, `${text}\nuser root\nlog_dest none\n`);
    const broker = new BenchBroker(port, config, folder.signal);
    await broker.run();
    return broker;
  }

  /** Process id. */
  get pid(): number {
    return this.#process!.pid;
  }

  /** Starts the process (again) and waits until it answers. */
  async run(): Promise<void> {
    this.#process = new Deno.Command("mosquitto", {
      args: ["-c", this.#config],
      stdin: "null",
      stdout: "null",
      // It warns of root, which nobody needs to hear of a benchmark.
      stderr: "null",
      signal: this.#signal,
    }).spawn();
    await until(() => this.#answers(), "mosquitto answers", 10_000, 2);
  }

  /** Stops it in order: it saves what it holds. */
  async stop(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    try {
      process?.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await process?.status;
  }

  /** Lets it forget the session of a client. */
  async forget(clientId: string): Promise<void> {
    await (await MqttLink.open(this.port, clientId, true)).close();
  }

  /** Stops it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #answers(): Promise<boolean> {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port: this.port })).close();
      return true;
    } catch {
      return false;
    }
  }
}

/** deploy/mosquitto.conf, with nothing changed but where it listens, its files and who may come. */
function deploySettings(port: number, folder: string): string {
  let text = Deno.readTextFileSync("deploy/mosquitto.conf");
  const changes: [RegExp, string][] = [
    [/^listener 1883$/m, `listener ${port} 127.0.0.1`],
    [/^allow_anonymous false$/m, "allow_anonymous true"],
    [/^password_file .*$/m, ""],
    [/^persistence_location .*$/m, `persistence_location ${folder}`],
  ];
  for (const [from, to] of changes) {
    if (!from.test(text)) throw new Error(`deploy/mosquitto.conf has no line like ${from}`);
    text = text.replace(from, to);
  }
  return text;
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
