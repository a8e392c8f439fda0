/** What a source is given in tests: a sink, a ledger, and a client to publish with. @module */
import { type IClientOptions, MqttClient } from "mqtt";
import { connect as connectTcp } from "node:net";
import { systemClock } from "../../src/capture/clock.ts";
import { type Log, silentLog } from "../../src/capture/log.ts";
import type { Delivery } from "../../src/capture/message.ts";
import type {
  ArrivalLedger,
  MessageSink,
  SourceEvents,
  SourceParts,
} from "../../src/mqtt/source_types.ts";

/** A sink that keeps everything, full from `limit` messages on until {@linkcode take}. */
export class TestSink implements MessageSink {
  readonly all: Delivery[] = [];
  readonly #listeners = new Set<(full: boolean) => void>();
  #pending: Delivery[] = [];
  #full = false;

  constructor(readonly limit = Infinity) {}

  get full(): boolean {
    return this.#full;
  }

  /** Deliveries not taken yet. */
  get size(): number {
    return this.#pending.length;
  }

  offer(delivery: Delivery): void {
    this.all.push(delivery);
    this.#pending.push(delivery);
    if (this.#pending.length >= this.limit) this.#set(true);
  }

  onFullChange(listener: (full: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Empties the sink, which gives room, and returns what was in it. */
  take(): Delivery[] {
    const taken = this.#pending;
    this.#pending = [];
    this.#set(false);
    return taken;
  }

  /** Payloads of all deliveries as text. */
  texts(): string[] {
    return this.all.map((d) => new TextDecoder().decode(d.message.payload));
  }

  #set(full: boolean): void {
    if (full === this.#full) return;
    this.#full = full;
    for (const listener of this.#listeners) listener(full);
  }
}

/** A ledger that knows what was admitted in this session, as the real one does. */
export class TestLedger implements ArrivalLedger {
  session = 1;
  readonly connections: boolean[] = [];
  readonly #known = new Map<number, bigint>();

  admit(messageId: number, digest: bigint, redelivered: boolean): boolean {
    const known = this.#known.get(messageId) === digest;
    this.#known.set(messageId, digest);
    return known && redelivered;
  }

  async connected(sessionPresent: boolean): Promise<boolean> {
    this.connections.push(sessionPresent);
    if (sessionPresent) return true;
    this.session++;
    this.#known.clear();
    return false;
  }
}

/** A log that collects. */
export class TestLog implements Log {
  readonly lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  debug = this.#at("debug");
  info = this.#at("info");
  warn = this.#at("warn");
  error = this.#at("error");

  #at(level: string) {
    return (message: string, fields: Record<string, unknown> = {}) => {
      this.lines.push({ level, message, fields });
    };
  }
}

/** Parts for a source, with the real clock. */
export function testParts(
  parts: Partial<SourceParts> & { sink?: TestSink; ledger?: TestLedger } = {},
): SourceParts & { sink: TestSink; ledger: TestLedger } {
  return {
    clock: systemClock,
    log: silentLog,
    ...parts,
    sink: parts.sink ?? new TestSink(),
    ledger: parts.ledger ?? new TestLedger(),
  };
}

/** Events that count. */
export type { SourceEvents };

/** Acknowledges deliveries in the groups that their acknowledgers make. */
export function acknowledge(deliveries: readonly Delivery[]): void {
  const groups = new Map<NonNullable<Delivery["acknowledger"]>, number[]>();
  for (const { acknowledger, message } of deliveries) {
    if (acknowledger === undefined) continue;
    const ids = groups.get(acknowledger);
    if (ids === undefined) groups.set(acknowledger, [message.messageId!]);
    else ids.push(message.messageId!);
  }
  for (const [acknowledger, ids] of groups) acknowledger.acknowledge(ids);
}

/** A plain MQTT client to publish with. */
export class Publisher implements AsyncDisposable {
  readonly client: MqttClient;

  private constructor(client: MqttClient) {
    this.client = client;
  }

  static async connect(
    port: number,
    options: {
      clientId?: string;
      username?: string;
      password?: string;
      version?: 4 | 5;
      clean?: boolean;
      will?: IClientOptions["will"];
    } = {},
  ): Promise<Publisher> {
    const client = new MqttClient(() => {
      const socket = connectTcp({ host: "127.0.0.1", port });
      // Small steps of messages must not wait for the broker's delayed TCP acknowledgement.
      socket.setNoDelay(true);
      return socket;
    }, {
      reconnectPeriod: 0,
      protocolVersion: options.version ?? 4,
      clientId: options.clientId ?? `publisher-${crypto.randomUUID().slice(0, 8)}`,
      clean: options.clean ?? true,
      ...(options.will === undefined ? {} : { will: options.will }),
      ...(options.username === undefined ? {} : { username: options.username }),
      ...(options.password === undefined ? {} : { password: options.password }),
    });
    await new Promise<void>((resolve, reject) => {
      client.once("connect", () => resolve());
      client.once("error", reject);
      client.once("close", () => reject(new Error("closed before it was connected")));
    });
    client.on("error", () => {});
    return new Publisher(client);
  }

  /** Resolves when the broker has the message (QoS 1: acknowledged it). */
  async publish(
    topic: string,
    payload: string | Uint8Array,
    options: { qos?: 0 | 1; retain?: boolean } = {},
  ): Promise<void> {
    await this.client.publishAsync(
      topic,
      typeof payload === "string" ? payload : payload as unknown as string,
      { qos: options.qos ?? 1, retain: options.retain ?? false },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.endAsync(true);
  }
}
