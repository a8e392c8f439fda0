/** A connection to the broker that does no more than it is told. @module */
import {
  CONNACK,
  connectPacket,
  disconnectPacket,
  PacketStream,
  SUBACK,
  subscribePacket,
} from "./mqtt_wire.ts";

/** See the module. */
export class MqttLink implements Disposable {
  readonly #socket: Deno.TcpConn;
  #answered: () => void = () => {};
  #failed: (error: unknown) => void = () => {};

  private constructor(socket: Deno.TcpConn) {
    this.#socket = socket;
    socket.setNoDelay(true);
  }

  /**
   * Connects to 127.0.0.1.
   *
   * @param onPacket told of every packet but the answers to CONNECT and SUBSCRIBE
   */
  static async open(
    port: number,
    clientId: string,
    clean: boolean,
    onPacket: (type: number, flags: number, body: Uint8Array) => void = () => {},
  ): Promise<MqttLink> {
    const link = new MqttLink(await Deno.connect({ hostname: "127.0.0.1", port }));
    void link.#read(onPacket);
    await link.#ask(connectPacket(clientId, clean));
    return link;
  }

  /** Subscribes and waits for the answer. */
  async subscribe(filter: string, qos: 0 | 1): Promise<void> {
    await this.#ask(subscribePacket(1, filter, qos));
  }

  /** Sends bytes; resolves when the system has taken them all. */
  async send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#socket.write(bytes.subarray(at));
  }

  /** Says goodbye and closes. */
  async close(): Promise<void> {
    await this.send(disconnectPacket);
    this[Symbol.dispose]();
  }

  /** Closes without a word. */
  [Symbol.dispose](): void {
    try {
      this.#socket.close();
    } catch {
      // The broker was first.
    }
  }

  async #ask(packet: Uint8Array): Promise<void> {
    const answer = new Promise<void>((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
    });
    await this.send(packet);
    await answer;
  }

  async #read(
    onPacket: (type: number, flags: number, body: Uint8Array) => void,
  ): Promise<void> {
    const stream = new PacketStream();
    const buffer = new Uint8Array(256 * 1024);
    try {
      for (;;) {
        const n = await this.#socket.read(buffer);
        if (n === null) break;
        stream.feed(buffer.subarray(0, n), (type, flags, body) => {
          if (type === CONNACK || type === SUBACK) this.#answered();
          else onPacket(type, flags, body);
        });
      }
    } catch {
      // Closed by us while reading.
    }
    this.#failed(new Error("the broker closed the connection"));
  }
}
