/**
 * Counts what the status page shows: totals since the start, and the minute under way for the charts.
 *
 * @module
 */
import type { NetworkName } from "../capture/message.ts";
import type {
  CommitSummary,
  GapReason,
  MinuteSample,
  RecordLabels,
  StorageReason,
} from "../capture/network.ts";
import { noObserver, type PipelineObserver, type SourceObserver } from "../capture/observer.ts";
import type { Counts, NetworkTotals } from "./page_api.ts";

/** A network as {@linkcode PageFigures} needs it. */
export interface FiguredNetwork {
  /** Name. */
  readonly name: NetworkName;
  /** Names of its sources. */
  readonly sources: readonly string[];
  /** Results of decryption that mean: no key is known. */
  readonly noKeyResults: readonly string[];
}

/** What the end of a minute adds to what was counted. */
export interface MinuteEnd {
  /** Messages in the queue. */
  readonly queued: number;
  /** Sources that are connected. */
  readonly sourcesUp: number;
  /** Size of the database; 0: not known. */
  readonly databaseBytes: number;
}

interface Minute {
  received: number;
  stored: number;
  unreadable: number;
  dropped: number;
  decrypted: number;
  noKey: number;
  commits: number;
  commitMsMax: number;
  queueMax: number;
}

interface NetworkState {
  readonly totals: NetworkTotals;
  readonly noKey: ReadonlySet<string>;
  readonly sourceCount: number;
  minute: Minute;
}

const emptyMinute = (): Minute => ({
  received: 0,
  stored: 0,
  unreadable: 0,
  dropped: 0,
  decrypted: 0,
  noKey: 0,
  commits: 0,
  commitMsMax: 0,
  queueMax: 0,
});

/** An observer whose figures the page shows. */
export class PageFigures implements PipelineObserver, SourceObserver {
  readonly #networks = new Map<string, NetworkState>();
  readonly #networkOf = new Map<string, NetworkState>();
  readonly #qos = new Map<string, [number, number]>();
  readonly #gaps = new Map<string, number>();
  readonly #reconnects = new Map<string, number>();

  /** Health tells it. */
  readonly jobFailed: PipelineObserver["jobFailed"] = noObserver.jobFailed;
  /** Health tells it. */
  readonly pipelineError: PipelineObserver["pipelineError"] = noObserver.pipelineError;
  /** Each source's own activity tells it. */
  readonly sourceUp: SourceObserver["sourceUp"] = noObserver.sourceUp;

  /** Every figure begins at 0. */
  constructor(networks: readonly FiguredNetwork[]) {
    for (const { name, sources, noKeyResults } of networks) {
      const state: NetworkState = {
        totals: {
          stored: 0,
          unreadable: 0,
          duplicates: 0,
          quarantined: 0,
          commits: 0,
          lastCommitRecords: 0,
          lastCommitMs: 0,
          drops: {},
          decrypts: {},
          types: {},
          storeErrors: {},
        },
        noKey: new Set(noKeyResults),
        sourceCount: sources.length,
        minute: emptyMinute(),
      };
      this.#networks.set(name, state);
      for (const source of sources) {
        this.#networkOf.set(source, state);
        this.#qos.set(source, [0, 0]);
      }
    }
  }

  received(source: string, qos: 0 | 1): void {
    const counts = this.#qos.get(source);
    if (counts !== undefined) counts[qos]++;
    const state = this.#networkOf.get(source);
    if (state !== undefined) state.minute.received++;
  }

  dropped(network: NetworkName, _source: string, reason: string): void {
    const state = this.#networks.get(network);
    if (state === undefined) return;
    add(state.totals.drops, reason);
    state.minute.dropped++;
  }

  duplicate(source: string): void {
    const state = this.#networkOf.get(source);
    if (state !== undefined) state.totals.duplicates++;
  }

  decoded(network: NetworkName, labels: RecordLabels): void {
    const state = this.#networks.get(network);
    if (state === undefined) return;
    add(state.totals.types, labels.type);
    add(state.totals.decrypts, labels.decrypt);
    if (state.noKey.has(labels.decrypt)) state.minute.noKey++;
    else if (labels.decrypt !== "none") state.minute.decrypted++;
  }

  committed(network: NetworkName, batchSize: number, summary: CommitSummary): void {
    const state = this.#networks.get(network);
    if (state === undefined) return;
    const { totals, minute } = state;
    totals.commits++;
    totals.lastCommitRecords = batchSize;
    totals.lastCommitMs = summary.durationMs;
    minute.commits++;
    minute.commitMsMax = Math.max(minute.commitMsMax, summary.durationMs);
  }

  stored(network: NetworkName, readable: boolean, n: number): void {
    const state = this.#networks.get(network);
    if (state === undefined) return;
    state.totals.stored += n;
    state.minute.stored += n;
    if (readable) return;
    state.totals.unreadable += n;
    state.minute.unreadable += n;
  }

  storeError(network: NetworkName, reason: StorageReason): void {
    const state = this.#networks.get(network);
    if (state !== undefined) add(state.totals.storeErrors, reason);
  }

  quarantined(network: NetworkName, n: number): void {
    const state = this.#networks.get(network);
    if (state !== undefined) state.totals.quarantined += n;
  }

  queue(network: NetworkName, depth: number): void {
    const minute = this.#networks.get(network)?.minute;
    if (minute !== undefined) minute.queueMax = Math.max(minute.queueMax, depth);
  }

  sourceReconnect(source: string): void {
    this.#reconnects.set(source, this.reconnects(source) + 1);
  }

  captureGap(source: string, _reason: GapReason): void {
    this.#gaps.set(source, this.gaps(source) + 1);
  }

  /** Connections of a source that were tried again. */
  reconnects(source: string): number {
    return this.#reconnects.get(source) ?? 0;
  }

  /** Stretches in which a source was not covered. */
  gaps(source: string): number {
    return this.#gaps.get(source) ?? 0;
  }

  /** Messages of a source delivered at QoS 0 and at QoS 1. */
  deliveries(source: string): readonly [number, number] {
    return this.#qos.get(source) ?? [0, 0];
  }

  /** A network's totals since the start. */
  totals(network: string): NetworkTotals | undefined {
    return this.#networks.get(network)?.totals;
  }

  /** The minute of a network that began at `at` (Unix seconds); a new one begins. */
  takeMinute(network: string, at: number, end: MinuteEnd): MinuteSample | undefined {
    const state = this.#networks.get(network);
    if (state === undefined) return undefined;
    const { minute } = state;
    state.minute = emptyMinute();
    return {
      at,
      ...minute,
      queueMax: Math.max(minute.queueMax, end.queued),
      sourcesUp: end.sourcesUp,
      sources: state.sourceCount,
      databaseBytes: end.databaseBytes,
    };
  }
}

/** Values come from closed sets, so the object stays small. */
function add(counts: Counts, value: string): void {
  counts[value] = (counts[value] ?? 0) + 1;
}
