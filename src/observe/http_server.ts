/**
 * Listens for whoever looks at the service. It is never worth a message: a port that is taken, or
 * a server that breaks, is a warning and tried again, and capture does not notice.
 *
 * @module
 */
import type { Clock, Timer } from "../capture/clock.ts";
import type { Log } from "../capture/log.ts";
import { formatAddress, type ListenAddress } from "./address.ts";
import type { Handler } from "./http_handler.ts";

/** Options of {@linkcode HttpServer}. */
export interface HttpServerOptions {
  /** Where to listen. */
  readonly address: ListenAddress;
  /** Answers every request. */
  readonly handler: Handler;
  /** Times the tries. */
  readonly clock: Clock;
  /** Takes the warnings. */
  readonly log: Log;
  /** Milliseconds between two tries for a port that is taken. @default 30000 */
  readonly retryMs?: number;
}

/** Milliseconds that a server may take to end its connections. */
const CLOSE_MS = 1000;

/** An HTTP server that keeps trying until it has its port. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  #server: Deno.HttpServer<Deno.NetAddr> | undefined;
  #abort: AbortController | undefined;
  #retry: Timer | undefined;
  #warned = false;
  #disposed = false;

  /** Does nothing yet; see {@linkcode HttpServer.start}. */
  constructor(options: HttpServerOptions) {
    this.#options = options;
  }

  /** Where it listens, with the port that the system chose; undefined while it does not. */
  get address(): ListenAddress | undefined {
    const addr = this.#server?.addr;
    return addr === undefined ? undefined : { hostname: addr.hostname, port: addr.port };
  }

  /** Begins to listen, or to try. Never throws. */
  start(): void {
    if (this.#disposed || this.#server !== undefined || this.#retry !== undefined) return;
    const { address, log } = this.#options;
    try {
      this.#listen();
    } catch (error) {
      // Once is enough: it is tried again every half minute, perhaps for days.
      const message = "the HTTP server could not listen; capture goes on and it is tried again";
      log[this.#warned ? "debug" : "warn"](message, { address: formatAddress(address), error });
      this.#warned = true;
      this.#tryLater();
      return;
    }
    this.#warned = false;
    log.info("HTTP server listens", { address: formatAddress(this.address ?? address) });
  }

  #tryLater(): void {
    if (this.#disposed || this.#retry !== undefined) return;
    this.#retry = this.#options.clock.setTimer(() => {
      this.#retry = undefined;
      this.start();
    }, this.#options.retryMs ?? 30_000);
  }

  /** @throws what the system says when the address cannot be had. */
  #listen(): void {
    const { address } = this.#options;
    let last: unknown;
    for (const hostname of hostnames(address)) {
      const abort = new AbortController();
      try {
        this.#server = Deno.serve({
          hostname,
          port: address.port,
          signal: abort.signal,
          onListen: () => {},
          onError: () => new Response("internal error\n", { status: 500 }),
        }, (request, { remoteAddr }) => this.#options.handler(request, remoteAddr));
      } catch (error) {
        last = error;
        // Taken is taken: the other family must not be had alone, half the clients would miss it.
        if (error instanceof Deno.errors.AddrInUse) break;
        continue;
      }
      this.#abort = abort;
      this.#watch(this.#server);
      return;
    }
    throw last;
  }

  /** A server that ends by itself is started again. */
  #watch(server: Deno.HttpServer<Deno.NetAddr>): void {
    const ended = (error?: unknown): void => {
      if (this.#server !== server) return;
      this.#server = undefined;
      this.#abort = undefined;
      if (this.#disposed) return;
      this.#options.log.warn("the HTTP server ended; it is started again", { error });
      this.#tryLater();
    };
    server.finished.then(() => ended(), ended);
  }

  /**
   * Ends every connection at once, open streams included. `shutdown()` would wait for them, and
   * aborting after it throws where nobody can catch it.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const { clock } = this.#options;
    if (this.#retry !== undefined) clock.clearTimer(this.#retry);
    this.#retry = undefined;
    const server = this.#server;
    if (server === undefined) return;
    this.#abort?.abort();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = clock.setTimer(resolve, CLOSE_MS);
    await Promise.race([server.finished.catch(() => {}), late]);
    clock.clearTimer(timer);
    this.#server = undefined;
  }
}

/**
 * Host names to try, in order. For all interfaces `::`, which serves IPv4 as well on all but
 * Windows; and `0.0.0.0` where there is no IPv6.
 */
function hostnames(address: ListenAddress): readonly string[] {
  if (address.hostname !== undefined) return [address.hostname];
  return Deno.build.os === "windows" ? ["0.0.0.0"] : ["::", "0.0.0.0"];
}
