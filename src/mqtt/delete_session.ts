/**
 * Makes a broker forget a session: its subscriptions, and the messages that it keeps for it.
 *
 * @module
 */
import type { Clock } from "../capture/clock.ts";
import { streamOpener } from "./broker_stream.ts";
import { type BrokerAddress, isEncrypted, maskUrl, parseBrokerUrl } from "./broker_url.ts";
import { Connection } from "./connection.ts";
import {
  type ConnectionEnd,
  explainEnd,
  hungUpOnConnect,
  refusedVersion,
} from "./connection_end.ts";
import { type MqttSourceOptions, readLogin } from "./source_options.ts";

/** What became of {@linkcode deleteSession}. */
export type DeletedSession =
  /** `existed`: the broker had a session under that id; whether or not, it has none now. */
  | { readonly kind: "deleted"; readonly existed: boolean }
  /** The broker did not let us; nothing was changed. */
  | { readonly kind: "failed"; readonly detail: string };

/** Milliseconds for each of the two connections. */
const CONNECT_MS = 10_000;

/**
 * Connects as `options.clientId` and asks for a clean session, which deletes the old one. Whoever is
 * connected under that id at the moment is thrown off: the caller must know that nobody is.
 */
export async function deleteSession(
  options: Pick<
    MqttSourceOptions,
    "url" | "clientId" | "username" | "password" | "passwordFile" | "token" | "tls" | "protocol"
  >,
  clock: Clock,
): Promise<DeletedSession> {
  const address = parseBrokerUrl(options.url);
  if (typeof address === "string") return { kind: "failed", detail: address };
  const whole: MqttSourceOptions = { ...options, name: "", topics: [] };
  const versions = options.protocol === "3.1.1"
    ? [4] as const
    : options.protocol === "5"
    ? [5] as const
    : [5, 4] as const;
  let detail = "";
  for (const version of versions) {
    // Whether there is a session only a connection tells that would keep it.
    const found = await enter(whole, address, version, false, clock);
    if (!found.accepted) {
      detail = explainEnd(found.end, {
        url: maskUrl(options.url),
        encrypted: isEncrypted(address),
        clientId: options.clientId,
        version,
        ...(options.username === undefined ? {} : { username: options.username }),
      }).detail;
      if (refusedVersion(found.end) || hungUpOnConnect(found.end)) continue;
      return { kind: "failed", detail };
    }
    const deleted = await enter(whole, address, version, true, clock);
    return deleted.accepted
      ? { kind: "deleted", existed: found.sessionPresent }
      : { kind: "failed", detail: "the broker let us in once, but not a second time" };
  }
  return { kind: "failed", detail };
}

interface Entry {
  readonly accepted: boolean;
  readonly sessionPresent: boolean;
  readonly end: ConnectionEnd;
}

/** Connects and leaves again, subscribing to nothing and acknowledging nothing. */
async function enter(
  options: MqttSourceOptions,
  address: BrokerAddress,
  version: 4 | 5,
  clean: boolean,
  clock: Clock,
): Promise<Entry> {
  const { tls, ...login } = await readLogin(options, address, clock.now());
  const open = await streamOpener(address, tls);
  let accepted = false;
  let sessionPresent = false;
  const giveUp = new AbortController();
  const timer = clock.setTimer(() => giveUp.abort(), CONNECT_MS);
  const connection: Connection = new Connection({
    ...login,
    open,
    version,
    clientId: options.clientId,
    clean,
    keepaliveSeconds: 30,
    receiveMaximum: 1,
    connectTimeoutMs: CONNECT_MS,
    topics: [],
    formerTopics: [],
    qos: 0,
    resubscribeMs: CONNECT_MS,
  }, {
    onAccepted: async (present) => {
      accepted = true;
      sessionPresent = present;
      await connection.disconnect(giveUp.signal);
    },
    onMessage: () => {},
    onSubscribed: () => {},
  }, clock);
  const end = await connection.run();
  clock.clearTimer(timer);
  // mqtt.js ends a turn of the event loop after its connection: the next one begins after that.
  await connection.drained(giveUp.signal);
  return { accepted, sessionPresent, end };
}
