/** What a scenario gave. @module */

/** Figures of one scenario; what it does not measure is absent. */
export interface Figures {
  /** Messages published. */
  readonly published?: number;
  /** Rows in the database for them. */
  readonly stored?: number;
  /** Published, and never delivered to the service: the broker dropped them. */
  readonly lostByBroker?: number;
  /** Delivered to the service, and not stored. */
  readonly lostByUs?: number;
  /** From the first publication to the last commit. */
  readonly messagesPerSecond?: number;
  /** Messages a second that the publisher got rid of: well above the line before, or it is the limit. */
  readonly publishedPerSecond?: number;
  /** The bare loop's, beside the same broker, publisher and a subscriber that only drains. */
  readonly bareRowsPerSecond?: number;
  /** The service's rate by the bare loop's. */
  readonly ratio?: number;
  /** CPU seconds of the service, all threads, for 1,000 messages. */
  readonly cpuSecondsPerThousand?: number;
  /** The same of the bare loop. */
  readonly bareCpuSecondsPerThousand?: number;
  /** The same of the broker, beside the service. */
  readonly brokerCpuSecondsPerThousand?: number;
  /** Resident memory before the first message. */
  readonly idleRssMib?: number;
  /** Largest resident memory since the start. */
  readonly peakRssMib?: number;
  /** Sent to storage until the last commit, KB (1,000 bytes) a message. */
  readonly writtenKb?: number;
  /** The same with the checkpoint at the end of the service. */
  readonly writtenKbClosed?: number;
  /** The bare loop's until its last commit. */
  readonly bareWrittenKb?: number;
  /** What the database file has grown by, bytes a message. */
  readonly databaseBytes?: number;
  /** Transactions. */
  readonly commits?: number;
  /** Milliseconds; what is timed depends on the scenario. */
  readonly p50Ms?: number;
  /** 99 of 100 took no longer. */
  readonly p99Ms?: number;
  /** The longest. */
  readonly maxMs?: number;
  /** The least that the same thing takes on this machine, beside the same broker; as `p50Ms`. */
  readonly bareP50Ms?: number;
  /** As `p99Ms`. */
  readonly bareP99Ms?: number;
  /** As `maxMs`. */
  readonly bareMaxMs?: number;
  /** How many were timed. */
  readonly timed?: number;
  /** Index pages and the like, by name: pages of the log for 1,000 rows. */
  readonly pagesPerThousand?: Readonly<Record<string, number>>;
  /** Bytes of a page. */
  readonly pageBytes?: number;
  /** What background jobs did meanwhile, by what was counted. */
  readonly jobs?: Readonly<Record<string, number>>;
}

/** Names of figures that are one number. */
export type FigureName = {
  [K in keyof Figures]-?: NonNullable<Figures[K]> extends number ? K : never;
}[keyof Figures];
