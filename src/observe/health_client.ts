/**
 * Asks a running service how it is, for the `healthcheck` command.
 *
 * @module
 */
import { type Clock, systemClock, type Timer } from "../capture/clock.ts";
import type { IntegrityAnswer } from "./integrity.ts";
import { formatAddress, type ListenAddress, loopbackHost } from "./address.ts";

/** What came of asking. */
export type HealthAnswer =
  | { readonly kind: "ok"; readonly mode: string; readonly statement?: string }
  | { readonly kind: "trouble"; readonly reasons: readonly string[] }
  | { readonly kind: "unreachable"; readonly detail: string };

/** Longest answer that is read, in characters. */
const MAX_ANSWER = 1_048_576;

/** What the service knows of its databases, or why that could not be had. */
export type KnownIntegrity =
  | { readonly kind: "known"; readonly integrity: IntegrityAnswer }
  | { readonly kind: "unreachable"; readonly detail: string };

/**
 * Gets /healthz of the service that listens at `address` within `timeoutMs` milliseconds. Never
 * throws.
 */
export async function checkHealth(
  address: ListenAddress,
  timeoutMs: number,
  clock: Clock = systemClock,
): Promise<HealthAnswer> {
  const answer = await get("/healthz", address, timeoutMs, clock);
  return "text" in answer ? interpret(answer.text) : answer;
}

/** Gets /integrity in the same way. Never throws. */
export async function checkKnownIntegrity(
  address: ListenAddress,
  timeoutMs: number,
  clock: Clock = systemClock,
): Promise<KnownIntegrity> {
  const answer = await get("/integrity", address, timeoutMs, clock);
  if (!("text" in answer)) return answer;
  const { status, body } = parts(answer.text);
  const { status: integrity, databases } = body;
  if (status === 404) {
    return { kind: "unreachable", detail: "what answers there knows of no integrity checks" };
  }
  if (typeof integrity !== "string" || typeof databases !== "object" || databases === null) {
    return notOurs(status);
  }
  return { kind: "known", integrity: body as unknown as IntegrityAnswer };
}

/**
 * The whole answer to a GET.
 *
 * It speaks HTTP/1.0 itself. `fetch` would send even a request to this machine through the proxy
 * that the environment names, and node:http does not reach an IPv6 address on Deno 2.4.
 */
async function get(
  path: string,
  address: ListenAddress,
  timeoutMs: number,
  clock: Clock,
): Promise<{ text: string } | { kind: "unreachable"; detail: string }> {
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
    return await exchange(opened, where, path);
  })();
  // When time is up first, nobody waits for this any more.
  asking.catch(() => {});
  try {
    return { text: await Promise.race([asking, tooLate]) };
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
async function exchange(
  connection: Deno.TcpConn,
  host: string,
  path: string,
): Promise<string> {
  const request = new TextEncoder().encode(`GET ${path} HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
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

/** Status and body of an answer; an empty body where there is no JSON object. */
function parts(answer: string): { status: number; body: Record<string, unknown> } {
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1] ?? Number.NaN);
  const headEnd = answer.indexOf("\r\n\r\n");
  try {
    const body: unknown = JSON.parse(headEnd < 0 ? "" : answer.slice(headEnd + 4));
    if (typeof body === "object" && body !== null) {
      return { status, body: body as Record<string, unknown> };
    }
  } catch {
    // Something else may well listen on that port.
  }
  return { status, body: {} };
}

function notOurs(status: number): { readonly kind: "unreachable"; readonly detail: string } {
  return {
    kind: "unreachable",
    detail: Number.isNaN(status)
      ? "something answers there that does not speak HTTP"
      : `something else answers there (HTTP status ${status})`,
  };
}

/** Reads an answer of /healthz. */
function interpret(answer: string): HealthAnswer {
  const { status, body } = parts(answer);
  const { status: health, mode, statement, reasons } = body;
  if (typeof mode !== "string") return notOurs(status);
  if (status === 200 && health === "ok") {
    return { kind: "ok", mode, ...(typeof statement === "string" ? { statement } : {}) };
  }
  if (status === 503 && health === "trouble" && Array.isArray(reasons)) {
    return { kind: "trouble", reasons: reasons.map(String) };
  }
  return notOurs(status);
}
