/** `meshcapture healthcheck`: asks a running service. @module */
import { parseAddress } from "../observe/address.ts";
import { checkHealth, checkKnownIntegrity, type KnownIntegrity } from "../observe/health_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { type ConfigOptions, loadSettings } from "./load_settings.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode healthcheck}. */
export interface HealthcheckOptions extends ConfigOptions {
  /** `host:port`; otherwise the configured address. */
  readonly address?: string;
  /** Milliseconds to wait for the answer. */
  readonly timeout: number;
  /** Ask what the last integrity check said, too. */
  readonly integrity?: boolean;
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
  const { timeout: timeoutMs } = options;
  const answer = await checkHealth(parsed.address, timeoutMs, terminal.clock);
  const integrity = options.integrity && answer.kind !== "unreachable"
    ? await checkKnownIntegrity(parsed.address, timeoutMs, terminal.clock)
    : undefined;
  if (options.json) {
    terminal.print(JSON.stringify({ ...answer, ...(integrity && { integrity }) }));
  } else {
    if (answer.kind === "trouble") {
      terminal.print("trouble");
      for (const reason of answer.reasons) terminal.print(`  ${reason}`);
    } else {
      terminal.print(answer.kind === "ok" ? "ok" : `unreachable: ${answer.detail}`);
    }
    for (const line of integrity === undefined ? [] : linesOf(integrity)) terminal.print(line);
  }
  return answer.kind === "ok" && !isBad(integrity) ? EXIT.ok : EXIT.failed;
}

/** A database that was not checked yet is not bad; an answer that cannot be had is. */
function isBad(known: KnownIntegrity | undefined): boolean {
  if (known === undefined) return false;
  return known.kind === "unreachable" || known.integrity.status === "bad";
}

function linesOf(known: KnownIntegrity): string[] {
  if (known.kind === "unreachable") return [`integrity: ${known.detail}`];
  return Object.entries(known.integrity.databases).flatMap(([network, report]) => {
    const { status, checked_at: checkedAt, bad_since: badSince, findings } = report;
    if (status === "unknown") return [`integrity of ${network}: not checked yet`];
    if (status === "ok") return [`integrity of ${network}: ok, checked ${checkedAt}`];
    return [
      `integrity of ${network}: DAMAGED, known since ${badSince}, checked ${checkedAt}`,
      ...findings.map((line) => `  ${line}`),
    ];
  });
}
