/** `meshcapture record`: what the configured sources deliver → a recording. @module */
import { silentLog } from "../capture/log.ts";
import type { Message } from "../capture/message.ts";
import type { CommitSummary, Network } from "../capture/network.ts";
import { noObserver } from "../capture/observer.ts";
import { Pipeline } from "../capture/pipeline.ts";
import { RecordList } from "../capture/record_list.ts";
import { CaptureQueue } from "../capture/queue.ts";
import type { SourceConfig } from "../config/schema.ts";
import { EmbeddedBrokers } from "../mqtt/embedded_brokers.ts";
import type { Source } from "../mqtt/source_types.ts";
import { networks } from "../networks.ts";
import { JsonlWriter } from "../recording/jsonl_writer.ts";
import { listensAlready } from "./embedded_findings.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import { type ConfigOptions, loadSettings } from "./load_settings.ts";
import { noteLog } from "./note_log.ts";
import { Progress } from "./progress.ts";
import { temporarySource } from "./temporary_source.ts";
import type { Terminal } from "./terminal.ts";

/** Options of {@linkcode record}. */
export interface RecordOptions extends ConfigOptions {
  /** Seconds after which to end; otherwise a signal does. */
  readonly seconds?: number;
}

/** Nothing is decoded: a message is its own record. */
const verbatim: Network<Message> = {
  name: networks[0].name,
  decode: (batch) =>
    Promise.resolve(batch.map((record) => ({
      kind: "record",
      record,
      labels: { type: "message", decrypt: "none", readable: true },
    }))),
};

/**
 * Appends to `file` until a signal or the end of `seconds`; exit code 1 when no source was ever
 * connected by then. It uses client ids of its own and clean
 * sessions, so that it disturbs no service.
 */
export async function record(
  terminal: Terminal,
  file: string,
  options: RecordOptions,
): Promise<ExitCode> {
  const loaded = loadSettings(terminal, options);
  if (loaded === undefined) return EXIT.usage;
  const { config } = loaded;
  const { clock } = terminal;
  const log = noteLog(terminal);
  const ended = Promise.withResolvers<void>();
  let signals = 0;
  const endSignals = terminal.onSignal(() => {
    if (++signals > 1) terminal.exit(EXIT.failed);
    ended.resolve();
  });
  const timer = options.seconds === undefined
    ? undefined
    : clock.setTimer(() => ended.resolve(), options.seconds * 1000);
  using progress = new Progress(terminal, "messages");
  let written = 0;
  try {
    await using writer = new JsonlWriter(file);
    await writer.start();
    const queue = new CaptureQueue({
      maxMessages: config.queue.max_messages,
      maxBytes: config.queue.max_bytes,
    }, clock);
    const pipeline = new Pipeline<Message, RecordList<Message>>({
      network: verbatim,
      store: {
        newBatch: () => new RecordList<Message>(),
        async commit({ records }): Promise<CommitSummary> {
          await writer.append(records);
          written += records.length;
          progress.at(written);
          return { counts: {}, durationMs: 0 };
        },
      },
      queue,
      clock,
      log,
      observer: noObserver,
    }, { batchMax: config.storage.batch_max, commitIntervalMs: config.storage.commit_interval_ms });
    pipeline.start();
    await using brokers = new EmbeddedBrokers(silentLog);
    const running = await runningBrokers(config.sources);
    const sources = config.sources.map((source) => {
      // Where a service runs, its broker is listened to; where none does, we are the broker.
      const own = running.has(source.url) ? {} : { brokers };
      return temporarySource(source, "record", { clock, log, sink: queue }, own);
    });
    await Promise.all(sources.map((source) => startNoting(terminal, source)));
    await ended.promise;
    for (const source of sources) source.stopReading();
    // A disk that stays full must not keep us: what was not written was not acknowledged either.
    const giveUp = new AbortController();
    const late = clock.setTimer(() => giveUp.abort(), config.shutdown_timeout * 1000);
    await pipeline.drain(giveUp.signal);
    clock.clearTimer(late);
    for (const source of sources) await source[Symbol.asyncDispose]();
    terminal.print(`${written} messages recorded in ${file}`);
    if (pipeline.lost > 0) terminal.note(`${pipeline.lost} messages could not be written`);
    const connected = sources.some(wasConnected);
    if (!connected) noteProblems(terminal, sources);
    return connected && pipeline.lost === 0 ? EXIT.ok : EXIT.failed;
  } catch (error) {
    terminal.note(explain(error));
    return EXIT.failed;
  } finally {
    if (timer !== undefined) clock.clearTimer(timer);
    endSignals();
  }
}

/** True when a broker has ever accepted our connection, or has been listening: it then knows a version. */
function wasConnected(source: Source): boolean {
  return source.status().protocol !== undefined;
}

function noteProblems(terminal: Terminal, sources: readonly Source[]): void {
  terminal.note("no source was ever connected, so there was nothing to record:");
  for (const source of sources) {
    const { name, url, problem } = source.status();
    terminal.note(`${name}: ${problem?.detail ?? `${url} has not answered`}`);
  }
}

/** Addresses of embedded brokers that somebody listens on already. */
async function runningBrokers(sources: readonly SourceConfig[]): Promise<ReadonlySet<string>> {
  const embedded = sources.filter((one) => one.url.startsWith("embedded:"));
  const answers = await Promise.all(
    embedded.map(async (one) => await listensAlready(one) ? [one.url] : []),
  );
  return new Set(answers.flat());
}

async function startNoting(terminal: Terminal, source: Source): Promise<void> {
  try {
    await source.start();
  } catch (error) {
    terminal.note(`${source.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
