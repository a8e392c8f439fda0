/** How much memory a service takes, by its own word. @module */
import assert from "node:assert/strict";
import type { ServiceProcess } from "../helpers/service_process.ts";

/** What a fault may cost beyond the state before it, in bytes. */
const MARGIN_BYTES = 100 * 2 ** 20;

/** Resident memory of the process in bytes. */
export async function rssBytes(service: ServiceProcess): Promise<number> {
  const text = (await service.fetchText("/metrics"))?.text ?? "";
  const [, value] = /^meshcapture_memory_rss_bytes (\d+)$/m.exec(text) ?? [];
  assert.ok(value !== undefined, "the metrics tell the memory");
  return Number(value);
}

/** Asserts that memory has not grown beyond what a burst of garbage explains. */
export function assertBounded(before: number, after: number): void {
  const [from, to] = [before, after].map((bytes) => Math.round(bytes / 2 ** 20));
  assert.ok(after < before + MARGIN_BYTES, `memory grew from ${from} to ${to} MiB`);
}
