/** `meshcapture check`: the resulting configuration, and where each value comes from. @module */
import { describeAsJson, describeAsText } from "../config/describe.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { type ConfigOptions, loadSettings } from "./load_settings.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode check}. */
export interface CheckOptions extends ConfigOptions {
  /** Print JSON. */
  readonly json?: boolean;
}

/** Prints the configuration with the origin of each value, secrets masked. */
export function check(terminal: Terminal, options: CheckOptions): ExitCode {
  const loaded = loadSettings(terminal, options);
  if (loaded === undefined) return EXIT.usage;
  if (options.json) {
    terminal.print(describeAsJson(loaded));
    return EXIT.ok;
  }
  terminal.print(`configuration: ${loaded.file ?? "no file, defaults"} (${loaded.dialect})`);
  terminal.print(describeAsText(loaded));
  return EXIT.ok;
}
