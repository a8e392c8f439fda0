/**
 * One configured source at work: its ledger, its connection or embedded broker, its gaps, and what
 * health and metrics say of it.
 *
 * @module
 */
import { type Clock, delay } from "../capture/clock.ts";
import { ClockSteps } from "../capture/clock_steps.ts";
import { SourceLedger } from "../capture/ledger.ts";
import type { Log } from "../capture/log.ts";
import type { CommitContext, SourceState } from "../capture/network.ts";
import type { PipelineObserver, SourceObserver } from "../capture/observer.ts";
import { RetainedMemory } from "../capture/retained.ts";
import type { SourceConfig } from "../config/schema.ts";
import { createSource } from "../mqtt/create_source.ts";
import type { EmbeddedBrokers } from "../mqtt/embedded_brokers.ts";
import { nextDelay } from "../mqtt/reconnect_policy.ts";
import { SourceActivity } from "../mqtt/source_activity.ts";
import type { Source, SourceParts } from "../mqtt/source_types.ts";
import type { WatchedSource } from "../mqtt/watchdog.ts";
import type { HealthComponent } from "../observe/health.ts";
import { GapKeeper } from "./gap_keeper.ts";
import { GapRecorder } from "./gap_recorder.ts";
import type { NetworkRuntime } from "./network_runtime.ts";

/** What a {@linkcode SourceRuntime} works with. */
export interface SourceRuntimeParts {
  /** The source as configured. */
  readonly config: SourceConfig;
  /** Takes its messages. */
  readonly network: Pick<NetworkRuntime, "store" | "queue" | "receipts">;
  /** Times reconnects and gaps. */
  readonly clock: Clock;
  /** Log of connections. */
  readonly log: Log;
  /** Told of messages, drops and connections. */
  readonly observer: PipelineObserver & SourceObserver;
  /** Where trouble of the connection is reported. */
  readonly health: HealthComponent;
  /** A shadow: clean session, suffixed client id. */
  readonly shadow: boolean;
  /** Where embedded brokers are shared. */
  readonly brokers: EmbeddedBrokers;
  /** Makes the source itself. Default: as configured. */
  readonly createSource?: typeof createSource;
}

/** Said on health as long as it is so. */
const NOT_VERIFIED = "tls.verify is false: anybody on the way can read and change the traffic";

/** Milliseconds between two notes in the database of until when a source was heard. */
const HEARD_EVERY_MS = 60_000;

/** Milliseconds after the start in which a machine may still learn what time it is. */
const EARLY_MS = 3_600_000;

/** Milliseconds before the source's state is asked of a failing database again. */
const LOAD_RETRY_MS = 1_000;

/** Milliseconds after which what we gave up at the broker has surely been given up. */
const SETTLED_MS = 10_000;

/** Runs one source from start to end. */
export class SourceRuntime {
  /** Name of the source. */
  readonly name: string;
  /** What it did and when, for the watchdog and for readers' statistics. */
  readonly activity: SourceActivity;
  readonly #parts: SourceRuntimeParts;
  readonly #steps: ClockSteps;
  readonly #gapRecorder: GapRecorder;
  #gaps: GapKeeper | undefined;
  #source: Source | undefined;
  #upSince: number | undefined;
  #reconnects = 0;
  #heardNotedAt = -Infinity;
  #stoppedAt: number | undefined;
  /** The trouble that health was told of last. */
  #trouble: string | undefined;

  /** Connects nothing before `start()`. */
  constructor(parts: SourceRuntimeParts) {
    this.#parts = parts;
    this.name = parts.config.name;
    this.activity = new SourceActivity(this.name, parts.config.url, parts.clock);
    this.#steps = new ClockSteps(parts.clock);
    this.#gapRecorder = new GapRecorder(parts.network.store, parts.log);
    this.note(undefined);
  }

  /** Says on health what the watchdog found, beside what is always to be said. */
  note(text: string | undefined): void {
    const { url, tls } = this.#parts.config;
    const encrypted = /^(mqtts|ssl|tls|wss):/i.test(url);
    const always = encrypted && !tls.verify ? [NOT_VERIFIED] : [];
    const notes = text === undefined ? always : [...always, text];
    this.#parts.health.note(notes.length === 0 ? undefined : notes.join("; "));
  }

