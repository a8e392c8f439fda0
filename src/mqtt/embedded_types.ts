/**
 * How the embedded broker is set, and what passes between it and its sources.
 *
 * @module
 */
import type { Clock } from "../capture/clock.ts";
import type { BrokerAccount, RefusalReason } from "./broker_access.ts";

/** Settings of an {@linkcode EmbeddedBroker}. */
export interface EmbeddedBrokerOptions {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Port to listen on; 0 takes a free one. Default 1883. */
  readonly port?: number;
  /** Clients must log in as one of these; none: anybody may. More can be {@linkcode EmbeddedBroker.admit}ted. */
  readonly accounts?: readonly BrokerAccount[];
  /** True: anybody who reaches an address beyond loopback may publish. Default false. */
  readonly allowAnonymous?: boolean;
  /** Connections at a time. Default 100. */
  readonly maxClients?: number;
  /** Longest packet, bytes. Default 1 MiB. */
  readonly maxPacketBytes?: number;
  /** Messages a second that one client may publish in the long run; 0: any number. Default 1000. */
  readonly maxMessagesPerSecond?: number;
  /** Messages kept for one subscriber that is away. Default 10,000. */
  readonly maxQueued?: number;
  /** Times the rate. Default: the machine's. */
  readonly clock?: Clock;
  /** Hears of what is turned away and slowed down. */
  readonly events?: BrokerEvents;
}

/** Who hears what an {@linkcode EmbeddedBroker} does to its clients; never throws. */
export interface BrokerEvents {
  /** A client or message was turned away. */
  onRefused?(reason: RefusalReason): void;
  /** A message waits because its publisher sends more than it may. */
  onSlowed?(): void;
}

/** A message as a client published it. */
export interface Publication {
  /** Stands for the client's connection; compared by identity only. */
  readonly connection: object;
  /** Who published it. */
  readonly clientId: string;
  /** Topic that it was published to. */
  readonly topic: string;
  /** A copy; it lies in a buffer with others. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** QoS of the publisher; 2 counts as 1. */
  readonly qos: 0 | 1;
  /** Packet identifier of the publisher at QoS 1. */
  readonly messageId?: number;
  /** The DUP flag. */
  readonly redelivered: boolean;
  /** True when the publisher's connection is gone. */
  readonly orphaned: boolean;
  /** Ends the publisher's connection, for want of room. */
  refuse(): void;
}

/** Who wants publications before they are acknowledged. */
export interface PublicationTaker {
  /** Whether messages of this topic are wanted. */
  wants(topic: string): boolean;
  /**
   * Takes a publication. Until `settled` is called its publisher is not acknowledged, other
   * subscribers do not get it, and nothing more is read from the publisher than has been already.
   */
  take(publication: Publication, settled: () => void): void;
}

/** Why {@linkcode EmbeddedBroker.start} did not listen. */
export class ListenError extends Error {
  /** Survives minifying, so that logs can name it. */
  override readonly name = "ListenError";
  /** `reason` is the label of the problem in health and logs. */
  constructor(
    message: string,
    readonly reason: "address_in_use" | "listen_refused",
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
