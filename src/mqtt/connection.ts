/**
 * One connection to one broker, from the first byte to the last: mqtt.js above an
 * {@linkcode AckGate}. It never reconnects; {@linkcode MqttSource} makes a new one.
 *
 * @module
 */
import type { Duplex } from "node:stream";
import type { IClientOptions, IPublishPacket, Packet } from "mqtt";
import type { Clock, Timer } from "../capture/clock.ts";
import type { Acknowledger } from "../capture/message.ts";
import { AckGate } from "./ack_gate.ts";
import type { ConnectionEnd } from "./connection_end.ts";
import { MqttClient } from "./mqtt_client.ts";
import type { ArrivedPublish } from "./take_in.ts";
import { isTopicFilter } from "./topic_filter.ts";

/** Seconds that a broker keeps our session while we are away, at MQTT 5: seven days. */
export const SESSION_EXPIRY_SECONDS = 7 * 24 * 3600;

/**
 * Longest packet that an MQTT 5 broker may send, bytes: no radio sends the thousandth of it, and
 * somebody who can publish must not fill our memory. At 3.1.1 the broker's own limit has to do.
 */
const MAX_PACKET_BYTES = 32 * 2 ** 20;

/** MQTT 5's code for a topic filter that is none; we give it ourselves, without asking the broker. */
const INVALID_FILTER = 143;

/** What a {@linkcode Connection} is made of. */
export interface ConnectionOptions {
  /** Opens the byte stream. */
  readonly open: (client: MqttClient) => Duplex;
  /** 4 is MQTT 3.1.1. */
  readonly version: 4 | 5;
  /** Name of the session at the broker. */
  readonly clientId: string;
  /** Name to log in with. */
  readonly username?: string;
  /** Password to log in with. */
  readonly password?: string;
  /** True: no session is kept. */
  readonly clean: boolean;
  /** Seconds between signs of life. */
  readonly keepaliveSeconds: number;
  /** Messages that an MQTT 5 broker may send ahead of our acknowledgements, 1–65535. */
  readonly receiveMaximum: number;
  /** Milliseconds for connecting, up to the broker's CONNACK. */
  readonly connectTimeoutMs: number;
  /** Topic filters to subscribe to. */
  readonly topics: readonly string[];
  /** Filters that a session of ours may still have at the broker, to be given up. */
  readonly formerTopics: readonly string[];
  /** QoS to ask for. */
  readonly qos: 0 | 1;
  /** Milliseconds after which refused subscriptions are tried again on the same connection. */
  readonly resubscribeMs: number;
}

/** Who hears what happens on a {@linkcode Connection}. */
export interface ConnectionHandlers {
  /** The broker accepted us. Messages are held until the promise resolves; a rejection ends us. */
  onAccepted(sessionPresent: boolean): Promise<void>;
  /** A message, in order. */
  onMessage(packet: ArrivedPublish, acknowledger: Acknowledger): void;
  /** Answers of the broker: the granted QoS of each filter, or the code of its refusal (≥ 128). */
  onSubscribed(grants: ReadonlyMap<string, number>): void;
}

/** Why reading is stopped. */
export type Block = "starting" | "full" | "stopped";

/** A connection. Use: construct, {@linkcode run}, and whatever is wanted until that resolves. */
export class Connection implements Acknowledger {
  readonly #options: ConnectionOptions;
  readonly #handlers: ConnectionHandlers;
  readonly #clock: Clock;
  readonly #blocks = new Set<Block>();
  #client: MqttClient | undefined;
  #gate: AckGate | undefined;
  #held: { packet: IPublishPacket; done: () => void } | undefined;
  #onReleased: (() => void) | undefined;
  #pingTimer: Timer | undefined;
  #subscribeTimer: Timer | undefined;
  #received = 0;
  #closed = false;
  #discarding = false;
  #end: { -readonly [K in keyof ConnectionEnd]: ConnectionEnd[K] } = { phase: "connecting" };

  /** Connects nothing before `open()`. */
  constructor(options: ConnectionOptions, handlers: ConnectionHandlers, clock: Clock) {
    this.#options = options;
    this.#handlers = handlers;
    this.#clock = clock;
  }

  /** QoS 1 messages handed on, and not acknowledged yet. */
  get withheld(): number {
    return this.#closed ? 0 : Math.max(0, this.#received - (this.#gate?.acknowledged ?? 0));
  }

  /** True while reading is stopped. */
  get blocked(): boolean {
    return this.#blocks.size > 0;
  }

  acknowledge(messageIds: readonly number[]): void {
    this.#gate?.acknowledge(messageIds);
  }

