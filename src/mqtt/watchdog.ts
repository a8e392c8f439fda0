/**
 * Watches the sources: a connection that seems to be there but brings nothing, one that does not come
 * back, and messages that come but are not stored. A pure policy: it is told how the sources are and
 * answers what to say and what to do.
 *
 * ```ts
 * const watchdog = new Watchdog();
 * for (const finding of watchdog.look(sources, clock.monotonic())) {
 *   log[finding.level](finding.message, finding.fields);
 *   if (finding.reconnect) source(finding.source).forceReconnect();
 * }
 * ```
 *
 * @module
 */
import { defined } from "../capture/defined.ts";
import type { LogFields } from "../capture/log.ts";

/** How a source is. Times are milliseconds of one monotonic clock; undefined: never. */
export interface WatchedSource {
  /** Name as configured; unlike any other source's. */
  readonly name: string;
  /** Whether there is a connection now. */
  readonly connected: boolean;
  /** When `connected` changed last, or when the source was started. */
  readonly since: number;
  /** When the last message came in. */
  readonly receivedAt: number | undefined;
  /**
   * When the last message was done with: stored, or dropped by rule. Counted after the commit, so
   * that a database which takes nothing does not look like a source that brings something.
   */
  readonly settledAt: number | undefined;
  /** True while we ourselves do not read, because the queue is full or we are shutting down. */
  readonly paused: boolean;
  /** False where a new connection cannot help: with the embedded broker radios connect to us. */
  readonly canReconnect: boolean;
}

/** What is found. The label of a metric. */
export type WatchdogKind =
  /** Connected, messages came before, and none has come for long. */
  | "silent"
  /** Connected, and no message has ever come. */
  | "never_heard"
  /** Messages come and are not stored. */
  | "stalled"
  /** Not connected for long. */
  | "disconnected"
  /** What was found before is over. */
  | "recovered";

/** A thing to say, and perhaps to do. */
export interface WatchdogFinding {
  /** Name of the source. */
  readonly source: string;
  /** What troubles it, or that nothing does any more. */
  readonly kind: WatchdogKind;
  /** How loud to say it: trouble goes on as `info` where only a reconnection is news. */
  readonly level: "info" | "warn" | "error";
  /** A sentence for the log. */
  readonly message: string;
  /** For the log: the source, and the figures that the finding rests on. */
  readonly fields: LogFields;
  /** True: drop the connection and make a new one. */
  readonly reconnect: boolean;
}

/** Limits, in milliseconds. */
export interface WatchdogOptions {
  /** Silence that is not believed. Default 5 minutes. */
  readonly silenceMs?: number;
  /** Least time between two forced reconnections of a source. Default 60 seconds. */
  readonly throttleMs?: number;
  /** Time after which the same trouble is told again. Default 1 hour. */
  readonly heartbeatMs?: number;
  /**
   * Time without a connection after which one is forced, against a reconnection that waits for ever.
   * Up to one `throttleMs` is added by the name, so that not all sources do it at once. Default 25
   * minutes.
   */
  readonly disconnectedMs?: number;
}

/** Milliseconds between two looks. */
export const WATCHDOG_INTERVAL_MS = 60_000;

const MINUTE = 60_000;

/** What can be wrong with a source. */
export type Trouble = Exclude<WatchdogKind, "recovered">;

interface Memory {
  trouble?: Trouble;
  /** When trouble was last told at its full level. */
  toldAt: number;
  reconnectAt: number;
  /** When the message came in whose commit is waited for. */
  pendingAt?: number;
}

/** Remembers what was found of each source, so that it is told once and not every minute. */
export class Watchdog {
  readonly #options: Required<WatchdogOptions>;
  readonly #memory = new Map<string, Memory>();

