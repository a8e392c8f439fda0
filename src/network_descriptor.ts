/**
 * What a radio network is to the rest of the house. Commands, configuration, recordings and the
 * demo reach a network through its descriptor alone, so that another network is one more folder
 * and one more line in `networks.ts`.
 *
 * @module
 */
import type { Clock } from "./capture/clock.ts";
import type { Log } from "./capture/log.ts";
import type { Message, NetworkName } from "./capture/message.ts";
import type { Network, RecordLabels, StorageError, Store } from "./capture/network.ts";
import type { FeedPacket } from "./capture/page_view.ts";
import type { NetworkConfigSection } from "./config/section.ts";
import type { ExplainOptions, PacketExplanation, RecordNotes } from "./packet_explanation.ts";
import type { SourceFigures } from "./mqtt/source_activity.ts";
import type { ReplayTable } from "./recording/database_source.ts";
import type { TableComparison } from "./recording/diff.ts";
import type { JobListeners } from "./storage/announce.ts";
import type { StorageSettings } from "./storage/open_database.ts";

/** A store with what the service and a replay need beside commits. */
export interface NetworkStore<R> extends Store<R> {
  /**
   * Begins the background jobs that are due at `nowMs` (Unix milliseconds). With a monotonic time
   * (milliseconds) beside it, the time is a wall clock's, and jobs go by as much of it as can be trusted.
   */
  tick(nowMs: number, monotonicMs?: number): Promise<void>;
  /** Runs every background job to its end, as of `nowMs`. */
  runJobs(nowMs: number): Promise<void>;
  /** What `PRAGMA integrity_check` finds; empty when all is well. */
  integrityCheck(): Promise<string[]>;
  /** What {@linkcode writeNote} left in the database under this key. */
  readNote(key: string): Promise<string | undefined>;
  /** Keeps a few words in the database, for the next start. */
  writeNote(key: string, value: string): Promise<void>;
}

/** How a store is opened, whatever the network. */
export interface OpenStoreOptions extends JobListeners {
  /** Path of the database. */
  readonly path: string;
  /** Settings of SQLite. */
  readonly settings: StorageSettings;
  /** Minutes between maintenance runs; 0: never. */
  readonly maintenanceIntervalMinutes: number;
  /** Unix milliseconds, recorded with migrations. */
  readonly nowMs: number;
  /** Log of the network. */
  readonly log: Log;
  /**
   * True for the database that other programs read while it is written: jobs then answer what they
   * ask for by files beside it. Not for a shadow's or a replay's, which may lie in the same folder.
   * Default false.
   */
  readonly isLive?: boolean;
  /** The storage thread died; every call rejects from now on. */
  readonly onThreadFailure?: (error: StorageError) => void;
}

/** What a decoder is made with beside its network's section. */
export interface DecoderContext {
  /** The network's configured sources, with the settings that its `sourceShape` gives them. */
  readonly sources: readonly ({ readonly name: string } & Readonly<Record<string, unknown>>)[];
  /** Text of a file that the section names; throws where it cannot be read. */
  readonly readFile: (path: string) => string;
  /** The network's log. */
  readonly log: Log;
}

/** What the service knows of one network and its sources. Counters count from its start. */
export interface ServiceFigures {
  /** The network's sources. */
  readonly sources: readonly SourceFigures[];
  /** What commits counted, by the store's names. */
  readonly counts: Readonly<Record<string, number>>;
  /** Transactions. */
  readonly commits: number;
  /** Commits that failed. */
  readonly storeErrors: number;
  /** When the watchdog looked last, Unix milliseconds. */
  readonly watchdogAt?: number;
}

/** What a network's companion is given. */
export interface CompanionParts {
  /** Times whatever it does again and again. */
  readonly clock: Clock;
  /** The network's log. */
  readonly log: Log;
  /** The figures as they are now; never throws. */
  readonly figures: () => ServiceFigures;
}

/** Something that runs beside a network's capture, such as a file that its readers expect. */
export interface Companion extends AsyncDisposable {
  /** Begins to work. */
  start(): void;
}

