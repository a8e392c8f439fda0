/** Whether an embedded broker can listen, or listens already. @module */
import { connect, createServer } from "node:net";
import type { SourceConfig } from "../config/schema.ts";
import { parseBrokerUrl } from "../mqtt/broker_url.ts";
import { clientUrl } from "../mqtt/create_source.ts";
import { formatAddress } from "../observe/address.ts";
import type { Finding } from "./findings.ts";
import { explain } from "./explain.ts";

/** Milliseconds for a connection on this machine. */
const CONNECT_MS = 2_000;

/**
 * True when something listens at the address of an embedded source: the running service, most
 * likely.
 */
export function listensAlready(config: SourceConfig): Promise<boolean> {
  const address = parseBrokerUrl(clientUrl(config.url));
  if (typeof address === "string") return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect({ host: address.host, port: address.port });
    const done = (answer: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => done(false), CONNECT_MS);
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
  });
}

/**
 * What is to be said of those of `sources` whose embedded broker nobody listens at.
 *
 * A broker is tried once, whoever shares it, and one after another: two tries at the same time would
 * find each other and take it for somebody else. Never rejects.
 */
export async function embeddedFindings(
  sources: readonly SourceConfig[],
): Promise<ReadonlyMap<SourceConfig, Finding>> {
  const byAddress = new Map<string, Finding | undefined>();
  const findings = new Map<SourceConfig, Finding>();
  for (const source of sources.filter((one) => one.url.startsWith("embedded:"))) {
    const address = sharedAddress(source);
    if (!byAddress.has(address)) byAddress.set(address, await unlessListening(source));
    const finding = byAddress.get(address);
    if (finding !== undefined) findings.set(source, finding);
  }
  return findings;
}

/** Sources of which this is equal share one broker. */
function sharedAddress({ url }: SourceConfig): string {
  const address = parseBrokerUrl(url);
  return typeof address === "string" ? url : `${address.host}:${address.port}`;
}

async function unlessListening(source: SourceConfig): Promise<Finding | undefined> {
  try {
    return await listensAlready(source) ? undefined : await couldListen(source);
  } catch (error) {
    return { severity: "bad", text: explain(error) };
  }
}

/** What can be said of an embedded source while no service runs: whether it could listen. */
async function couldListen(config: SourceConfig): Promise<Finding> {
  const address = parseBrokerUrl(config.url);
  if (typeof address === "string") return { severity: "bad", text: address };
  const where = formatAddress({ hostname: address.host, port: address.port });
  const fault = await listenOnce(address.host, address.port);
  if (fault !== undefined) {
    return {
      severity: "bad",
      text: `the embedded broker could not listen on ${where}: ${fault}`,
      advice:
        "Take an address of this machine (0.0.0.0 for all), a port above 1023, and one that no other broker has.",
    };
  }
  return {
    severity: "look",
    text: `no service runs; the embedded broker could listen on ${where}`,
    advice:
      "Start `meshcapture run` and check again: what comes can only be heard while it runs. (This check takes nothing in, for it would acknowledge what nobody stores.)",
  };
}

/** Listens for a moment; a string says why that cannot be. */
export function listenOnce(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) => resolve(explain(error)));
    server.listen(port, host, () => {
      // The port is free again when it is closed, and not before.
      server.close(() => resolve(undefined));
    });
  });
}
