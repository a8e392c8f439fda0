/**
 * The statistics that CoreScope's server shows of its ingestor (`/api/perf/io`, `/api/mqtt/status`,
 * `/api/healthz`, …), in its words.
 *
 * @module
 */
import { maskUrl, maskUrlsInText } from "../capture/mask_url.ts";

/** One source; `SourceFigures` of the mqtt room has this shape. Times are Unix milliseconds. */
export interface StatsSource {
  /** Name as configured. */
  readonly name: string;
  /** Broker's address; user information is masked when it is written. */
  readonly url: string;
  /** Whether there is a connection now. */
  readonly connected: boolean;
  /** When the last connection came up. */
  readonly connectedAt: number | undefined;
  /** When the last connection was lost. */
  readonly disconnectedAt: number | undefined;
  /** When the last message came in. */
  readonly receivedAt: number | undefined;
  /** Counted after the commit; CoreScope counts it before, so that a full disk looks well there. */
  readonly settledAt: number | undefined;
  /** Connections made since the start. */
  readonly connects: number;
  /** Connections lost since the start. */
  readonly disconnects: number;
  /** Messages since the start. */
  readonly messages: number;
  /** Messages of the last five minutes. */
  readonly recentMessages: number;
  /** Why there is no connection, where there is none. */
  readonly problem: string | undefined;
}

/** What is known at one moment. Counters count from the start of the process. */
export interface IngestorStats {
  /** New transmissions. */
  readonly transmissions: number;
  /** Observations, new or known. */
  readonly observations: number;
  /** Packets whose transmission was known. */
  readonly duplicateTransmissions: number;
  /** Adverts and other packets that wrote to a node. */
  readonly nodeUpserts: number;
  /** Messages that wrote to an observer. */
  readonly observerUpserts: number;
  /** Writes that failed. */
  readonly writeErrors: number;
  /** Adverts refused for their signature. */
  readonly signatureDrops: number;
  /** Transactions that became durable. */
  readonly commits: number;
  /** Rows that backfills changed, by backfill. */
  readonly backfills: Readonly<Record<string, number>>;
  /** Every configured source, connected or not. */
  readonly sources: readonly StatsSource[];
  /** Unix milliseconds of the watchdog's last look. */
  readonly watchdogAt?: number;
}

/** The content of the file at `nowMs` (Unix milliseconds). User information is masked. */
export function ingestorStatsJson(stats: IngestorStats, nowMs: number): string {
  // The server reads this with the layout of RFC 3339 and compares whole seconds.
  const sampledAt = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  return JSON.stringify({
    sampledAt,
    tx_inserted: whole(stats.transmissions),
    obs_inserted: whole(stats.observations),
    tx_dupes: whole(stats.duplicateTransmissions),
    node_upserts: whole(stats.nodeUpserts),
    observer_upserts: whole(stats.observerUpserts),
    write_errors: whole(stats.writeErrors),
    sig_drops: whole(stats.signatureDrops),
    walCommits: whole(stats.commits),
    groupCommitFlushes: 0,
    backfillUpdates: Object.fromEntries(
      Object.entries(stats.backfills).map(([name, rows]) => [name, whole(rows)]),
    ),
    source_liveness: Object.fromEntries(stats.sources.map((source) => [source.name, {
      lastReceiptUnix: unix(source.receivedAt),
      lastMessageUnix: unix(source.settledAt),
    }])),
    source_statuses: stats.sources.map(sourceStatus),
    ...(stats.watchdogAt === undefined ? {} : { watchdogLastTickUnix: unix(stats.watchdogAt) }),
  });
}

function sourceStatus(source: StatsSource) {
  return {
    name: source.name,
    broker: maskUrl(source.url),
    connected: source.connected,
    lastConnectUnix: unix(source.connectedAt),
    lastDisconnectUnix: unix(source.disconnectedAt),
    lastPacketUnix: unix(source.receivedAt),
    connectCount: whole(source.connects),
    disconnectCount: whole(source.disconnects),
    packetsTotal: whole(source.messages),
    packetsLast5m: whole(source.recentMessages),
    ...(source.problem === undefined ? {} : { lastError: maskUrlsInText(source.problem) }),
  };
}

/** Whole seconds; 0 for never. A single fraction would make the server refuse the whole file. */
function unix(ms: number | undefined): number {
  return ms === undefined ? 0 : whole(ms / 1000);
}

function whole(value: number): number {
  return Math.trunc(finite(value));
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
