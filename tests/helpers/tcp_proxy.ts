/** A TCP proxy between a service and its broker that disturbs what passes. @module */
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "./mosquitto.ts";

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** What either side sends reaches nobody any more, and neither is told. */
  dead: boolean;
  /** Bytes from the broker that still pass before the connection is cut; Infinity: all. */
  cutAfter: number;
}

/** What becomes of connections. */
type Mode =
  | { readonly kind: "forward" }
  | { readonly kind: "blackhole" }
  | { readonly kind: "answer"; readonly bytes: Uint8Array };

/** Listens on a port of its own, and connects each client to `target` on loopback. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  /** Connections that clients made so far. */
  connections = 0;
  readonly #target: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #mode: Mode = { kind: "forward" };

  private constructor(port: number, target: number) {
    this.port = port;
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Begins to listen. */
  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(await freePort(), target);
    await new Promise<void>((resolve) => proxy.#server.listen(proxy.port, "127.0.0.1", resolve));
    return proxy;
  }

  /** Address for clients. */
  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Everything passes again. Connections that were blackholed stay dead, as in life. */
  forward(): void {
    this.#mode = { kind: "forward" };
  }

  /** Half-open: nothing passes in either direction, on old connections and new, and nobody is told. */
  blackhole(): void {
    this.#mode = { kind: "blackhole" };
    for (const pair of this.#pairs) pair.dead = true;
  }

  /** Cuts all connections, and answers the first bytes of each new one with `bytes` and a hang-up. */
  answer(bytes: Uint8Array): void {
    this.#mode = { kind: "answer", bytes };
    this.cut();
  }

  /** Cuts all connections now. */
  cut(): void {
    for (const pair of this.#pairs) this.#end(pair);
  }

  /** Cuts all connections when `bytes` more have come from the broker: in the middle of a packet. */
  cutAfter(bytes: number): void {
    for (const pair of this.#pairs) pair.cutAfter = bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    this.connections++;
    const mode = this.#mode;
    client.on("error", () => {});
    if (mode.kind === "answer") {
      client.once("data", () => client.end(mode.bytes));
      return;
    }
    const server = connect({ host: "127.0.0.1", port: this.#target });
    const pair: Pair = { client, server, dead: mode.kind === "blackhole", cutAfter: Infinity };
    this.#pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        if (!pair.dead) this.#end(pair);
      });
    }
    client.on("data", (bytes: Uint8Array) => this.#pass(pair, client, server, bytes));
    server.on("data", (bytes: Uint8Array) => {
      if (bytes.length < pair.cutAfter) {
        pair.cutAfter -= bytes.length;
        return this.#pass(pair, server, client, bytes);
      }
      if (!pair.dead) client.write(bytes.subarray(0, pair.cutAfter), () => this.#end(pair));
      pair.dead = true;
    });
  }

  #pass(pair: Pair, from: Socket, to: Socket, bytes: Uint8Array): void {
    if (pair.dead || to.write(bytes)) return;
    from.pause();
    to.once("drain", () => from.resume());
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }
}