  /** How it is, for the watchdog. */
  watched(): WatchedSource {
    const embedded = this.#parts.config.url.startsWith("embedded:");
    return this.activity.watched(this.#source?.status().paused ?? false, !embedded);
  }

  /** Drops the connection and makes a new one. */
  forceReconnect(): void {
    this.#source?.forceReconnect();
  }

  /**
   * Loads what the database knows of the source and begins to connect or to listen; what fails is
   * tried again with backoff until `signal` is aborted.
   *
   * @throws the signal's reason.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { config, clock, log } = this.#parts;
    const state = await this.#load(signal);
    const parts = this.#sourceParts(state);
    for (let failures = 1;; failures++) {
      signal.throwIfAborted();
      try {
        return await this.#startSource(state, parts);
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        this.#tell(this.#source?.status().problem?.reason ?? "start_failed", detail);
        await this.#source?.[Symbol.asyncDispose]();
        this.#source = undefined;
        const { min_ms: minMs, max_ms: maxMs } = config.reconnect;
        const waitMs = nextDelay({ minMs, maxMs }, {
          failures,
          slow: false,
          random: Math.random(),
        });
        const fields = { source: this.name, error: detail, retryInMs: Math.round(waitMs) };
        if (failures === 1) log.warn("the source could not be started; trying again", fields);
        else log.debug("the source still cannot be started", fields);
        await delay(clock, waitMs, signal);
      }
    }
  }

  /** Reports to health and metrics, and now and then notes in the database that we are listening. */
  review(): void {
    const { observer, clock, log } = this.#parts;
    this.#watchClock();
    this.#gaps?.review(clock.now());
    this.#gapRecorder.flush();
    const status = this.#source?.status();
    if (status === undefined) return;
    const up = status.connected && status.subscribed;
    if (!status.connected) this.activity.disconnected(status.problem?.detail);
    if (status.problem !== undefined) this.#tell(status.problem.reason, status.problem.detail);
    else if (up) this.#tellWell();
    else this.#tell("connecting", status.url);

    const now = clock.monotonic();
    if (up !== (this.#upSince !== undefined)) observer.sourceUp(this.name, up);
    this.#upSince = up ? this.#upSince ?? now : undefined;
    for (; this.#reconnects < status.reconnects; this.#reconnects++) {
      observer.sourceReconnect(this.name);
    }
    // While messages of its own wait, their commit says until when they were heard. To say more would hide
    // the loss of what came at QoS 0, should the database never take them.
    const waits = this.activity.unsettled || this.#parts.network.queue.full;
    if (up && !waits && now - this.#heardNotedAt >= HEARD_EVERY_MS) {
      this.#heardNotedAt = now;
      this.#noteHeard(clock.now()).catch((error) =>
        log.debug("could not note until when the source was heard", { error })
      );
    }
  }

  /** Takes in nothing more; acknowledgements still go out. */
  stopReading(): void {
    this.#stoppedAt ??= this.#parts.clock.now();
    this.#source?.stopReading();
  }

  /** Notes until when the source was heard, unless `signal` ends that, and disconnects. */
  async stop(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    const told = this.#gaps?.ended(this.#stoppedAt ?? clock.now()) ?? false;
    try {
      await unlessAborted(this.#gapRecorder.flush(), signal);
      if (told || this.#source?.status().connected) {
        await unlessAborted(this.#noteHeard(this.#stoppedAt ?? clock.now()), signal);
      }
    } catch (error) {
      log.warn("could not note until when the source was heard", { source: this.name, error });
    }
    await this.#source?.[Symbol.asyncDispose]();
  }

  async #startSource(state: SourceState, parts: SourceParts): Promise<void> {
    const { config, shadow, brokers } = this.#parts;
    const make = this.#parts.createSource ?? createSource;
    // A shadow listens to the embedded broker of the service beside it, instead of taking its place.
    const options = { shadow, formerTopics: state.topics, ...(shadow ? {} : { brokers }) };
    this.#source = make(config, state.clientId, parts, options);
    await this.#source.start();
  }

  #sourceParts(state: SourceState): SourceParts {
    const { log, network, observer } = this.#parts;
    const gaps = this.#gaps = new GapKeeper({
      source: this.name,
      heardUntil: state.heardUntil,
      pending: state.pendingGaps,
      onGaps: (found, pending) => {
        for (const gap of found) observer.captureGap(gap.source, gap.reason);
        this.#gapRecorder.add(found, pending);
      },
    });
    return {
      clock: network.receipts,
      log,
      sink: network.queue,
      ledger: new SourceLedger(this.name, state, network.store, {
        onResumed: (wentBack) => gaps.resumed(wentBack),
      }),
      retained: new RetainedMemory(state.retained),
      events: {
        onReceived: (qos, _bytes, outcome) => {
          observer.received(this.name, qos);
          // What a broker has kept, and we too, is no sign of life of anybody. At QoS 0 that is all that
          // becomes of it; at QoS 1 it takes its place in the queue.
          if (outcome !== "retained_known") this.activity.received();
          else if (qos === 0) observer.duplicate(this.name);
          if (qos === 0) gaps.deliveredAtQos0();
        },
        onConnected: ({ sessionPresent, at }) => {
          gaps.connected(sessionPresent, at);
          // Before any commit can say that we were heard later than that.
          if (gaps.pending.length > 0) this.#notePending();
          this.activity.connected();
        },
        onSubscribed: ({ granted, at }) => gaps.subscribed(granted, at),
        onDisconnected: ({ at, silent }) => {
          gaps.disconnected(silent ? this.#aliveUntil(at) : at);
          this.activity.disconnected();
        },
        onStateChange: () => this.review(),
      },
    };
  }

  /** What a clock that was set means for the gaps. */
  #watchClock(): void {
    const step = this.#steps.look();
    if (step === undefined) return;
    this.#parts.log.info("the clock was set", {
      source: this.name,
      from: new Date(step.from).toISOString(),
      to: new Date(step.to).toISOString(),
    });
    this.#gaps?.stepped(step.from, step.to, step.afterMs < EARLY_MS);
  }

  async #load(signal: AbortSignal): Promise<SourceState> {
    const { config, network, clock, log } = this.#parts;
    for (;;) {
      try {
        const fixed = config.client_id !== undefined;
        const clientId = config.client_id ?? `meshcapture-${crypto.randomUUID().slice(0, 12)}`;
        const state = await network.store.loadSource(this.name, clientId, fixed);
        await this.#expectTopics(state);
        return state;
      } catch (error) {
        signal.throwIfAborted();
        this.#tell("store", error instanceof Error ? error.message : String(error));
        log.error("the source's state cannot be read yet; trying again", {
          source: this.name,
          error,
        });
        await delay(clock, LOAD_RETRY_MS, signal);
      }
    }
  }

  /** Whatever becomes of this run, the next must know which filters the session may hold. */
  async #expectTopics({ topics: former = [] }: SourceState): Promise<void> {
    const added = this.#parts.config.topics.filter((topic) => !former.includes(topic));
    if (added.length > 0) await this.#note({ topics: [[this.name, [...former, ...added]]] });
  }

  /** What the session held before has been given up by now. */
  async #noteHeard(until: number): Promise<void> {
    const { clock, config } = this.#parts;
    const upMs = this.#upSince === undefined ? 0 : clock.monotonic() - this.#upSince;
    await this.#note({
      heardUntil: [[this.name, until]],
      pendingGaps: [[this.name, this.#gaps?.pending ?? []]],
      ...(upMs >= SETTLED_MS ? { topics: [[this.name, config.topics]] } : {}),
    });
  }

  #notePending(): void {
    this.#note({ pendingGaps: [[this.name, this.#gaps?.pending ?? []]] }).catch((error) =>
      this.#parts.log.debug("could not note what may be a gap", { source: this.name, error })
    );
  }

  async #note(context: Partial<CommitContext>): Promise<void> {
    const empty = { ledger: [], retained: [], heardUntil: [], quarantine: [] };
    await this.#parts.network.store.commit([], { ...empty, ...context });
  }

  #tell(reason: string, detail: string): void {
    const { health } = this.#parts;
    health.trouble(
      reason,
      detail,
      this.#trouble === undefined ? {} : { replaces: this.#trouble },
    );
    this.#trouble = reason;
  }

  #tellWell(): void {
    this.#parts.health.ok();
    this.#trouble = undefined;
  }

  /** A keep-alive that timed out means that nobody was there since one and a half intervals. */
  #aliveUntil(at: number): number {
    const status = this.#source?.status();
    const silentMs = this.#parts.config.keepalive_seconds * 1500;
    const heard = Math.max(status?.since ?? 0, status?.lastMessageAt ?? 0, at - silentMs);
    // Either may be of a time when the clock was ahead.
    return Math.min(heard, at);
  }
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const onAbort = () => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
