/** Ready-made messages for benchmarks. @module */
import { createMeshtasticTraffic } from "./traffic_generator.ts";

/** When bursts are set: a fixed time, so that a benchmark's data is the same every day. */
const BURST_START_MS = 1_760_000_000_000;

/** The first `n` messages of the traffic of `seed`: 200 nodes, 8 gateways. */
export function encodeBurst(
  n: number,
  seed = 1,
): { topic: string; payload: Uint8Array<ArrayBuffer> }[] {
  const burst: { topic: string; payload: Uint8Array<ArrayBuffer> }[] = [];
  if (n <= 0) return burst;
  const traffic = createMeshtasticTraffic({
    seed,
    nodes: 200,
    gateways: 8,
    startMs: BURST_START_MS,
    packetsPerSecond: 20,
  });
  for (const { topic, payload } of traffic) {
    burst.push({ topic, payload });
    if (burst.length === n) break;
  }
  return burst;
}
