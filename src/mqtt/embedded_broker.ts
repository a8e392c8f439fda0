/**
 * A broker of our own, for radios that have none: MQTT 3.1.1 over TCP. What is published is offered
 * to {@linkcode EmbeddedSource}s first, and passed on to other subscribers when it is safe.
 *
 * @module
 */
import type { Aedes, AuthenticateError, Client } from "aedes";
import type { EventEmitter } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { type Clock, systemClock } from "../capture/clock.ts";
import { aroundEventLoop } from "../capture/event_loop.ts";
import type { Log } from "../capture/log.ts";
import { isLoopbackHost } from "../capture/loopback.ts";
import { boundPersistence } from "./bounded_persistence.ts";
import { type BrokerAccount, mayLogIn, RefusalLog, type RefusalReason } from "./broker_access.ts";
import {
  type EmbeddedBrokerOptions,
  ListenError,
  type Publication,
  type PublicationTaker,
} from "./embedded_types.ts";
import { PacketScanError } from "./packet_scanner.ts";
import { PayloadCopies } from "./payload_copies.ts";
import { PublishRate } from "./publish_rate.ts";
import { SizeLimit } from "./size_limit.ts";

export {
  type BrokerEvents,
  type EmbeddedBrokerOptions,
  ListenError,
  type Publication,
  type PublicationTaker,
} from "./embedded_types.ts";

/** What of a packet is looked at. */
interface PublishPacket {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly qos: number;
  readonly messageId?: number;
  readonly dup: boolean;
}

type Done = (error?: Error | null) => void;

