/** @module */
import type { Log } from "../capture/log.ts";
import { fieldsText } from "../observe/log_format.ts";
import type { Terminal } from "./terminal.ts";

/** The log of a command that a person types: warnings and errors on standard error, a line each. */
export function noteLog(terminal: Terminal): Log {
  return {
    debug() {},
    info() {},
    warn: (message, fields = {}) => terminal.note(`warning: ${message}${fieldsText(fields)}`),
    error: (message, fields = {}) => terminal.note(`error: ${message}${fieldsText(fields)}`),
  };
}
