/**
 * How a connection ended, and what that means for an operator.
 *
 * @module
 */
import { type BrokerCertificate, explainTlsFault, isTlsFault } from "./certificates.ts";
import type { SourceProblem } from "./source_types.ts";

/** The facts about an ended connection. */
export interface ConnectionEnd {
  /** How far it came: `accepted` by CONNACK, `subscribed` by SUBACK. */
  readonly phase: "connecting" | "accepted" | "subscribed";
  /** First error of socket or protocol. */
  readonly error?: Error | undefined;
  /** The error is about what the other side sent: nobody can read it as MQTT. */
  readonly notMqtt?: boolean;
  /** Code of the CONNACK, if one came. */
  readonly connackCode?: number;
  /** Code of the DISCONNECT that an MQTT 5 broker sent. */
  readonly disconnectCode?: number;
  /** We ended it ourselves, and why. */
  readonly local?: string;
  /** The ledger could not be made ready. */
  readonly ledgerError?: unknown;
}

/** Where it was tried and as whom, for the words of {@linkcode explainEnd}. */
export interface AttemptContext {
  /** Address without user information. */
  readonly url: string;
  /** True for an address with TLS. */
  readonly encrypted: boolean;
  /** Client id of the attempt. */
  readonly clientId: string;
  /** User name of the attempt. */
  readonly username?: string;
  /** Protocol level: 4 is MQTT 3.1.1. */
  readonly version: 4 | 5;
  /** True when connections in a row ended upon our subscription: once is a line that broke. */
  readonly oftenOnSubscribe?: boolean;
  /** Whom the token is for that stood for a password, where one did. */
  readonly audience?: string;
  /** The broker's certificate, where somebody had to look at it. */
  readonly certificate?: BrokerCertificate;
}

/** True when the broker hung up between its CONNACK and its SUBACK. */
export function hungUpOnSubscribe(end: ConnectionEnd): boolean {
  return end.phase === "accepted" && end.local === undefined && end.error === undefined;
}

/** True when the broker speaks another version of MQTT than the one tried. */
export function refusedVersion(end: ConnectionEnd): boolean {
  return end.connackCode === 1 || end.connackCode === 132;
}

/** True when the broker hung up on our CONNECT without an answer, as some do on MQTT 5. */
export function hungUpOnConnect(end: ConnectionEnd): boolean {
  if (end.phase !== "connecting" || end.connackCode !== undefined || end.local) return false;
  return end.error === undefined || ["ECONNRESET", "EPIPE"].includes(errorCode(end.error));
}

/** True when the broker had been silent for longer than the keep-alive allows. */
export function fellSilent(end: ConnectionEnd): boolean {
  return /keepalive timeout/i.test(end.error?.message ?? "");
}

/** True when waiting a little cannot help: somebody has to do something. */
export function needsAPerson(problem: SourceProblem): boolean {
  return [
    "credentials_refused",
    "credentials_file",
    "client_id_refused",
    "protocol_refused",
    "taken_over",
    "tls",
  ].includes(problem.reason);
}

/** Says in plain words why the connection ended. */
export function explainEnd(end: ConnectionEnd, at: AttemptContext): SourceProblem {
  const { url, clientId, username } = at;
  const message = end.error?.message ?? "";
  if (end.ledgerError !== undefined) {
    return {
      reason: "ledger",
      detail: `the database could not begin a session: ${text(end.ledgerError)}`,
    };
  }
  if (end.disconnectCode === 0x8e) return takenOver(clientId, url);
  switch (end.connackCode) {
    case undefined:
    case 0:
      break;
    case 1:
    case 132:
      return {
        reason: "protocol_refused",
        detail: `${url} does not speak MQTT ${at.version === 5 ? "5" : "3.1.1"}`,
      };
    case 2:
    case 133:
      return { reason: "client_id_refused", detail: `${url} refuses the client id ${clientId}` };
    case 4:
    case 5:
    case 134:
    case 135:
      return {
        reason: "credentials_refused",
        detail: at.audience !== undefined
          ? `${url} refuses the token of ${username} for ${at.audience || "no audience"}; ` +
            "is that key known there, the audience right, and this machine's clock?"
          : username === undefined
          ? `${url} refuses us without a user name; set username and password`
          : `${url} refuses the user name ${username} with the password given`,
      };
    default:
      return {
        reason: "broker_refused",
        detail: `${url} refuses the connection with code ${end.connackCode}`,
      };
  }
  if (fellSilent(end)) {
    return { reason: "keepalive_timeout", detail: `${url} no longer answers our pings` };
  }
  if (end.disconnectCode !== undefined) {
    return {
      reason: "connection_lost",
      detail: `${url} disconnected us with code ${end.disconnectCode}`,
    };
  }
  if (at.encrypted && isTlsFault(end.error)) {
    const fault = explainTlsFault(end.error, at.certificate);
    return { reason: "tls", detail: `no trusted connection to ${url}: ${fault}` };
  }
  if (end.phase === "connecting" && !end.notMqtt) {
    return {
      reason: "unreachable",
      detail: end.error === undefined
        ? `${url} closed the connection before it answered`
        : `${url} cannot be reached: ${message || errorCode(end.error)}`,
    };
  }
  if (hungUpOnSubscribe(end) && at.oftenOnSubscribe) {
    return {
      reason: "subscription_refused",
      detail: `${url} closes the connection upon our subscription, again and again`,
    };
  }
  if (end.notMqtt || (end.error !== undefined && errorCode(end.error) === "")) {
    return { reason: "protocol_error", detail: `${url} sent what is no MQTT: ${message}` };
  }
  return {
    reason: "connection_lost",
    detail: `the connection to ${url} ended${end.local ? `: ${end.local}` : ""}${
      message === "" ? "" : `: ${message}`
    }`,
  };
}

/**
 * The problem of two clients that seem to take over each other's id: the broker ended connection after
 * connection soon after it was made, which a bad line does, too.
 */
export function suspectedRival(clientId: string, url: string): SourceProblem {
  return {
    reason: "taken_over",
    detail:
      `${url} ends our connections again and again, soon after they are made: either another ` +
      `client uses our client id ${clientId} (give one of the two another id), or the line is bad`,
  };
}

/** The problem of two clients that take over each other's id. */
export function takenOver(clientId: string, url: string): SourceProblem {
  return {
    reason: "taken_over",
    detail:
      `another client connects to ${url} with our client id ${clientId} and ends our connection; ` +
      `give one of the two another id`,
  };
}

function errorCode(error: Error | undefined): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
