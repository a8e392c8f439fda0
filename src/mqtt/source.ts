/**
 * A broker as a source of messages: connects, stays connected, subscribes, and hands on what comes.
 *
 * ```ts
 * await using source = new MqttSource(options, parts);
 * await source.start();
 * ```
 *
 * @module
 */
import { delay, type Timer } from "../capture/clock.ts";
import { type OpenStream, streamOpener } from "./broker_stream.ts";
import { type BrokerAddress, isEncrypted, maskUrl, parseBrokerUrl } from "./broker_url.ts";
import { lookAtCertificate, needsALook } from "./certificates.ts";
import { Connection } from "./connection.ts";
import {
  type ConnectionEnd,
  explainEnd,
  fellSilent,
  hungUpOnConnect,
  hungUpOnSubscribe,
  needsAPerson,
  refusedVersion,
  suspectedRival,
} from "./connection_end.ts";
import { PayloadCopies } from "./payload_copies.ts";
import { nextDelay } from "./reconnect_policy.ts";
import { FileWatch } from "./file_watch.ts";
import { type Login, loginFiles, type MqttSourceOptions, readLogin } from "./source_options.ts";
import type { Source, SourceParts, SourceProblem, SourceStatus } from "./source_types.ts";
import { takeIn } from "./take_in.ts";
import { Tally } from "./tally.ts";
import { TokenTerm } from "./token_term.ts";

export type { MqttSourceOptions } from "./source_options.ts";

/**
 * Connections in a row that a broker ended soon after subscribing, before we suspect a rival; or upon
 * subscribing, before we suspect our topics.
 */
const SUSPICIOUS_ENDS = 3;

/** A connection to a broker that outlives its connections. */
export class MqttSource implements Source {
  /** Name of the source. */
  readonly name: string;
  readonly #options: MqttSourceOptions;
  readonly #parts: SourceParts;
  readonly #url: string;
  readonly #clientId: string;
  readonly #tally: Tally;
  readonly #files: FileWatch;
  readonly #copies = new PayloadCopies();
  readonly #ending = new AbortController();
  #running: Promise<void> | undefined;
  #connection: Connection | undefined;
  #wake: (() => void) | undefined;
  #forced = false;
  #stopped = false;
  #version: 4 | 5;
  /** Failed attempts in a row, for status and `maxAttempts`. */
  #failures = 0;
  /** Failures and short connections since the last stable one, for backoff. */
  #unsettled = 0;
  #settleTimer: Timer | undefined;
  #connections = 0;
  #shortLived = 0;
  #endedOnSubscribe = 0;

  /** Connects nothing before `start()`. */
  constructor(options: MqttSourceOptions, parts: SourceParts) {
    this.name = options.name;
    this.#options = options;
    this.#parts = parts;
    this.#url = maskUrl(options.url);
    this.#clientId = options.clientId + (options.clientIdSuffix ?? "");
    this.#version = options.protocol === "3.1.1" ? 4 : 5;
    this.#tally = new Tally();
    this.#files = new FileWatch(loginFiles(options), parts.clock);
  }

