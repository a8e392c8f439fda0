/** `meshcapture healthcheck`: asks a running service. @module */
import { parseAddress } from "../observe/address.ts";
import { checkHealth } from "../observe/health_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { type ConfigOptions, loadSettings } from "./load_settings.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode healthcheck}. */
export interface HealthcheckOptions extends ConfigOptions {
  /** `host:port`; otherwise the configured address. */
  readonly address?: string;
  /** Milliseconds to wait for the answer. */
  readonly timeout?: number;
  /** Print JSON. */
  readonly json?: boolean;
}

/** Exit code 0 when the service says that it is well, 1 when not or when it cannot be reached. */
export async function healthcheck(
  terminal: Terminal,
  options: HealthcheckOptions,
): Promise<ExitCode> {
  let address = options.address;
  if (address === undefined) {
    const loaded = loadSettings(terminal, options);
    if (loaded === undefined) return EXIT.usage;
    address = loaded.config.observability.address;
  }
  const parsed = parseAddress(address);
  if (parsed.kind !== "listen") {
    const why = parsed.kind === "off" ? "the HTTP server is switched off" : parsed.message;
    terminal.note(`${address}: ${why}`);
    return EXIT.usage;
  }
  const answer = await checkHealth(parsed.address, options.timeout ?? 5_000, terminal.clock);
  if (options.json) {
    terminal.print(JSON.stringify(answer));
  } else if (answer.kind === "trouble") {
    terminal.print("trouble");
    for (const reason of answer.reasons) terminal.print(`  ${reason}`);
  } else {
    terminal.print(answer.kind === "ok" ? "ok" : `unreachable: ${answer.detail}`);
  }
  return answer.kind === "ok" ? EXIT.ok : EXIT.failed;
}
