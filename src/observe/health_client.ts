/**
 * Asks a running service how it is, for the `healthcheck` command.
 *
 * @module
 */
import { type Clock, systemClock, type Timer } from "../capture/clock.ts";
import { formatAddress, type ListenAddress, loopbackHost } from "./address.ts";

/** What came of asking. */
export type HealthAnswer =
  | { readonly kind: "ok"; readonly mode: string; readonly statement?: string }
  | { readonly kind: "trouble"; readonly reasons: readonly string[] }
  | { readonly kind: "unreachable"; readonly detail: string };

/** Longest answer that is read, in characters. */
const MAX_ANSWER = 1_048_576;

/**
 * Gets /healthz of the service that listens at `address` within `timeoutMs` milliseconds. Never
 * throws.
 *
 * It speaks HTTP/1.0 itself. `fetch` would send even a request to this machine through the proxy
 * that the environment names, and node:http does not reach an IPv6 address on Deno 2.4.
 */
export async function checkHealth(
  address: ListenAddress,
  timeoutMs: number,
  clock: Clock = systemClock,
): Promise<HealthAnswer> {
  const host = loopbackHost(address);
  const where = formatAddress({ hostname: host, port: address.port });
  let connection: Deno.TcpConn | undefined;
  let timer: Timer | undefined;
  let late = false;
  const tooLate = new Promise<never>((_, reject) => {
    timer = clock.setTimer(() => {
      late = true;
      reject(new Error(`no answer within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  const asking = (async (): Promise<string> => {
    const opened = await Deno.connect({ hostname: host, port: address.port });
    connection = opened;
    if (late) opened.close();
    return await exchange(opened, where);
  })();
  // When time is up first, nobody waits for this any more.
  asking.catch(() => {});
  try {
    return interpret(await Promise.race([asking, tooLate]));
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    return { kind: "unreachable", detail: `${where}: ${message || "no connection"}` };
  } finally {
    if (timer !== undefined) clock.clearTimer(timer);
    try {
      connection?.close();
    } catch {
      // It is closed already.
    }
  }
}

/** Sends the request and reads until the other side closes, which HTTP/1.0 has it do. */
async function exchange(connection: Deno.TcpConn, host: string): Promise<string> {
  const request = new TextEncoder().encode(`GET /healthz HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
  for (let sent = 0; sent < request.length;) {
    sent += await connection.write(request.subarray(sent));
  }
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  let text = "";
  for (;;) {
    const n = await connection.read(buffer);
    if (n === null) return text + decoder.decode();
    text += decoder.decode(buffer.subarray(0, n), { stream: true });
    if (text.length > MAX_ANSWER) throw new Error("the answer is too long");
  }
}

/** Reads an answer of /healthz; something else may well listen on that port. */
function interpret(answer: string): HealthAnswer {
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? Number.NaN);
  const headEnd = answer.indexOf("\r\n\r\n");
  const body = headEnd < 0 ? "" : answer.slice(headEnd + 4);
  const notOurs: HealthAnswer = {
    kind: "unreachable",
    detail: Number.isNaN(status)
      ? "something answers there that does not speak HTTP"
      : `something else answers there (HTTP status ${status})`,
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
