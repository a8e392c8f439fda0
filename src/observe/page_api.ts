/**
 * What the status page and the service say to each other, as JSON. Types alone: the page's own
 * sources import them, too.
 *
 * @module
 */
import type { FeedPacket, PageNode } from "../capture/page_view.ts";
import type { SampleHistory } from "../storage/sample_history.ts";
import type { HealthReport } from "./health.ts";

/** Numbers by a value of a closed set. */
export type Counts = Record<string, number>;

/** What a network did since the start. */
export interface NetworkTotals {
  /** Records committed. */
  stored: number;
  /** Those of them that only say why they could not be read. */
  unreadable: number;
  /** Redeliveries that were known. */
  duplicates: number;
  /** Messages in quarantine. */
  quarantined: number;
  /** Transactions. */
  commits: number;
  /** Records of the last one. */
  lastCommitRecords: number;
  /** Milliseconds of the last one. */
  lastCommitMs: number;
  /** Messages that are not stored, by reason. */
  drops: Counts;
  /** Records by how decryption went. */
  decrypts: Counts;
  /** Records by type. */
  types: Counts;
  /** Failed writes by reason. */
  storeErrors: Counts;
}

/** A network on the page. */
export interface NetworkStatus {
  /** Name. */
  readonly name: string;
  /** What it did since the start. */
  readonly totals: NetworkTotals;
  /** Its queue. */
  readonly queue: {
    /** Messages that wait. */
    readonly messages: number;
    /** Bytes that wait. */
    readonly bytes: number;
    /** Messages at which reading stops. */
    readonly maxMessages: number;
    /** Bytes at which reading stops. */
    readonly maxBytes: number;
  };
  /** Its database; sizes are absent while it is not open. */
  readonly database: {
    /** Path of the file. */
    readonly path: string;
    /** Size of the file. */
    readonly bytes?: number;
    /** Size of its write-ahead log. */
    readonly walBytes?: number;
    /** Bytes in the file that hold nothing. */
    readonly freeBytes?: number;
    /** Background jobs that have work left. */
    readonly pendingJobs?: readonly string[];
  };
  /** Unix milliseconds of the last commit; absent: none yet. */
  readonly lastCommitAt?: number;
  /** Results of decryption that mean: no key is known. */
  readonly noKeyResults: readonly string[];
}

/** A source on the page. */
export interface SourceStatus {
  /** Name. */
  readonly name: string;
  /** Network that its messages belong to. */
  readonly network: string;
  /** Address, without user information. */
  readonly url: string;
  /** Topic filters. */
  readonly topics: readonly string[];
  /** Whether there is a connection. */
  readonly connected: boolean;
  /** Unix milliseconds since when; absent: never. */
  readonly connectedAt?: number;
  /** Unix milliseconds of the last message; absent: none since the start. */
  readonly lastMessageAt?: number;
  /** Messages a minute, over the last five minutes or the time since the start. */
  readonly perMinute: number;
  /** Messages delivered at QoS 0 since the start. */
  readonly qos0: number;
  /** Messages delivered at QoS 1 since the start. */
  readonly qos1: number;
  /** Connections that were lost or tried again since the start. */
  readonly reconnects: number;
  /** Stretches that were not covered, noted since the start. */
  readonly gaps: number;
  /** What the watchdog found; absent: nothing. */
  readonly watchdog?: string;
  /** Why there is no connection. */
  readonly problem?: string;
}

/** `/api/status`. */
export interface StatusAnswer {
  /** Version of meshcapture. */
  readonly version: string;
  /** Version of Deno. */
  readonly deno: string;
  /** Unix milliseconds of the answer, by the service's clock. */
  readonly now: number;
  /** Unix milliseconds of the start. */
  readonly startedAt: number;
  /** As `/healthz`. */
  readonly health: HealthReport;
  /** Networks that have a source. */
  readonly networks: readonly NetworkStatus[];
  /** Configured sources. */
  readonly sources: readonly SourceStatus[];
  /** The live feed. */
  readonly feed: {
    /** Who listens now. */
    readonly clients: number;
    /** Who was let go since the start because it did not keep up. */
    readonly slowClients: number;
  };
  /** Memory of the process in bytes. */
  readonly memoryBytes: number;
  /** Map tiles, where the operator wants them. */
  readonly map: MapTiles;
}

/** Where map tiles come from; without a template there are none. */
export interface MapTiles {
  /** Address with `{z}`, `{x}` and `{y}`. */
  readonly tiles?: string;
  /** Whom the tiles are of. */
  readonly attribution?: string;
}

/** `/api/history`. */
export interface HistoryAnswer {
  /** History by network; absent where its database does not answer. */
  readonly networks: Readonly<Record<string, SampleHistory>>;
  /** Why a network is absent. */
  readonly problems: Readonly<Record<string, string>>;
}

/** `/api/nodes`. */
export interface NodesAnswer {
  /** Nodes by network, those heard last first. */
  readonly networks: Readonly<Record<string, readonly PageNode[]>>;
  /** How many nodes each network has; those beyond 5,000 are not among the above. */
  readonly totals: Readonly<Record<string, number>>;
  /** Why a network is absent. */
  readonly problems: Readonly<Record<string, string>>;
}

/** `/api/packets`: what is in the databases. */
export interface PacketsAnswer {
  /** Newest first. */
  readonly packets: readonly FeedPacket[];
  /** Why a network is absent. */
  readonly problems: Readonly<Record<string, string>>;
}

/** Event `packets` of `/api/events`. */
export interface PacketsEvent {
  /** Oldest first. */
  readonly packets: readonly FeedPacket[];
  /** Packets that came beside these and were too many to show. */
  readonly skipped: number;
}
