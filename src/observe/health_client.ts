/**
 * Asks a running service how it is, for the `healthcheck` command.
 *
 * @module
 */
import { get } from "node:http";
import { formatAddress, type ListenAddress, loopbackHost } from "./address.ts";

/** What came of asking. */
export type HealthAnswer =
  | { readonly kind: "ok"; readonly mode: string; readonly statement?: string }
  | { readonly kind: "trouble"; readonly reasons: readonly string[] }
  | { readonly kind: "unreachable"; readonly detail: string };

/** Longest answer that is read, in bytes. */
const MAX_ANSWER = 1_048_576;

/**
 * Gets /healthz of the service that listens at `address` within `timeoutMs`. Never throws.
 *
 * It uses node:http, for `fetch` would send even a request to this machine through the proxy that
 * the environment names.
 */
export async function checkHealth(
  address: ListenAddress,
  timeoutMs: number,
): Promise<HealthAnswer> {
  const host = loopbackHost(address);
  let answer: { status: number; body: string };
  try {
    answer = await request(host, address.port, timeoutMs);
  } catch (error) {
    const where = formatAddress({ hostname: host, port: address.port });
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "unreachable", detail: `${where}: ${message || "no connection"}` };
  }
  return interpret(answer.status, answer.body);
}

function request(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { host, port, path: "/healthz", agent: false } as const;
    const sent = get(options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
        if (body.length > MAX_ANSWER) sent.destroy(new Error("the answer is too long"));
      });
      response.on("error", fail);
      response.on("end", () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    const timer = setTimeout(() => {
      const error = new Error(`no answer within ${timeoutMs} ms`);
      fail(error);
      sent.destroy(error);
    }, timeoutMs);
    sent.on("error", fail);
  });
}

/** Reads an answer of /healthz; something else may well listen on that port. */
function interpret(status: number, body: string): HealthAnswer {
  const notOurs: HealthAnswer = {
    kind: "unreachable",
    detail: `something else answers there (HTTP status ${status})`,
  };
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return notOurs;
  }
  if (typeof value !== "object" || value === null) return notOurs;
  const { status: health, mode, statement, reasons } = value as Record<string, unknown>;
  if (typeof mode !== "string") return notOurs;
  if (status === 200 && health === "ok") {
    return { kind: "ok", mode, ...(typeof statement === "string" ? { statement } : {}) };
  }
  if (status === 503 && health === "trouble" && Array.isArray(reasons)) {
    return { kind: "trouble", reasons: reasons.map(String) };
  }
  return notOurs;
}