  /**
   * Begins to connect, in the background.
   *
   * @throws {TypeError} when the address is none.
   */
  async start(): Promise<void> {
    const address = parseBrokerUrl(this.#options.url);
    if (typeof address === "string") {
      throw new TypeError(`source ${this.name}: url ${this.#url} cannot be used: ${address}`);
    }
    if (this.#options.tls?.verify === false && isEncrypted(address)) {
      this.#parts.log.warn(
        "the broker's certificate is NOT verified: anybody on the way can read and change the traffic",
        { source: this.name, url: this.#url },
      );
    }
    this.#tally.begin(this.#parts.clock.now());
    this.#running ??= this.#run(address);
  }

  stopReading(): void {
    this.#stopped = true;
    this.#connection?.block("stopped", true);
  }

  forceReconnect(): void {
    this.#forced = true;
    this.#connection?.drop("reconnecting on request");
    this.#wake?.();
  }

  /** State and figures, as they are now. */
  status(): SourceStatus {
    return {
      ...this.#tally.snapshot(),
      name: this.name,
      url: this.#url,
      clientId: this.#clientId,
      reconnects: Math.max(0, this.#connections - 1),
      failures: this.#failures,
      withheldAcks: this.#connection?.withheld ?? 0,
      paused: this.#connection?.blocked ?? this.#stopped,
    };
  }

  /** Writes pending acknowledgements and disconnects; a persistent session stays at the broker. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    const connection = this.#connection;
    if (connection !== undefined) {
      const deadline = new AbortController();
      const { clock } = this.#parts;
      const timer = clock.setTimer(() => deadline.abort(), 1000);
      this.#ending.abort();
      await connection.disconnect(deadline.signal);
      clock.clearTimer(timer);
    }
    this.#ending.abort();
    this.#wake?.();
    await this.#running;
  }

  async #run(address: BrokerAddress): Promise<void> {
    const { sink } = this.#parts;
    const unlisten = sink.onFullChange((full) => {
      this.#connection?.block("full", full);
      this.#changed();
    });
    try {
      while (!this.#ending.signal.aborted && !this.#stopped) {
        const again = await this.#connectOnce(address);
        if (this.#ending.signal.aborted) break;
        if (again === undefined) return;
        await this.#pause(again);
      }
    } finally {
      unlisten();
    }
  }

  /** One connection, begin to end. Answers how long to wait before the next; `undefined`: never. */
  async #connectOnce(address: BrokerAddress): Promise<number | undefined> {
    const { clock, sink, log } = this.#parts;
    let prepared: Omit<Login, "tls"> & { readonly open: OpenStream };
    try {
      await this.#files.note();
      const { tls, ...login } = await readLogin(this.#options, address, clock.now());
      prepared = { ...login, open: await streamOpener(address, tls) };
    } catch (error) {
      return this.#failed({
        reason: "credentials_file",
        detail: `what the connection needs cannot be read: ${(error as Error).message}`,
      });
    }
    if (this.#ending.signal.aborted) return undefined;
    const version = this.#version;
    const { token, open, ...login } = prepared;
    const term = new TokenTerm(token?.expiresAt ?? Infinity, clock);
    const { topics, keepaliveSeconds = 60, clean = false, qos = 1 } = this.#options;
    let acceptedAt: number | undefined;
    let accepting: Promise<void> | undefined;
    let up = false;
    const connection = new Connection({
      ...login,
      open,
      version,
      clientId: this.#clientId,
      clean,
      keepaliveSeconds,
      receiveMaximum: this.#options.receiveMaximum ?? 4000,
      connectTimeoutMs: this.#options.connectTimeoutMs ?? 30_000,
      topics,
      formerTopics: this.#options.formerTopics ?? [],
      qos: qos === 0 ? 0 : 1,
      resubscribeMs: this.#options.resubscribeMs ?? 60_000,
    }, {
      onAccepted: (sessionPresent) => {
        acceptedAt = clock.monotonic();
        if (this.#options.token?.reconnectBeforeExpiry === true) term.renewInTime(connection);
        return accepting = this.#accepted(sessionPresent, version).then(() => void (up = true));
      },
      onMessage: (packet, acknowledger) =>
        takeIn(packet, acknowledger, this.name, this.#parts, this.#tally, this.#copies),
      onSubscribed: (grants) => this.#subscribed(grants),
    }, clock);
    this.#connection = connection;
    connection.block("full", sink.full);
    connection.block("stopped", this.#stopped);
    const end = await connection.run();
    await this.#unlessEnding(accepting);
    if (this.#settleTimer !== undefined) clock.clearTimer(this.#settleTimer);
    this.#settleTimer = undefined;
    const termEnded = term.ended(end);
    // One that the ledger was not ready for captured nothing.
    if (up) {
      this.#parts.events?.onDisconnected?.({ at: clock.now(), silent: fellSilent(end) });
      this.#tally.disconnected(clock.now());
      this.#changed();
    }
    await connection.drained(this.#ending.signal);
    this.#connection = undefined;
    if (this.#ending.signal.aborted) return undefined;
    const lived = acceptedAt === undefined ? undefined : clock.monotonic() - acceptedAt;
    if (termEnded) {
      log.info("the token came to its end; connecting with a new one", { source: this.name });
      return 0;
    }
    const certificate = needsALook(end.error)
      ? await lookAtCertificate(address, clock, this.#ending.signal)
      : undefined;
    if (this.#ending.signal.aborted) return undefined;
    return this.#judge(end, lived, {
      url: this.#url,
      encrypted: isEncrypted(address),
      clientId: this.#clientId,
      version,
      ...(login.username === undefined ? {} : { username: login.username }),
      ...(token === undefined ? {} : { audience: token.audience }),
      ...(certificate === undefined ? {} : { certificate }),
    });
  }

  async #accepted(present: boolean, version: 4 | 5): Promise<void> {
    const { clock, ledger, events, log } = this.#parts;
    const at = clock.now();
    const sessionPresent = await ledger.connected(present);
    await events?.onConnected?.({ sessionPresent, at });
    this.#connections++;
    this.#failures = 0;
    this.#settleTimer = clock.setTimer(() => this.#settled(), this.#options.stableMs ?? 30_000);
    const protocol = version === 5 ? "5" : "3.1.1";
    this.#tally.connected(at, protocol);
    // What kept us from connecting is over; the others need a subscription or time to be.
    if (!["taken_over", "subscription_refused"].includes(this.#tally.problem?.reason ?? "")) {
      this.#tally.problem = undefined;
    }
    log.info("connected", { source: this.name, url: this.#url, protocol, sessionPresent });
    this.#changed();
  }

  #subscribed(grants: ReadonlyMap<string, number>): void {
    const refused = this.#tally.granted(grants, this.#options.topics);
    const { clock, events } = this.#parts;
    const granted = refused.length < this.#options.topics.length;
    events?.onSubscribed?.({ granted, at: clock.now() });
    if (refused.length > 0) {
      const detail = `${this.#url} refuses our subscription to ${refused.join(", ")}`;
      this.#report({ reason: "subscription_refused", detail });
      return;
    }
    // That a rival is gone only a connection shows that lasts.
    if (this.#tally.problem?.reason !== "taken_over") this.#tally.problem = undefined;
    this.#changed();
  }

  /** The connection has lasted: what was before it is forgotten. */
  #settled(): void {
    this.#unsettled = 0;
    this.#shortLived = 0;
    if (this.#tally.problem?.reason !== "taken_over") return;
    this.#tally.problem = undefined;
    this.#changed();
  }

  /** Waits for `work`, whatever becomes of it, but not beyond our own end. */
  async #unlessEnding(work: Promise<void> | undefined): Promise<void> {
    const { signal } = this.#ending;
    if (work === undefined || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done);
      work.then(done, done);
    });
  }

  /** Draws the consequences of an ended connection. */
  #judge(
    end: ConnectionEnd,
    livedMs: number | undefined,
    context: Parameters<typeof explainEnd>[1],
  ): number | undefined {
    if (this.#forced && end.local !== undefined) return 0;
    if ((this.#options.protocol ?? "auto") === "auto" && livedMs === undefined) {
      const other = context.version === 5 ? 4 : 5;
      if (context.version === 5 && refusedVersion(end)) {
        this.#version = other;
        return 0;
      }
      // Some brokers hang up on a version that they do not know, but so does one that is starting:
      // the other version is tried at once, and the first again after that.
      if (hungUpOnConnect(end) || refusedVersion(end)) {
        this.#version = other;
        if (other === 4) return 0;
      }
    }
    const { stableMs = 30_000 } = this.#options;
    const endedByPeer = end.phase === "subscribed" && end.local === undefined &&
      livedMs !== undefined && livedMs < stableMs;
    this.#shortLived = endedByPeer ? this.#shortLived + 1 : 0;
    this.#endedOnSubscribe = hungUpOnSubscribe(end) ? this.#endedOnSubscribe + 1 : 0;
    // An MQTT 3.1.1 broker does not say that another client took our id over, it only hangs up.
    return this.#failed(
      this.#shortLived >= SUSPICIOUS_ENDS && end.disconnectCode === undefined
        ? suspectedRival(context.clientId, context.url)
        : explainEnd(end, {
          ...context,
          oftenOnSubscribe: this.#endedOnSubscribe >= SUSPICIOUS_ENDS,
        }),
    );
  }

  #failed(problem: SourceProblem): number | undefined {
    const { random = Math.random } = this.#parts;
    const { reconnect = {} } = this.#options;
    this.#failures++;
    this.#unsettled++;
    if (this.#failures >= (reconnect.maxAttempts ?? Infinity)) {
      this.#report({
        reason: "gave_up",
        detail: `gave up after ${this.#failures} attempts; the last: ${problem.detail}`,
      });
      return undefined;
    }
    const wait = nextDelay(reconnect, {
      failures: this.#unsettled,
      slow: needsAPerson(problem),
      random: random(),
    });
    this.#report(problem, wait);
    return wait;
  }

  #report(problem: SourceProblem, retryInMs?: number): void {
    const news = this.#tally.problem?.detail !== problem.detail;
    this.#tally.problem = problem;
    const fields = {
      source: this.name,
      reason: problem.reason,
      detail: problem.detail,
      ...(retryInMs === undefined ? {} : { retryInMs: Math.round(retryInMs) }),
    };
    // The same trouble again and again is one warning, not one for each attempt.
    if (news) this.#parts.log.warn("source in trouble", fields);
    else this.#parts.log.debug("source still in trouble", fields);
    this.#changed();
  }

  #changed(): void {
    this.#parts.events?.onStateChange?.(this.status());
  }

  /** Waits before the next attempt, unless somebody asks for it now. */
  async #pause(waitMs: number): Promise<void> {
    if (this.#forced || waitMs === 0) {
      this.#forced = false;
      return;
    }
    const cut = new AbortController();
    this.#wake = () => cut.abort();
    this.#ending.signal.addEventListener("abort", this.#wake, { once: true });
    const watching = this.#files.changed(cut.signal).then((changed) => {
      if (!changed) return;
      this.#parts.log.info("a file of the connection has changed; connecting", {
        source: this.name,
      });
      cut.abort();
    });
    await delay(this.#parts.clock, waitMs, cut.signal).catch(() => {});
    cut.abort();
    await watching;
    this.#ending.signal.removeEventListener("abort", this.#wake);
    this.#wake = undefined;
    this.#forced = false;
  }
}
