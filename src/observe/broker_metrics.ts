/** Counts what the embedded brokers turn away and slow down. @module */
import type { Metrics } from "./metrics.ts";

/** Listeners of the embedded brokers, which count into `metrics`. */
export function brokerMetrics(metrics: Metrics): {
  onRefused(broker: string, reason: string): void;
  onSlowed(broker: string): void;
} {
  return {
    onRefused: (broker, reason) =>
      metrics.counter("broker_refusals_total", { broker, reason }).add(),
    onSlowed: (broker) => metrics.counter("broker_slowed_messages_total", { broker }).add(),
  };
}
