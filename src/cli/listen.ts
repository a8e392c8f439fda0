/** Connects to a configured source beside whoever uses it, and listens. @module */
import { delay } from "../capture/clock.ts";
import { silentLog } from "../capture/log.ts";
import type { SourceConfig } from "../config/schema.ts";
import type { Source } from "../mqtt/source_types.ts";
import { Listening, type ListeningParts, type ListeningResult } from "./listening.ts";
import { temporarySource } from "./temporary_source.ts";
import type { Terminal } from "./terminal.ts";

/** How a source is listened to. */
export interface ListenOptions extends ListeningParts {
  /** Seconds to listen, from the subscription on. */
  readonly seconds: number;
  /** Topic filters to try for a moment where nothing comes through the source's own. */
  readonly wider: readonly string[];
  /** Ends the listening early; what was heard by then counts. */
  readonly signal: AbortSignal;
}

/** Milliseconds for connecting and subscribing. */
const CONNECT_MS = 10_000;

/** Milliseconds for which wider filters are tried. */
const WIDER_MS = 5_000;

/** Topics that are enough to show where the traffic is. */
const ENOUGH_TOPICS = 20;

/** Milliseconds between two looks at the connection. */
const LOOK_MS = 50;

/**
 * Listens with a client id of its own and a clean session, so that nobody is disturbed and nothing
 * is taken away. Never throws but for faults of ours.
 */
export async function listenTo(
  terminal: Terminal,
  config: SourceConfig,
  options: ListenOptions,
): Promise<ListeningResult> {
  const { clock } = terminal;
  const { signal, seconds } = options;
  const heard = new Listening(options);
  const source = sourceFor(terminal, config, heard);
  await using _source = source;
  await source.start();
  const connected = await until(terminal, CONNECT_MS, signal, () => isSettled(source));
  if (!connected || !source.status().subscribed) {
    return { heard, status: source.status(), seconds: 0, endedEarly: signal.aborted };
  }
  const began = clock.monotonic();
  await until(terminal, seconds * 1000, signal, () => false);
  source.stopReading();
  await heard.settled();
  const result = {
    heard,
    status: source.status(),
    seconds: (clock.monotonic() - began) / 1000,
  };
  if (heard.messages > 0 || signal.aborted) return result;
  return { ...result, elsewhere: await topicsElsewhere(terminal, config, options) };
}

function sourceFor(terminal: Terminal, config: SourceConfig, sink: Listening): Source {
  const patient = { ...config, reconnect: { min_ms: 200, max_ms: 1000 } };
  return temporarySource(patient, "check", { clock: terminal.clock, log: silentLog, sink });
}

/** True when the source is subscribed, or has a problem that time does not cure. */
function isSettled(source: Source): boolean {
  const { subscribed, problem } = source.status();
  return subscribed || (problem !== undefined && LASTING.has(problem.reason));
}

const LASTING: ReadonlySet<string> = new Set([
  "credentials_refused",
  "credentials_file",
  "client_id_refused",
  "protocol_refused",
  "protocol_error",
  "subscription_refused",
  "tls",
]);

/** Topics with traffic of the same network, although the source's own filters let nothing through. */
async function topicsElsewhere(
  terminal: Terminal,
  config: SourceConfig,
  options: ListenOptions,
): Promise<string[]> {
  const { wider, signal } = options;
  const { decoder } = options;
  const topics = new Set<string>();
  const sink = new Listening({
    decoder: {
      name: decoder.name,
      decode: async (batch) => {
        const decoded = await decoder.decode(batch);
        decoded.forEach((one, i) => {
          // What is of another network, or of none, says nothing of these topics.
          if (one.kind === "record" && (one.labels.readable || one.labels.decrypt !== "none")) {
            topics.add(batch[i]!.topic);
          }
        });
        return decoded;
      },
    },
    notesOf: () => ({}),
  });
  await using source = sourceFor(terminal, { ...config, topics: [...wider], qos: 0 }, sink);
  await source.start();
  await until(terminal, WIDER_MS, signal, () => topics.size >= ENOUGH_TOPICS);
  await sink.settled();
  return [...topics].sort();
}

/** Waits until `condition` holds, at most `timeoutMs`; true when it does. */
async function until(
  terminal: Terminal,
  timeoutMs: number,
  signal: AbortSignal,
  condition: () => boolean,
): Promise<boolean> {
  const { clock } = terminal;
  const deadline = clock.monotonic() + timeoutMs;
  while (!condition()) {
    const left = deadline - clock.monotonic();
    if (left <= 0 || signal.aborted) return false;
    await delay(clock, Math.min(LOOK_MS, left), signal).catch(() => {});
  }
  return true;
}
