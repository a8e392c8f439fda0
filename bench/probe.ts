/**
 * Publishes at a steady rate and looks every millisecond which rows a reader sees: the time between
 * is what a message takes. One process does both, so that one clock counts. Radios publish at QoS 0,
 * and so does this.
 *
 *     probe.ts PORT TABLE TRAFFIC DATABASE BASE RATE
 *
 * @module
 */
import { ready, say } from "./child.ts";
import { MqttLink } from "./mqtt_link.ts";
import { publishPacket } from "./mqtt_wire.ts";
import { percentile, round } from "./percentile.ts";
import { RowCounter } from "./row_counter.ts";
import { readTraffic } from "./traffic_file.ts";
import { pause } from "./until.ts";

/** What the probe says. */
export interface ProbeResult {
  /** Messages published. */
  readonly published: number;
  /** Rows seen. */
  readonly seen: number;
  /** Milliseconds from publication to visibility. */
  readonly p50Ms: number;
  /** The same of the slowest hundredth. */
  readonly p99Ms: number;
  /** The same of the slowest. */
  readonly maxMs: number;
}

/** How long the last rows may take. */
const PATIENCE_MS = 20_000;

if (import.meta.main) await probe();

async function probe(): Promise<void> {
  const [port, table, traffic, database, base, rateText] = Deno.args;
  const packets = readTraffic(traffic!).map(({ topic, payload }) =>
    publishPacket(topic, payload, 0, 0)
  );
  const due = dueTimes(packets.length, Number(rateText));
  const link = await MqttLink.open(Number(port), "bench-probe", true);
  using counter = new RowCounter(database!, table!, Number(base));
  await ready();

  const start = performance.now();
  const sent = new Float64Array(packets.length);
  const taken: number[] = [];
  let next = 0;
  let lastSeen = start;
  while (taken.length < packets.length) {
    const now = performance.now();
    while (next < packets.length && start + due[next]! <= now) {
      sent[next] = performance.now();
      await link.send(packets[next++]!);
    }
    const gained = Math.min(next, counter.gained());
    const seenAt = performance.now();
    if (gained > taken.length || next < packets.length) lastSeen = seenAt;
    // Rows come in the order of publication: one publisher, one broker, one queue.
    while (taken.length < gained) taken.push(seenAt - sent[taken.length]!);
    if (seenAt - lastSeen > PATIENCE_MS) break;
    await pause(1);
  }
  const result: ProbeResult = {
    published: packets.length,
    seen: taken.length,
    p50Ms: round(percentile(taken, 0.5), 1),
    p99Ms: round(percentile(taken, 0.99), 1),
    maxMs: round(percentile(taken, 1), 1),
  };
  say(result);
  Deno.exit();
}

/**
 * When each message is due, in milliseconds: gaps between none and twice the mean, so that nothing
 * falls into step with a commit interval. The same in every run.
 */
function dueTimes(count: number, rate: number): Float64Array {
  const times = new Float64Array(count);
  let seed = 1;
  let at = 0;
  for (let i = 0; i < count; i++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    at += 2 * seed / 2 ** 32 * 1000 / rate;
    times[i] = at;
  }
  return times;
}