/** Clients whose rate is remembered before idle ones are forgotten. */
const MAX_RATES = 1000;

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
  readonly #accounts: BrokerAccount[];
  readonly #clock: Clock;
  readonly #refusals: RefusalLog;
  /** By client id, so that coming back gives no new allowance. */
  readonly #rates = new Map<string, PublishRate>();
  readonly #copies = new PayloadCopies();
  /** Connections that have not logged in, oldest first. */
  readonly #strangers = new Map<unknown, Socket>();
  #starting: Promise<void> | undefined;
  #server: Server | undefined;
  #aedes: Aedes | undefined;
  #port: number;
  #dropped = 0;

  /** Listens nowhere before `start()`. */
  constructor(options: EmbeddedBrokerOptions, log: Log) {
    this.host = options.host ?? "127.0.0.1";
    this.#options = options;
    this.#accounts = [...options.accounts ?? []];
    this.#clock = options.clock ?? systemClock;
    this.#refusals = new RefusalLog(log, this.#clock);
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

  /** True when clients must log in. */
  get guarded(): boolean {
    return this.#accounts.length > 0;
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

  /** Lets clients log in with one more account. */
  admit(account: BrokerAccount): void {
    this.#accounts.push(account);
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
    for (const rate of this.#rates.values()) rate[Symbol.dispose]();
    this.#rates.clear();
    const aedes = this.#aedes;
    if (aedes !== undefined) await new Promise<void>((resolve) => aedes.close(resolve));
    // The listener is closed by now. Its own event for that is not waited for: Deno 2.4 never sends
    // it when a client was the first to go.
    this.dropClients();
    // Deno 2.4 closes a listener in the next turn of the event loop.
    await aroundEventLoop();
  }

  async #start(): Promise<void> {
    const { allowAnonymous = false } = this.#options;
    const open = !this.guarded;
    if (open && !isLoopbackHost(this.host) && !allowAnonymous) {
      throw new ListenError(
        `the embedded broker listens on ${this.host} only with a user name and password`,
        "listen_refused",
      );
    }
    if (open && !isLoopbackHost(this.host)) {
      this.#log.warn("the embedded broker lets ANYBODY publish", { host: this.host });
    }
    // Loaded by those who use it: most services have a broker elsewhere.
    const { Aedes } = await import("aedes");
    // aedes' packets come from here: at its first answer it would make a Buffer of each of the 65,536
    // message ids, 8 MB for good and a tenth of a second.
    const { default: { writeToStream } } = await import("mqtt-packet");
    writeToStream.cacheNumbers = false;
    const aedes = new Aedes({
      // Packets that come before our CONNACK; publishers that do not wait for it are common.
      queueLimit: 1000,
      authenticate: (client, user, secret, done) => {
        if (open || mayLogIn(this.#accounts, user ?? "", secret ?? "")) return done(null, true);
        this.#refuse("bad_credentials", { client: client.id, username: user ?? "none" });
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
    aedes.on("client", (client) => this.#strangers.delete(client));
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
        this.#refuse("too_many_clients", { maxClients });
        // Whoever only holds a place, and says nothing, must not keep a radio out.
        if (!this.#dropStranger()) {
          socket.destroy();
          return;
        }
      }
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      const limited = new SizeLimit(socket, maxPacketBytes);
      limited.once("error", (error) => {
        if (!(error instanceof PacketScanError) || error.reason !== "too_large") return;
        this.#refuse("packet_too_large", { maxPacketBytes });
      });
      const client = aedes.handle(limited);
      this.#strangers.set(client, socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        this.#strangers.delete(client);
      });
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

  #publish(client: Client | null, packet: PublishPacket, done: Done): void {
    if (packet.topic.startsWith("$")) {
      return done(new Error("topics that begin with $ are reserved"));
    }
    // A will of a client that has gone.
    if (client === null) return done(null);
    const offer = () => this.#offer(client, packet, done);
    const rate = this.#rateOf(client);
    if (rate === undefined) return offer();
    if (!rate.pass(offer)) this.#options.events?.onSlowed?.();
  }

  #offer(client: Client, packet: PublishPacket, done: Done): void {
    const { topic, payload: given, messageId } = packet;
    const takers = [...this.#takers].filter((taker) => taker.wants(topic));
    if (takers.length === 0) return done(null);
    const bytes = typeof given === "string" ? new TextEncoder().encode(given) : given;
    const payload = this.#copies.copy(bytes);
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
      refuse: () => {
        this.#refuse("no_room", { client: client.id });
        client.close();
      },
      ...(acknowledged ? { messageId } : {}),
    };
    let left = takers.length;
    const settled = () => {
      // A connection that is gone gets no acknowledgement; its client will publish again. What needs none,
      // as a will, goes to subscribers all the same.
      if (--left === 0 && !(acknowledged && client.closed)) done(null);
    };
    for (const taker of takers) taker.take(publication, settled);
  }

  /** Ends the connection that has been there longest without logging in; false when there is none. */
  #dropStranger(): boolean {
    const [oldest] = this.#strangers;
    if (oldest === undefined) return false;
    const [client, socket] = oldest;
    this.#strangers.delete(client);
    this.#sockets.delete(socket);
    socket.destroy();
    return true;
  }

  #rateOf(client: Client): PublishRate | undefined {
    const { maxMessagesPerSecond = 1000 } = this.#options;
    if (maxMessagesPerSecond === 0) return undefined;
    let rate = this.#rates.get(client.id);
    if (rate === undefined) {
      if (this.#rates.size >= MAX_RATES) this.#forgetIdleRates();
      this.#rates.set(client.id, rate = new PublishRate(maxMessagesPerSecond, this.#clock));
    }
    return rate;
  }

  /** Most clients come once under a random id. */
  #forgetIdleRates(): void {
    for (const [id, rate] of this.#rates) {
      if (rate.idle) this.#rates.delete(id);
    }
  }

  #refuse(reason: RefusalReason, fields: Record<string, unknown>): void {
    this.#refusals.note(reason, { port: this.#port, ...fields });
    this.#options.events?.onRefused?.(reason);
  }

  #complain(client: Client | undefined, error: Error): void {
    this.#log.debug("embedded broker: client ended", { client: client?.id, error: error.message });
  }
}
