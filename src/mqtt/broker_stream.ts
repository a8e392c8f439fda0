/**
 * Opens the byte stream to a broker: TCP, TLS, or WebSocket over either.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { connect as connectTcp, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { MqttClient } from "mqtt";
import type { BrokerAddress } from "./broker_url.ts";
import { isForeignKey } from "./certificates.ts";
import { readCertificates, readPrivateKey } from "./pem.ts";

/** TLS settings of a source; files are PEM and are read again for every connection. */
export interface TlsOptions {
  /** File with the authorities to trust instead of the built-in ones. */
  readonly caFile?: string;
  /** File with our certificate, for brokers that ask for one. */
  readonly certFile?: string;
  /** File with the key to `certFile`. */
  readonly keyFile?: string;
  /** Name to expect in the broker's certificate. Default: the host of the address. */
  readonly serverName?: string;
  /** False accepts any certificate, so anybody on the way can read and change the traffic. Default true. */
  readonly verify?: boolean;
}

/** {@linkcode TlsOptions} with their files read. */
export interface LoadedTls {
  /** Certificates to trust, PEM; otherwise the system's. */
  readonly ca?: string;
  /** Our certificate, PEM. */
  readonly cert?: string;
  /** Its key, PEM. */
  readonly key?: string;
  /** Name that the server's certificate must bear, where it is not the address's. */
  readonly servername?: string;
  /** False: any certificate is taken. */
  readonly rejectUnauthorized: boolean;
}

/**
 * Reads the files that `options` name.
 *
 * @throws what the file system says, when one cannot be read; an error that names the files, when
 * one holds something else, or the key is not that of the certificate.
 */
export async function loadTls(options: TlsOptions): Promise<LoadedTls> {
  const [ca, cert, key] = await Promise.all([
    readPem(options.caFile, "tls.ca_file", readCertificates),
    readPem(options.certFile, "tls.cert_file", readCertificates),
    readPem(options.keyFile, "tls.key_file", readPrivateKey),
  ]);
  if (cert !== undefined && key !== undefined && isForeignKey(cert, key)) {
    throw new Error(`the key in ${options.keyFile} is not that of ${options.certFile}`);
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(options.serverName === undefined ? {} : { servername: options.serverName }),
    rejectUnauthorized: options.verify ?? true,
  };
}

async function readPem(
  path: string | undefined,
  setting: string,
  read: (text: string) => string,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const text = await readFile(path, "utf8");
  try {
    return read(text);
  } catch (error) {
    throw new Error(`${path} (${setting}) ${(error as Error).message}`);
  }
}

/** Opens a stream; it connects by itself, and says what went wrong as its `error` event. */
export type OpenStream = (client: MqttClient) => Duplex;

/** How streams to a broker are opened. What WebSockets take is loaded for an address that has some. */
export async function streamOpener(address: BrokerAddress, tls: LoadedTls): Promise<OpenStream> {
  const { host, port, scheme } = address;
  switch (scheme) {
    case "mqtts":
      return () =>
        connectTls({
          host,
          port,
          // A server name must be a name (RFC 6066, section 3).
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...tls,
        });
    case "ws":
    case "wss": {
      const { streamBuilder } = await import("mqtt/lib/connect/ws");
      return (client) =>
        streamBuilder(client, {
          protocol: scheme,
          hostname: host.includes(":") ? `[${host}]` : host,
          port,
          path: address.path,
          protocolId: "MQTT",
          wsOptions: { ...(scheme === "wss" ? tls : {}) },
        }) as Duplex;
    }
    case "mqtt":
    case "embedded":
      return () => {
        const socket = connectTcp({ host, port });
        // PUBACKs and pings are small and must not wait for each other.
        socket.setNoDelay(true);
        return socket;
      };
  }
}
