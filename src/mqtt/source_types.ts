/**
 * What a source of messages looks like from outside, whether it is a connection to a broker or the
 * embedded broker itself, and what it needs from the rooms around it.
 *
 * @module
 */
import type { Clock } from "../capture/clock.ts";
import type { Log } from "../capture/log.ts";
import type { Delivery } from "../capture/message.ts";

/** Where a source puts what it receives; the capture queue has this shape. */
export interface MessageSink {
  /** Takes a delivery, also when full. */
  offer(delivery: Delivery): void;
  /** True: read no further until {@linkcode onFullChange} reports `false`. */
  readonly full: boolean;
  /** Calls `listener` whenever `full` changes; returns a function that ends it. */
  onFullChange(listener: (full: boolean) => void): () => void;
}

/** Decides which QoS 1 arrivals are known already; `SourceLedger` in `capture/ledger.ts`. */
export interface ArrivalLedger {
  /** The session that messages now belong to. */
  readonly session: number;
  /** Takes notice of a QoS 1 arrival, in order; true: a duplicate. */
  admit(messageId: number, digest: bigint, redelivered: boolean): boolean;
  /**
   * After every CONNACK; no message is offered before it has resolved, with whether the session is the one
   * that the ledger is of.
   */
  connected(sessionPresent: boolean): Promise<boolean>;
}

/** Knows the retained payloads that are kept already. */
export interface RetainedMemory {
  /** True when `digest` is that of the last retained payload kept for `topic`. */
  isKnown(topic: string, digest: bigint): boolean;
}

/** What a source is given. */
export interface SourceParts {
  /** Times pings, pauses and receipts. */
  readonly clock: Clock;
  /** Log of connections. */
  readonly log: Log;
  /** Takes what is delivered. */
  readonly sink: MessageSink;
  /** Says what was stored before, and keeps the session's number. */
  readonly ledger: ArrivalLedger;
  /** Without it, every retained message is taken. */
  readonly retained?: RetainedMemory;
  /** Hears of what happens, for metrics. */
  readonly events?: SourceEvents;
  /** Numbers 0 ≤ n < 1 for jitter. Default `Math.random`. */
  readonly random?: () => number;
}

/** What became of an arrival. */
export type ArrivalOutcome = "offered" | "duplicate" | "retained_known";

/** What a source tells; called on the hot path, so cheap and never throwing. */
export interface SourceEvents {
  /** Something in {@linkcode SourceStatus} other than its counters changed. */
  onStateChange?(status: SourceStatus): void;
  /** A message came. `bytes`: length of its payload. `qos` as delivered. */
  onReceived?(qos: 0 | 1, bytes: number, outcome: ArrivalOutcome): void;
  /**
   * A connection is up; called after the ledger knows and before its first message is offered. `at`:
   * Unix milliseconds. Where the session was lost, what came since the last connection is too.
   */
  onConnected?(info: { sessionPresent: boolean; at: number }): void | Promise<void>;
  /** The broker has answered a subscription. `granted`: at least a part of it. `at`: Unix milliseconds. */
  onSubscribed?(info: { granted: boolean; at: number }): void;
  /**
   * A connection that was up has ended. `at`: Unix milliseconds. `silent`: it had been dead for the
   * time that the keep-alive takes to notice.
   */
  onDisconnected?(info: { at: number; silent: boolean }): void;
}

/** What is wrong with a source. */
export type SourceProblemReason =
  | "unreachable"
  | "connection_lost"
  | "tls"
  | "credentials_file"
  | "credentials_refused"
  | "client_id_refused"
  | "protocol_refused"
  | "broker_refused"
  | "protocol_error"
  | "keepalive_timeout"
  | "subscription_refused"
  | "taken_over"
  | "ledger"
  | "address_in_use"
  | "listen_refused"
  | "gave_up";

/** A problem, for health, log and page. `detail` is for people and holds no secret. */
export interface SourceProblem {
  /** Label of the problem, from a closed set. */
  readonly reason: SourceProblemReason;
  /** In words for a person, with the address but no secret. */
  readonly detail: string;
}

/** State of a source, for health and metrics. Times are Unix milliseconds. */
export interface SourceStatus {
  /** Name of the source. */
  readonly name: string;
  /** Where it connects to or listens, without user information. */
  readonly url: string;
  /** True while a broker has accepted our connection (the embedded broker: while it listens). */
  readonly connected: boolean;
  /** True while every topic filter is granted. */
  readonly subscribed: boolean;
  /** When `connected` changed last, or when the source was started. */
  readonly since: number;
  /** Unix milliseconds; absent: none yet. */
  readonly lastMessageAt?: number;
  /** Connections after the first. */
  readonly reconnects: number;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** Lowest QoS that the broker granted on this connection. */
  readonly grantedQos?: 0 | 1;
  /** MQTT version spoken; absent before the first connection. */
  readonly protocol?: "5" | "3.1.1";
  /** Client id in use. */
  readonly clientId?: string;
  /** What is wrong now; absent: nothing. */
  readonly problem?: SourceProblem;
  /** Messages received by QoS of delivery. */
  readonly delivered: { readonly qos0: number; readonly qos1: number };
  /** Arrivals that the ledger knew. */
  readonly duplicates: number;
  /** Retained messages skipped because their payload is kept already. */
  readonly retainedSkipped: number;
  /** Messages at QoS 0 lost because there was no room even to wait; the embedded broker only. */
  readonly overflowed: number;
  /** Messages of this connection that the broker still waits to have acknowledged. */
  readonly withheldAcks: number;
  /** True while reading is stopped, because the sink is full or on shutdown. */
  readonly paused: boolean;
}

/** A source of messages. */
export interface Source extends AsyncDisposable {
  /** Name of the source, its label in logs and metrics. */
  readonly name: string;
  /** Begins to connect or listen; returns at once or, with the embedded broker, when it listens. */
  start(): Promise<void>;
  /** Shutdown, first part: takes in nothing more, while acknowledgements still go out. */
  stopReading(): void;
  /** Drops the connection and makes a new one without waiting. */
  forceReconnect(): void;
  /** State and figures, as they are now. */
  status(): SourceStatus;
}