/** One message of generated traffic. */
export interface GeneratedMessage {
  /** Topic to publish to. */
  readonly topic: string;
  /** MQTT payload. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Unix milliseconds at which a radio would have published it. */
  readonly atMs: number;
  /** Whether it is published with the retain flag. */
  readonly retain: boolean;
}

/** A network as seen from outside its folder. `C`: its configuration section, `R`: its records. */
export interface NetworkDescriptor<C = unknown, R = unknown> {
  /** Label in metrics, value of `network` in a source, and key of the section. */
  readonly name: NetworkName;
  /** Its section of the configuration, with its upstreams' dialects. */
  readonly section: NetworkConfigSection;
  /** Closed label sets for metrics. */
  readonly labels: {
    readonly types: readonly string[];
    readonly dropReasons: readonly string[];
    readonly decryptResults: readonly string[];
    /** Results that mean: no key is known. */
    readonly noKeyResults: readonly string[];
    /** Reasons for which messages are dropped on an ordinary day, not worth a warning. */
    readonly ordinaryDrops: readonly string[];
    /** Names of the background jobs that its store may have. */
    readonly jobs: readonly string[];
  };
  /**
   * A decoder of its own; decoders share no state.
   *
   * @throws when a key is none; the message names it without its value.
   */
  createDecoder(config: C, context: DecoderContext): Network<R>;
  /** Path of the database. */
  databasePath(config: C): string;
  /** A table that every database of this network has, an upstream's too, and no other network's. */
  readonly ownTable: string;
  /**
   * Opens the database in a storage thread, making it or bringing it up.
   *
   * @throws {StorageError} saying why the database is refused, and what to do.
   */
  openStore(config: C, options: OpenStoreOptions): Promise<NetworkStore<R>>;
  /** What commands other than the service need of it; loaded when it is asked for. */
  tools(): Promise<NetworkTools<C, R>>;
  /** What the status page shows of it. */
  readonly page: {
    /** Entry of the thread that answers the page from the database. */
    readonly workerUrl: URL;
    /** A record as the live feed shows it. Never throws. */
    feedPacket(record: R, labels: RecordLabels): FeedPacket;
  };
  /** Makes what is to run beside the service; undefined where nothing is. */
  companion?(config: C, parts: CompanionParts): Companion | undefined;
}

/** What a network is to the commands beside the service. `C` and `R` as in {@linkcode NetworkDescriptor}. */
export interface NetworkTools<C = unknown, R = unknown> {
  /**
   * Explains one packet with the configured keys, as the service would read it. Undefined: these
   * bytes are no packet of this network.
   *
   * @throws as {@linkcode NetworkDescriptor.createDecoder}.
   */
  explainPacket(
    config: C,
    context: DecoderContext,
    bytes: Uint8Array<ArrayBuffer>,
    options: ExplainOptions,
  ): Promise<PacketExplanation | undefined>;
  /** What a diagnosis wants to know of a record and the message that it came from. */
  notesOf(record: R, message: Message): RecordNotes;
  /**
   * Rewrites a database to a peer's meaning, by the peer's name, and says in a sentence what was
   * done. Nothing else may have the database open.
   */
  readonly migrateBack: Readonly<
    Record<string, (path: string, nowMs: number, onProgress: (done: number) => void) => string>
  >;
  /** Where recorded payloads are found in a database of this network; absent where it has none. */
  readonly replayTable?: ReplayTable;
  /** What `diff` compares. */
  diffTables(options: { readonly withTimestamps: boolean }): readonly TableComparison[];
  /** Lifelike traffic, and the configuration that reads what can be read of it. */
  createTraffic(seed: number, startMs: number): Iterator<GeneratedMessage>;
  /** What its section must hold so that the traffic can be read. */
  readonly demoConfig: Readonly<Record<string, unknown>>;
  /** Counts for a person: one line of SQL a row. */
  readonly summaryQueries: readonly { readonly title: string; readonly sql: string }[];
}
