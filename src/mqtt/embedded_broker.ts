/**
 * A broker of our own, for radios that have none: MQTT 3.1.1 over TCP. What is published is offered
 * to {@linkcode EmbeddedSource}s first, and passed on to other subscribers when it is safe.
 *
 * @module
 */
import { Aedes, type AuthenticateError, type Client } from "aedes";
import type { EventEmitter } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createHash, timingSafeEqual } from "node:crypto";
import type { Log } from "../capture/log.ts";
import { boundPersistence } from "./bounded_persistence.ts";
import { SizeLimit } from "./size_limit.ts";

/** Settings of an {@linkcode EmbeddedBroker}. */
export interface EmbeddedBrokerOptions {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Port to listen on; 0 takes a free one. Default 1883. */
  readonly port?: number;
  /** With it, clients must give this user name and {@linkcode password}. */
  readonly username?: string;
  /** Password that clients must give. */
  readonly password?: string;
  /** True: anybody who reaches an address beyond loopback may publish. Default false. */
  readonly allowAnonymous?: boolean;
  /** Connections at a time. Default 100. */
  readonly maxClients?: number;
  /** Longest packet, bytes. Default 1 MiB. */
  readonly maxPacketBytes?: number;
  /** Messages kept for one subscriber that is away. Default 10,000. */
  readonly maxQueued?: number;
}

/** A message as a client published it. */
export interface Publication {
  /** Stands for the client's connection; compared by identity only. */
  readonly connection: object;
  /** Who published it. */
  readonly clientId: string;
  /** Topic that it was published to. */
  readonly topic: string;
  /** An own copy. */
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

/** aedes' code for a wrong user name or password (MQTT 3.1.1, 3.2.2.3). */
const BAD_CREDENTIALS = 4;

/** The broker. */
export class EmbeddedBroker implements AsyncDisposable {
  /** Address that it listens on. */
  readonly host: string;
  readonly #options: EmbeddedBrokerOptions;
  readonly #log: Log;
  readonly #takers = new Set<PublicationTaker>();
  readonly #sockets = new Set<Socket>();
  #starting: Promise<void> | undefined;
  #server: Server | undefined;
  #aedes: Aedes | undefined;
  #port: number;
  #dropped = 0;

  /** Listens nowhere before `start()`. */
  constructor(options: EmbeddedBrokerOptions, log: Log) {
    this.host = options.host ?? "127.0.0.1";
    this.#options = options;
    this.#log = log;
    this.#port = options.port ?? 1883;
  }

  /** Port that it listens on, when it was started; else the one it was told. */
  get port(): number {
    return this.#port;
  }

  /** Connections now. */
  get clients(): number {
    return this.#sockets.size;
  }

