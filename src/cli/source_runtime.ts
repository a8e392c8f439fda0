/**
 * One configured source at work: its ledger, its connection or embedded broker, its gaps, and what
 * health and metrics say of it.
 *
 * @module
 */
import { type Clock, delay } from "../capture/clock.ts";
import { SourceLedger } from "../capture/ledger.ts";
import type { Log } from "../capture/log.ts";
import type { SourceState } from "../capture/network.ts";
import type { PipelineObserver, SourceObserver } from "../capture/observer.ts";
import { RetainedMemory } from "../capture/retained.ts";
import type { SourceConfig } from "../config/schema.ts";
import { createSource, type EmbeddedBrokers } from "../mqtt/create_source.ts";
import type { Source, SourceParts } from "../mqtt/source_types.ts";
import type { HealthComponent } from "../observe/health.ts";
import { GapKeeper } from "./gap_keeper.ts";
import type { NetworkRuntime } from "./network_runtime.ts";

/** What a {@linkcode SourceRuntime} works with. */
export interface SourceRuntimeParts {
  /** The source as configured. */
  readonly config: SourceConfig;
  /** Takes its messages. */
  readonly network: NetworkRuntime;
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
}

/** Milliseconds between two notes in the database of until when a source was heard. */
const HEARD_EVERY_MS = 60_000;

/** Milliseconds before the source's state is asked of a failing database again. */
const LOAD_RETRY_MS = 1_000;

/** Runs one source from start to end. */
export class SourceRuntime {
  /** Name of the source. */
  readonly name: string;
  readonly #parts: SourceRuntimeParts;
  #source: Source | undefined;
  #wasUp = false;
  #reconnects = 0;
  #heardNotedAt = -Infinity;

  /** Connects nothing before `start()`. */
  constructor(parts: SourceRuntimeParts) {
    this.#parts = parts;
    this.name = parts.config.name;
  }

  /** Loads what the database knows of the source and begins to connect. */
  async start(signal: AbortSignal): Promise<void> {
    const { config, log, network, observer, shadow, brokers } = this.#parts;
    const state = await this.#load(signal);
    const gaps = new GapKeeper({
      source: this.name,
      heardUntil: state.heardUntil,
      onGap: (gap) => {
        observer.captureGap(gap.source, gap.reason);
        network.store.recordGap(gap).catch((error) =>
          log.error("a gap could not be recorded", { source: gap.source, error })
        );
      },
    });
    const parts: SourceParts = {
      clock: network.receipts,
      log,
      sink: network.queue,
      ledger: new SourceLedger(this.name, state, network.store),
      retained: new RetainedMemory(state.retained),
      events: {
        onReceived: (qos) => {
          observer.received(this.name, qos);
          if (qos === 0) gaps.deliveredAtQos0();
        },
        onConnected: ({ sessionPresent, at }) => gaps.connected(sessionPresent, at),
        onDisconnected: ({ at }) => gaps.disconnected(this.#aliveUntil(at)),
        onStateChange: () => this.review(),
      },
    };
    const source = createSource(config, state.clientId, parts, { shadow, brokers });
    this.#source = source;
    await source.start();
  }

  /** Reports to health and metrics, and now and then notes in the database that we are listening. */
  review(): void {
    const { health, observer, clock, network, log } = this.#parts;
    const status = this.#source?.status();
    if (status === undefined) return;
    const up = status.connected && status.subscribed;
    if (status.problem === undefined) {
      if (up) health.ok();
      else health.trouble("connecting", status.url);
    } else {
      if (up) health.ok();
      health.trouble(status.problem.reason, status.problem.detail);
    }
    if (up !== this.#wasUp) observer.sourceUp(this.name, up);
    this.#wasUp = up;
    for (; this.#reconnects < status.reconnects; this.#reconnects++) {
      observer.sourceReconnect(this.name);
    }
    if (up && clock.monotonic() - this.#heardNotedAt >= HEARD_EVERY_MS) {
      this.#heardNotedAt = clock.monotonic();
      noteHeard(network, this.name, clock.now()).catch((error) =>
        log.debug("could not note until when the source was heard", { error })
      );
    }
  }

  /** Takes in nothing more; acknowledgements still go out. */
  stopReading(): void {
    this.#source?.stopReading();
  }

  /** Notes until when the source was heard, and disconnects. */
  async stop(): Promise<void> {
    const { clock, network, log } = this.#parts;
    if (this.#source?.status().connected) {
      await noteHeard(network, this.name, clock.now()).catch((error) =>
        log.warn("could not note until when the source was heard", { source: this.name, error })
      );
    }
    await this.#source?.[Symbol.asyncDispose]();
  }

  async #load(signal: AbortSignal): Promise<SourceState> {
    const { config, network, clock, log, health } = this.#parts;
    for (;;) {
      try {
        const fixed = config.client_id !== undefined;
        const clientId = config.client_id ?? `meshcapture-${crypto.randomUUID().slice(0, 12)}`;
        return await network.store.loadSource(this.name, clientId, fixed);
      } catch (error) {
        health.trouble("store", error instanceof Error ? error.message : String(error));
        log.error("the source's state cannot be read yet; trying again", {
          source: this.name,
          error,
        });
        await delay(clock, LOAD_RETRY_MS, signal);
      }
    }
  }

  /** A keep-alive that timed out means that nobody was there since one and a half intervals. */
  #aliveUntil(at: number): number {
    const status = this.#source?.status();
    if (status?.problem?.reason !== "keepalive_timeout") return at;
    const silentMs = this.#parts.config.keepalive_seconds * 1500;
    return Math.max(status.lastMessageAt ?? 0, at - silentMs);
  }
}

async function noteHeard(network: NetworkRuntime, source: string, until: number): Promise<void> {
  const heardUntil = [[source, until]] as const;
  await network.store.commit([], { ledger: [], retained: [], heardUntil, quarantine: [] });
}
