/**
 * Sets LogTape up for the service and hands out a {@linkcode Log} per category.
 *
 * LogTape keeps its configuration once per process, so there is one {@linkcode Logging} at a time:
 * made by the command that runs, disposed of when it ends.
 *
 * @module
 */
import { configureSync, getConfig, getLogger, type LogRecord, resetSync } from "@logtape/logtape";
import { type Clock, systemClock } from "../capture/clock.ts";
import type { Log, LogFields } from "../capture/log.ts";
import { formatJson, formatText, type LogLevel } from "./log_format.ts";

/** Options of {@linkcode configureLogging}. */
export interface LoggingOptions {
  /** Lowest level that is written. @default "info" */
  readonly level?: LogLevel;
  /** Lines for people, or one JSON object a line. @default "text" */
  readonly format?: "text" | "json";
  /** Takes each finished line with its line end. @default standard error, written at once */
  readonly write?: (line: string) => void;
  /** Stamps the lines. @default the machine's clock */
  readonly clock?: Clock;
}

/** The configured logs. */
export interface Logging extends Disposable {
  /** The log of a category such as `mqtt` or `storage`. */
  log(category: string): Log;
}

/** Root of all our categories; libraries that log through LogTape stay silent. */
const ROOT = "meshcapture";

/** Starts logging. */
export function configureLogging(options: LoggingOptions = {}): Logging {
  const write = options.write ?? writeToStderr;
  const clock = options.clock ?? systemClock;
  const format = options.format === "json" ? formatJson : formatText;
  const sink = (record: LogRecord): void => {
    const own = record.category[0] === ROOT;
    write(format({
      timestamp: record.timestamp,
      level: levelOf(record.level),
      category: (own ? record.category.slice(1) : record.category).join("."),
      message: record.message.map(String).join(""),
      fields: record.properties,
    }));
  };
  configureSync({
    reset: true,
    sinks: { lines: sink },
    loggers: [
      { category: ROOT, sinks: ["lines"], lowestLevel: logtapeLevel(options.level ?? "info") },
      // Without this LogTape tells on standard output how it was configured.
      { category: ["logtape", "meta"], sinks: ["lines"], lowestLevel: "warning" },
    ],
  });
  return {
    log: (category) => adapter(category, clock),
    [Symbol.dispose]() {
      // A later configuration is not ours to take away.
      if (getConfig()?.sinks["lines"] === sink) resetSync();
    },
  };
}

function adapter(category: string, clock: Clock): Log {
  const logger = getLogger([ROOT, category]);
  // `emit` and not `info`: those read `{name}` in the message as a placeholder.
  const at = (level: LogLevel) => {
    const itsLevel = logtapeLevel(level);
    return (message: string, fields: LogFields = {}): void => {
      if (!logger.isEnabledFor(itsLevel)) return;
      logger.emit({
        level: itsLevel,
        message: [message],
        rawMessage: message,
        timestamp: clock.now(),
        properties: fields,
      });
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function logtapeLevel(level: LogLevel): "debug" | "info" | "warning" | "error" {
  return level === "warn" ? "warning" : level;
}

function levelOf(level: LogRecord["level"]): LogLevel {
  switch (level) {
    case "trace":
    case "debug":
      return "debug";
    case "info":
      return "info";
    case "warning":
      return "warn";
    case "error":
    case "fatal":
      return "error";
  }
}

const encoder = new TextEncoder();

/**
 * Writes at once, so that the last lines before an exit are not lost. When nobody reads standard
 * error any more (a closed pipe), the line is lost and capture goes on.
 */
function writeToStderr(line: string): void {
  const bytes = encoder.encode(line);
  try {
    for (let written = 0; written < bytes.length;) {
      written += Deno.stderr.writeSync(bytes.subarray(written));
    }
  } catch {
    // There is no place left to say it.
  }
}
