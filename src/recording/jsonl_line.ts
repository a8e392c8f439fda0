/**
 * One line of the recording format: a JSON object with `ts` (seconds since the epoch, fraction
 * allowed), `topic`, `payload_b64`, and optionally `qos`, `retain`, `source`. Unknown keys are
 * ignored, so a recording may carry notes.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Message } from "../capture/message.ts";
import type { ProblemReason, RecordedEntry } from "./entry.ts";

/**
 * Latest `ts` that is believed: the end of the year 9999 in seconds. A recording that holds
 * milliseconds by mistake lies far beyond it, and would otherwise be replayed silently.
 */
const MAX_TS = 253_402_300_799;

/**
 * Reads one line (without its line feed). `position` is its number, for the problem that is
 * returned when it is broken. Never throws.
 */
export function parseLine(text: string, position: number, defaultSource: string): RecordedEntry {
  const problem = (reason: ProblemReason, detail: string): RecordedEntry => ({
    kind: "problem",
    position,
    reason,
    detail,
  });

  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return problem("not_json", error instanceof Error ? error.message : String(error));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return problem("not_an_object", `a line must be a JSON object, not ${kindOf(value)}`);
  }
  const { ts, topic, payload_b64, qos, retain, source } = value as Record<string, unknown>;

  if (typeof ts !== "number" || !Number.isFinite(ts) || ts < 0) {
    return problem("bad_ts", `ts must be a number of seconds since 1970, not ${kindOf(ts)}`);
  }
  if (ts > MAX_TS) {
    return problem("bad_ts", "ts lies beyond the year 9999: milliseconds instead of seconds?");
  }
  if (typeof topic !== "string" || topic === "") {
    return problem("bad_topic", `topic must be a text that is not empty, not ${kindOf(topic)}`);
  }
  if (typeof payload_b64 !== "string") {
    return problem("bad_payload", `payload_b64 must be a text, not ${kindOf(payload_b64)}`);
  }
  const payload = decodeBase64(payload_b64);
  if (payload === undefined) {
    return problem("bad_payload", "payload_b64 is not base64 with padding (RFC 4648, section 4)");
  }
  const level = qos ?? 0;
  if (level !== 0 && level !== 1 && level !== 2) {
    return problem("bad_qos", "qos must be 0, 1 or 2");
  }
  const retained = retain ?? false;
  if (typeof retained !== "boolean") {
    return problem("bad_retain", `retain must be true or false, not ${kindOf(retained)}`);
  }
  const origin = source ?? defaultSource;
  if (typeof origin !== "string" || origin === "") {
    return problem("bad_source", `source must be a text that is not empty, not ${kindOf(origin)}`);
  }
  return {
    kind: "message",
    message: {
      source: origin,
      topic,
      payload,
      receivedAt: Math.round(ts * 1e6) / 1e3,
      // The service subscribes at 1 at most, so that is how a message of level 2 would have come.
      qos: level === 0 ? 0 : 1,
      retained,
      redelivered: false,
    },
  };
}

/** The line of a message, with its line feed. What is the default is left out. */
export function formatLine(message: Message): string {
  const bytes = message.payload;
  const line: Record<string, unknown> = {
    ts: Math.round(message.receivedAt * 1e3) / 1e6,
    topic: message.topic,
    payload_b64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
  };
  if (message.qos !== 0) line["qos"] = message.qos;
  if (message.retained) line["retain"] = true;
  line["source"] = message.source;
  return JSON.stringify(line) + "\n";
}

/**
 * Bytes of a base64 text; undefined when it is not exactly what an encoder writes (alphabet with
 * `+` and `/`, padded, nothing between, no stray bits at the end).
 */
function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  let decoded: Buffer;
  try {
    decoded = Buffer.from(text, "base64");
  } catch {
    // Deno 2.4 does not take one digit too many, as in "AAAAA".
    return undefined;
  }
  // Buffer skips over anything it does not like; encoding again shows whether it did.
  if (decoded.toString("base64") !== text) return undefined;
  // A copy: small Buffers are views of a shared pool.
  return new Uint8Array(decoded);
}

function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return value === "" ? "empty" : "a text";
  return typeof value === "number" ? `${value}` : `a ${typeof value}`;
}
