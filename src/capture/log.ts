/**
 * The logger that components are given. LogTape's `Logger` has this shape; a test passes
 * {@linkcode silentLog} or one that collects.
 *
 * @module
 */

/** Values that go with a log line. They are written as fields, never spliced into the text. */
export type LogFields = Record<string, unknown>;

/** A sink for log lines with five levels. Messages are constant text; what varies goes into fields. */
export interface Log {
  /** For whoever looks for a fault; off by default. */
  debug(message: string, fields?: LogFields): void;
  /** What an operator wants to know on an ordinary day. */
  info(message: string, fields?: LogFields): void;
  /** Something is wrong, and it goes on by itself. */
  warn(message: string, fields?: LogFields): void;
  /** Something is wrong, and somebody should act. */
  error(message: string, fields?: LogFields): void;
}

/** Discards everything. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
