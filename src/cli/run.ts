/** `meshcapture run`: the service. @module */
import { StorageError } from "../capture/network.ts";
import { configureLogging } from "../observe/logging.ts";
import { VERSION } from "../version.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { type ConfigOptions, readSettings } from "./load_settings.ts";
import { Service, type ServiceConfig } from "./service.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode run}. */
export interface RunOptions extends ConfigOptions {
  /** Capture beside another program, disturbing nothing. */
  readonly shadow?: boolean;
}

/** Runs the service until SIGINT or SIGTERM; a second signal ends it at once. */
export async function run(terminal: Terminal, options: RunOptions): Promise<ExitCode> {
  const extra: Record<string, string> = options.shadow ? { capture_impl: "shadow" } : {};
  const loaded = readSettings(terminal, options, extra, { capture_impl: "--shadow" });
  if (loaded === undefined) return EXIT.usage;
  const { config } = loaded;
  using logging = configureLogging({
    level: config.observability.log_level,
    format: config.observability.log_format,
    clock: terminal.clock,
  });
  const log = logging.log("service");
  log.info("meshcapture starts", {
    version: VERSION,
    deno: Deno.version.deno,
    configuration: loaded.file ?? "defaults",
    dialect: loaded.dialect,
    mode: config.capture_impl,
  });
  for (const detail of loaded.warnings) log.warn("configuration warning", { detail });
  return await serve(terminal, config, (category) => logging.log(category));
}

/**
 * Runs a service with `config` until a signal, or until `until` resolves; `ending` is aborted when
 * the shutdown begins.
 */
export async function serve(
  terminal: Terminal,
  config: ServiceConfig,
  log: (category: string) => ReturnType<ReturnType<typeof configureLogging>["log"]>,
  until?: (service: Service) => Promise<void>,
  ending = new AbortController(),
): Promise<ExitCode> {
  const own = log("service");
  const stop = Promise.withResolvers<string>();
  let signals = 0;
  const endSignals = terminal.onSignal((signal) => {
    if (++signals === 1) return stop.resolve(signal);
    own.warn("second signal: ending at once", { signal });
    terminal.exit(EXIT.failed);
  });
  const service = new Service({
    config,
    clock: terminal.clock,
    log,
    readFile: (path) => terminal.readFile(path),
  });
  let failed = false;
  const work = async (): Promise<void> => {
    try {
      await service.start();
      if (until === undefined) return;
      await until(service);
      stop.resolve("the end");
    } catch (error) {
      if (signals > 0) return;
      failed = true;
      const fields = error instanceof StorageError ? { reason: error.reason } : { error };
      own.error(error instanceof Error ? error.message : String(error), fields);
      stop.resolve("a failure");
    }
  };
  const working = work();
  const why = await stop.promise;
  own.info("shutting down", { because: why });
  ending.abort();
  const budgetMs = config.shutdown_timeout * 1000;
  // Whatever hangs, the process ends in time: what was not acknowledged is delivered again.
  const overdue = terminal.clock.setTimer(() => {
    own.error("the shutdown took too long; ending without having closed everything");
    terminal.exit(EXIT.failed);
  }, budgetMs + 500);
  const summary = await service.stop(budgetMs);
  await working;
  terminal.clock.clearTimer(overdue);
  own.info("stopped", {
    stored: summary.stored,
    not_stored: summary.unstored,
    milliseconds: summary.shutdownMs,
  });
  endSignals();
  return failed ? EXIT.failed : EXIT.ok;
}