  /** Messages not kept for subscribers that are away, for lack of room. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Listens. Further calls wait for the first; after a failure they try again.
   *
   * @throws {ListenError} when the address is taken, or lies beyond loopback without credentials.
   */
  start(): Promise<void> {
    return this.#starting ??= this.#start().catch((error) => {
      this.#starting = undefined;
      throw error;
    });
  }

  /** Adds somebody who wants publications; returns a function that removes them. */
  attach(taker: PublicationTaker): () => void {
    this.#takers.add(taker);
    return () => this.#takers.delete(taker);
  }

  /** Ends all connections; clients come back by themselves. */
  dropClients(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends the connections and stops listening. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#starting?.catch(() => {});
    this.#server?.close();
    const aedes = this.#aedes;
    if (aedes !== undefined) await new Promise<void>((resolve) => aedes.close(resolve));
    // The listener is closed by now. Its own event for that is not waited for: Deno 2.4 never sends
    // it when a client was the first to go.
    this.dropClients();
  }

  async #start(): Promise<void> {
    const { username, password, allowAnonymous = false } = this.#options;
    const open = username === undefined || password === undefined;
    if (open && !isLoopback(this.host) && !allowAnonymous) {
      throw new ListenError(
        `the embedded broker listens on ${this.host} only with a user name and password`,
        "listen_refused",
      );
    }
    if (open && !isLoopback(this.host)) {
      this.#log.warn("the embedded broker lets ANYBODY publish", { host: this.host });
    }
    const aedes = new Aedes({
      // Packets that come before our CONNACK; publishers that do not wait for it are common.
      queueLimit: 1000,
      authenticate: (_client, user, secret, done) => {
        if (open || (same(user ?? "", username) && same(secret ?? "", password))) {
          return done(null, true);
        }
        const error = new Error("wrong user name or password") as AuthenticateError;
        error.returnCode = BAD_CREDENTIALS;
        done(error, false);
      },
      authorizePublish: (client, packet, done) => this.#publish(client, packet, done),
    });
    await aedes.listen();
    boundPersistence((aedes as unknown as { persistence: never }).persistence, {
      maxQueued: this.#options.maxQueued ?? 10_000,
      maxRetained: 10_000,
    }, () => this.#dropped++);
    // Without a listener, an error of aedes itself would end the process.
    (aedes as EventEmitter).on("error", (error: Error) => {
      this.#log.error("embedded broker", { error: error.message });
    });
    aedes.on("clientError", (client, error) => this.#complain(client, error));
    aedes.on("connectionError", (client, error) => this.#complain(client, error));
    this.#aedes = aedes;
    try {
      await this.#listen(aedes);
    } catch (error) {
      await new Promise<void>((resolve) => aedes.close(resolve));
      this.#aedes = undefined;
      const inUse = (error as { code?: unknown }).code === "EADDRINUSE";
      throw new ListenError(
        `the embedded broker cannot listen on ${this.host}:${this.#port}: ${
          inUse ? "the address is in use" : (error as Error).message
        }`,
        inUse ? "address_in_use" : "listen_refused",
        { cause: error },
      );
    }
    this.#log.info("embedded broker listens", { host: this.host, port: this.#port });
  }

  #listen(aedes: Aedes): Promise<void> {
    const { maxClients = 100, maxPacketBytes = 1024 * 1024 } = this.#options;
    const server = createServer((socket) => {
      if (this.#sockets.size >= maxClients) {
        this.#log.warn("embedded broker: too many clients", { maxClients });
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      socket.setNoDelay(true);
      aedes.handle(new SizeLimit(socket, maxPacketBytes));
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, this.host, () => {
        server.off("error", reject);
        server.on("error", (error) => this.#log.warn("embedded broker", { error: error.message }));
        const address = server.address();
        if (typeof address === "object" && address !== null) this.#port = address.port;
        this.#server = server;
        resolve();
      });
    });
  }

  #publish(
    client: Client | null,
    packet: {
      topic: string;
      payload: string | Uint8Array;
      qos: number;
      messageId?: number;
      dup: boolean;
    },
    done: (error?: Error | null) => void,
  ): void {
    const { topic, payload: given, messageId } = packet;
    if (topic.startsWith("$")) return done(new Error("topics that begin with $ are reserved"));
    const takers = [...this.#takers].filter((taker) => taker.wants(topic));
    if (client === null || takers.length === 0) return done(null);
    const bytes = typeof given === "string" ? new TextEncoder().encode(given) : given;
    // A view of the socket's buffer would pin all 64 KiB of it.
    const payload = new Uint8Array(bytes.length);
    payload.set(bytes);
    // A will is published by the broker and has no packet identifier to acknowledge.
    const acknowledged = packet.qos > 0 && messageId !== undefined;
    const publication: Publication = {
      connection: client,
      clientId: client.id,
      topic,
      payload,
      qos: acknowledged ? 1 : 0,
      redelivered: packet.dup ?? false,
      get orphaned() {
        return client.closed;
      },
      refuse: () => client.close(),
      ...(acknowledged ? { messageId } : {}),
    };
    let left = takers.length;
    const settled = () => {
      // A connection that is gone gets no acknowledgement; its client will publish again.
      if (--left === 0 && !client.closed) done(null);
    };
    for (const taker of takers) taker.take(publication, settled);
  }

  #complain(client: Client | undefined, error: Error): void {
    this.#log.debug("embedded broker: client ended", { client: client?.id, error: error.message });
  }
}

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Compares in a time that says nothing about where the two differ. */
function same(given: string | Uint8Array, expected: string): boolean {
  const hash = (value: string | Uint8Array) => createHash("sha256").update(value).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