  /** Connects, and resolves when the connection has ended, however. Never rejects. */
  run(): Promise<ConnectionEnd> {
    return new Promise((resolve) => {
      const client = new MqttClient((self) => {
        const inner = this.#options.open(self);
        const gate = new AckGate(inner, {
          version: this.#options.version,
          onPublish: (publish) => this.#pass(publish),
          onFirstBytes: (bytes) => this.#noteFirstBytes(bytes),
        });
        gate.on("error", (error) => this.#end.error ??= error);
        this.#gate = gate;
        return gate;
      }, this.#clientOptions());
      this.#client = client;
      client.handleMessage = (packet, done) => this.#handle(packet, done);
      client.on("packetreceive", (packet) => this.#onPacket(packet));
      client.on("error", (error) => {
        // What the stream complains of has been noted by then, so this is of mqtt.js itself.
        if (this.#end.error === undefined) {
          this.#end.error = error;
          this.#end.notMqtt = !/timeout/i.test(error.message);
        }
        // mqtt.js reports bytes that it cannot parse, but goes on waiting.
        this.#gate?.destroy();
      });
      client.once("close", () => {
        this.#closed = true;
        this.#clearTimers();
        resolve(this.#end);
      });
      try {
        client.connect();
      } catch (error) {
        this.#end.error ??= error instanceof Error ? error : new Error(String(error));
        this.#closed = true;
        resolve(this.#end);
      }
    });
  }

  /** Stops or continues reading for `reason`. Pings go on, and no keep-alive is judged meanwhile. */
  block(reason: Block, blocked: boolean): void {
    if (blocked === this.#blocks.has(reason)) return;
    if (blocked) this.#blocks.add(reason);
    else this.#blocks.delete(reason);
    if (this.blocked) {
      this.#gate?.holdMessages();
      // The CONNACK is read in any case; only messages must wait.
      if (this.#end.phase !== "connecting") this.#gate?.pauseReading();
      if (this.#pingTimer === undefined && !this.#closed) this.#keepAlive();
      return;
    }
    if (this.#pingTimer !== undefined) this.#clock.clearTimer(this.#pingTimer);
    this.#pingTimer = undefined;
    // Answers to our pings have waited in the socket: give the broker a whole interval from now.
    this.#client?.reschedulePing(true);
    this.#release();
    // Messages may stand right behind the CONNACK, which mqtt.js has not seen yet.
    if (this.#end.phase !== "connecting" && !this.blocked) this.#gate?.passMessages();
    if (!this.blocked) this.#gate?.resumeReading();
    if (!this.#holds) this.#onReleased?.();
  }

  /** Ends at once, without a word to the broker. `reason` is for the log. */
  drop(reason: string): void {
    this.#end.local ??= reason;
    this.#gate?.destroy();
  }

  /** Writes what is to be written, says goodbye (a persistent session stays) and ends. */
  async disconnect(deadline: AbortSignal): Promise<void> {
    if (this.#end.phase === "connecting") return this.drop("disconnected");
    this.#end.local ??= "disconnected";
    await this.#gate?.disconnect(deadline);
  }

  /**
   * Resolves when everything that was received before the connection ended has been handed on. The
   * next connection must wait for it: the ledger knows one session at a time.
   */
  async drained(signal: AbortSignal): Promise<void> {
    do {
      while (this.#holds && !signal.aborted) {
        await new Promise<void>((resolve) => {
          this.#onReleased = resolve;
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
      }
      // mqtt.js hands on packets that it has parsed from one tick to the next, so a turn of the
      // event loop later there are none left.
      await new Promise((resolve) => setTimeout(resolve, 0));
    } while (this.#holds && !signal.aborted);
  }

  /** True while something that was received waits to be handed on. */
  get #holds(): boolean {
    if (this.#held !== undefined) return true;
    // What a broker sends that did not accept us is nobody's.
    return this.#end.phase !== "connecting" && (this.#gate?.holdsMessages ?? false);
  }

  #clientOptions(): IClientOptions {
    const { version, clientId, username, password, clean, keepaliveSeconds, connectTimeoutMs } =
      this.#options;
    return {
      manualConnect: true,
      reconnectPeriod: 0,
      resubscribe: false,
      protocolId: "MQTT",
      protocolVersion: version,
      clientId,
      clean,
      keepalive: keepaliveSeconds,
      connectTimeout: connectTimeoutMs,
      timerVariant: "native",
      // mqtt.js would make a Buffer of each of the 65,536 message ids at its first write: 8 MB for good.
      writeCache: false,
      log: () => {},
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(version === 5
        ? {
          properties: {
            sessionExpiryInterval: clean ? 0 : SESSION_EXPIRY_SECONDS,
            receiveMaximum: this.#options.receiveMaximum,
            maximumPacketSize: MAX_PACKET_BYTES,
          },
        }
        : {}),
    };
  }

  #noteFirstBytes(bytes: Uint8Array): void {
    // CONNACK: type, length, flags, code. A 3.1.1 broker's refusal of MQTT 5 has no properties.
    if (bytes.length >= 4 && bytes[0] === 0x20) this.#end.connackCode = bytes[3]!;
  }

  #onPacket(packet: Packet): void {
    if (packet.cmd === "disconnect") this.#end.disconnectCode = packet.reasonCode ?? 0;
    if (packet.cmd !== "connack") return;
    const code = (this.#options.version === 5 ? packet.reasonCode : packet.returnCode) ?? 0;
    this.#end.connackCode = code;
    if (code !== 0) return;
    this.#end.phase = "accepted";
    this.block("starting", true);
    this.#handlers.onAccepted(packet.sessionPresent).then(
      () => {
        // Also when the connection has ended meanwhile: what it brought belongs to this session.
        this.block("starting", false);
        this.#subscribe(this.#options.topics);
        if (packet.sessionPresent) this.#unsubscribe();
      },
      (error) => {
        this.#end.ledgerError = error;
        this.drop("ledger");
        // No session, no place for its messages: the broker has them still.
        this.#discarding = true;
        const held = this.#held;
        this.#held = undefined;
        held?.done();
        this.#gate?.discardMessages();
        this.#onReleased?.();
      },
    );
  }

  /** For messages that the gate leaves to mqtt.js. */
  #handle(packet: IPublishPacket, done: () => void): void {
    if (this.#discarding) return done();
    if (this.blocked) {
      this.#held = { packet, done };
      return;
    }
    this.#pass(packet);
    done();
  }

  #release(): void {
    const held = this.#held;
    if (held === undefined || this.blocked) return;
    this.#held = undefined;
    this.#pass(held.packet);
    held.done();
  }

  #pass(packet: ArrivedPublish): void {
    if (this.#discarding) return;
    if (packet.qos > 0) this.#received++;
    this.#handlers.onMessage(packet, this);
  }

  #keepAlive(): void {
    const client = this.#client;
    // An MQTT 5 broker may have set another interval than the one we asked for.
    const keepaliveSeconds = client?.keepalive ?? this.#options.keepaliveSeconds;
    if (keepaliveSeconds === 0) return;
    if (client?.connected) {
      client.sendPing();
      client.reschedulePing(true);
    }
    this.#pingTimer = this.#clock.setTimer(() => this.#keepAlive(), keepaliveSeconds * 500);
  }

  #subscribe(topics: readonly string[]): void {
    const client = this.#client;
    if (client === undefined || this.#closed) return;
    const { qos, version, connectTimeoutMs, resubscribeMs } = this.#options;
    const later = (delayMs: number, action: () => void) => {
      if (this.#subscribeTimer !== undefined) this.#clock.clearTimer(this.#subscribeTimer);
      this.#subscribeTimer = this.#closed ? undefined : this.#clock.setTimer(action, delayMs);
    };
    const overdue = () => {
      // An answer that waits behind a pause of our own is not overdue.
      if (this.blocked) later(connectTimeoutMs, overdue);
      else this.drop("no answer to SUBSCRIBE");
    };
    later(connectTimeoutMs, overdue);
    // Retain handling 1: what the broker has in store comes with a new subscription only.
    const request = version === 5 ? { qos, rh: 1 } : { qos };
    const valid = topics.filter(isTopicFilter);
    client.subscribe(Object.fromEntries(valid.map((topic) => [topic, request])), (
      error,
      _requested,
      packet,
    ) => {
      if (this.#closed) return;
      const codes = valid.length === 0 ? [] : packet?.granted;
      if (codes === undefined) {
        this.#end.error ??= error ?? undefined;
        return this.drop("SUBSCRIBE failed");
      }
      this.#end.phase = "subscribed";
      const grants = new Map(topics.map((topic) => [topic, INVALID_FILTER]));
      valid.forEach((topic, index) => grants.set(topic, Number(codes[index] ?? 128)));
      const refused = topics.filter((topic) => grants.get(topic)! >= 128);
      later(resubscribeMs, () => {
        if (refused.length > 0) this.#subscribe(refused);
      });
      this.#handlers.onSubscribed(grants);
    });
  }

  #unsubscribe(): void {
    const { topics, formerTopics } = this.#options;
    const former = formerTopics.filter((topic) => !topics.includes(topic) && isTopicFilter(topic));
    if (former.length > 0 && !this.#closed) this.#client?.unsubscribe(former, () => {});
  }

  #clearTimers(): void {
    for (const timer of [this.#pingTimer, this.#subscribeTimer]) {
      if (timer !== undefined) this.#clock.clearTimer(timer);
    }
    this.#pingTimer = undefined;
    this.#subscribeTimer = undefined;
  }
}
