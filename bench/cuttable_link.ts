/** @module */

/** A TCP relay on loopback whose connections can be cut, as a bad network cuts them. */
export class CuttableLink implements Disposable {
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();

  /** Begins to listen on a free port and to relay to `target` on 127.0.0.1. */
  constructor(private readonly target: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    void this.#accept();
  }

  /** Where it listens. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** Cuts every connection; new ones are relayed as before. */
  cut(): void {
    for (const one of this.#open) close(one);
    this.#open.clear();
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.#listener.close();
    this.cut();
  }

  async #accept(): Promise<void> {
    try {
      for await (const near of this.#listener) void this.#relay(near);
    } catch {
      // The listener was closed.
    }
  }

  async #relay(near: Deno.TcpConn): Promise<void> {
    this.#open.add(near);
    let far: Deno.TcpConn | undefined;
    try {
      far = await Deno.connect({ hostname: "127.0.0.1", port: this.target });
      this.#open.add(far);
      await Promise.race([near.readable.pipeTo(far.writable), far.readable.pipeTo(near.writable)]);
    } catch {
      // Cut, or the broker is away: either way both ends are closed.
    }
    for (const one of [near, far]) {
      if (one === undefined) continue;
      close(one);
      this.#open.delete(one);
    }
  }
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
