/**
 * A broker that takes tokens, as those of MeshCore do: MQTT over WebSockets, with TLS or without,
 * and a signature that Web Crypto judges. mosquitto cannot look into a token.
 *
 * @module
 */
import { Aedes, type AuthenticateError, type Client } from "aedes";
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { CERTIFICATES } from "./tls_broker.ts";

/** A login as it was shown. */
export interface ShownLogin {
  readonly username: string;
  readonly token: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly accepted: boolean;
}

/** How a {@linkcode TokenBroker} behaves. */
export interface TokenBrokerOptions {
  /** Unix milliseconds as the broker sees them. */
  readonly now: () => number;
  /** Whom tokens must be for. Default `localhost`. */
  readonly audience?: string;
  /** True: who comes with a token may publish only, and is thrown out when it subscribes. */
  readonly publishOnly?: boolean;
}

/** The broker. */
export class TokenBroker implements AsyncDisposable {
  /** Logins in the order in which they came. */
  readonly logins: ShownLogin[] = [];
  readonly #aedes: Aedes;
  readonly #clients = new Set<Client>();
  readonly #closed: Promise<void>[] = [];
  #servers: Deno.HttpServer<Deno.NetAddr>[] = [];

  private constructor(options: TokenBrokerOptions) {
    this.#aedes = new Aedes({
      authenticate: (client, username, password, done) => {
        judge(String(username ?? ""), String(password ?? ""), options).then((login) => {
          this.logins.push(login);
          if (login.accepted) {
            this.#clients.add(client);
            return done(null, true);
          }
          done(Object.assign(new Error("no"), { returnCode: 4 }) as AuthenticateError, false);
        });
      },
      authorizeSubscribe: (client, subscription, done) => {
        if (options.publishOnly !== true) return done(null, subscription);
        done(new Error("publish only"));
        client?.close();
      },
    });
    for (const event of ["clientError", "connectionError"] as const) {
      this.#aedes.on(event, () => {});
    }
  }

  /** Starts one. */
  static async start(options: TokenBrokerOptions): Promise<TokenBroker> {
    const broker = new TokenBroker(options);
    await broker.#aedes.listen();
    return broker;
  }

  /** Listens on a port of its own and gives the address. */
  listen(scheme: "ws" | "wss"): string {
    const read = (name: string) => Deno.readTextFileSync(CERTIFICATES + name);
    const server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
      ...(scheme === "wss" ? { cert: read("server.crt"), key: read("server.key") } : {}),
    }, (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "mqtt" });
      socket.binaryType = "arraybuffer";
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#closed.push(promise);
      socket.onopen = () => this.#aedes.handle(streamOf(socket, resolve) as never);
      return response;
    });
    this.#servers.push(server);
    return `${scheme}://localhost:${server.addr.port}/mqtt`;
  }

  /** Sends a message to whoever has subscribed. */
  publish(topic: string, payload: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const packet = { cmd: "publish", topic, payload, qos: 0, retain: false, dup: false } as const;
      this.#aedes.publish(packet, (error) => error ? reject(error) : resolve());
    });
  }

  /** Ends every connection, as a broker does that counts the time of tokens. */
  dropClients(): void {
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
    // Deno 2.4 does not always say that a socket is closed.
    if (!Deno.version.deno.startsWith("2.4.")) await Promise.all(this.#closed);
    await Promise.all(this.#servers.map((server) => server.shutdown()));
  }
}

async function judge(
  username: string,
  token: string,
  { now, audience = "localhost" }: TokenBrokerOptions,
): Promise<ShownLogin> {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString() || "{}");
  const { alg } = JSON.parse(Buffer.from(header, "base64url").toString() || "{}");
  const hex = username.replace(/^v1_/, "");
  const key = await crypto.subtle.importKey(
    "raw",
    new Uint8Array(Buffer.from(hex, "hex")),
    "Ed25519",
    false,
    ["verify"],
  );
  const signed = new Uint8Array(new TextEncoder().encode(`${header}.${payload}`));
  const raw = new Uint8Array(Buffer.from(signature, "hex"));
  const accepted = alg === "Ed25519" && /^v1_[0-9A-F]{64}$/.test(username) &&
    claims.publicKey === hex && claims.aud === audience && claims.exp * 1000 > now() &&
    await crypto.subtle.verify("Ed25519", key, raw, signed);
  return { username, token, claims, accepted };
}

function streamOf(socket: WebSocket, closed: () => void): Duplex {
  const stream = new Duplex({
    read() {},
    write(chunk: Uint8Array, _encoding, done) {
      if (socket.readyState === WebSocket.OPEN) socket.send(new Uint8Array(chunk));
      done();
    },
    destroy(error, done) {
      socket.close();
      done(error);
    },
  });
  socket.onmessage = ({ data }) => stream.push(Buffer.from(data as ArrayBuffer));
  socket.onclose = () => {
    stream.destroy();
    closed();
  };
  socket.onerror = () => stream.destroy();
  return stream;
}