  /** Remembers nothing yet. Each limit has a default. */
  constructor(options: WatchdogOptions = {}) {
    this.#options = {
      silenceMs: options.silenceMs ?? 5 * MINUTE,
      throttleMs: options.throttleMs ?? MINUTE,
      heartbeatMs: options.heartbeatMs ?? 60 * MINUTE,
      disconnectedMs: options.disconnectedMs ?? 25 * MINUTE,
    };
  }

  /** What troubles a source, for health; undefined: nothing, as far as it was looked at. */
  troubleOf(source: string): Trouble | undefined {
    return this.#memory.get(source)?.trouble;
  }

  /** Looks at all sources; to be called every {@linkcode WATCHDOG_INTERVAL_MS} or so. */
  look(sources: readonly WatchedSource[], now: number): WatchdogFinding[] {
    const names = new Set(sources.map((one) => one.name));
    for (const name of this.#memory.keys()) if (!names.has(name)) this.#memory.delete(name);
    return sources.flatMap((source) => this.#judge(source, now) ?? []);
  }

  #judge(source: WatchedSource, now: number): WatchdogFinding | undefined {
    let memory = this.#memory.get(source.name);
    if (memory === undefined) {
      memory = { toldAt: -Infinity, reconnectAt: -Infinity };
      this.#memory.set(source.name, memory);
    }
    notePending(source, memory);
    const trouble = this.#trouble(source, memory, now);
    const before = memory.trouble;
    if (trouble === undefined) {
      // A new connection alone is no recovery from silence: it may be as silent as the old one.
      if (before === undefined || !recovered(before, source, memory)) return undefined;
      delete memory.trouble;
      return finding(source, "recovered", "info", "the source is well again", { after: before });
    }
    const reconnect = this.#reconnects(trouble, source, memory, now);
    const news = trouble !== before || now - memory.toldAt >= this.#options.heartbeatMs;
    if (reconnect) memory.reconnectAt = now;
    if (!news && !reconnect) return undefined;
    if (news) memory.toldAt = now;
    memory.trouble = trouble;
    const found = this.#found(source, trouble, now, reconnect);
    return news ? found : { ...found, level: "info" };
  }

  #trouble(source: WatchedSource, memory: Memory, now: number): Trouble | undefined {
    const { silenceMs, throttleMs, disconnectedMs } = this.#options;
    if (memory.pendingAt !== undefined && now - memory.pendingAt > silenceMs) return "stalled";
    if (!source.connected) {
      const patienceMs = disconnectedMs + jitter(source.name, throttleMs);
      return now - source.since > patienceMs ? "disconnected" : undefined;
    }
    // While we do not read, silence says nothing of the broker.
    if (source.paused) return undefined;
    const quietSince = Math.max(source.since, source.receivedAt ?? -Infinity);
    if (now - quietSince <= silenceMs) return undefined;
    return source.receivedAt === undefined ? "never_heard" : "silent";
  }

  #reconnects(trouble: Trouble, source: WatchedSource, memory: Memory, now: number): boolean {
    if (!source.canReconnect) return false;
    const { throttleMs, disconnectedMs } = this.#options;
    const sinceLast = now - memory.reconnectAt;
    if (trouble === "silent") return sinceLast >= throttleMs;
    // The source tries by itself, ever more slowly where a person is needed: no hammering.
    if (trouble === "disconnected") return sinceLast >= disconnectedMs;
    return false;
  }

  #found(
    source: WatchedSource,
    trouble: Trouble,
    now: number,
    reconnect: boolean,
  ): WatchdogFinding {
    const seconds = (at: number | undefined) =>
      at === undefined ? undefined : Math.round((now - at) / 1000);
    const quiet = seconds(Math.max(source.since, source.receivedAt ?? -Infinity));
    switch (trouble) {
      case "silent":
        return finding(
          source,
          trouble,
          "warn",
          "connected, but no message has come for long; the connection may be dead",
          { silentSeconds: quiet },
          reconnect,
        );
      case "never_heard":
        return finding(
          source,
          trouble,
          "warn",
          "connected, but no message has ever come; look at the topics and at the broker's access rules",
          { silentSeconds: quiet },
        );
      case "stalled":
        return finding(
          source,
          trouble,
          "error",
          "messages come, but none has been stored for long",
          {
            receivedSecondsAgo: seconds(source.receivedAt),
            storedSecondsAgo: seconds(source.settledAt),
          },
        );
      case "disconnected":
        return finding(
          source,
          trouble,
          "error",
          "not connected for long",
          { disconnectedSeconds: seconds(source.since) },
          reconnect,
        );
    }
  }
}

/** Keeps in mind the last message that was not done with at this look, until it is. */
function notePending(source: WatchedSource, memory: Memory): void {
  const settledAt = source.settledAt ?? -Infinity;
  if (memory.pendingAt !== undefined && settledAt >= memory.pendingAt) delete memory.pendingAt;
  if (source.receivedAt !== undefined && source.receivedAt > settledAt) {
    memory.pendingAt ??= source.receivedAt;
  }
}

/** A message since the trouble was told; a connection, where that was missing. */
function recovered(trouble: Trouble, source: WatchedSource, memory: Memory): boolean {
  if (trouble === "disconnected") return source.connected;
  if (trouble === "stalled") return memory.pendingAt === undefined;
  return source.receivedAt !== undefined && source.receivedAt > memory.toldAt;
}

function finding(
  source: WatchedSource,
  kind: WatchdogKind,
  level: WatchdogFinding["level"],
  message: string,
  fields: LogFields,
  reconnect = false,
): WatchdogFinding {
  return {
    source: source.name,
    kind,
    level,
    message,
    fields: { source: source.name, ...defined(fields) },
    reconnect,
  };
}

/** 0 ≤ n < `rangeMs`, the same for the same name (FNV-1a). */
function jitter(name: string, rangeMs: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return rangeMs > 0 ? (hash >>> 0) % rangeMs : 0;
}
