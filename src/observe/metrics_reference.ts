/**
 * docs/metrics.md, made from the table of metrics.
 *
 * @module
 */
import { LABELS, type MetricDefinition, metricName, METRICS } from "./metric_definitions.ts";

/** The text of docs/metrics.md. */
export function metricsReference(): string {
  const all = Object.entries(METRICS) as [string, MetricDefinition][];
  const rows = all.map(([name, metric]) => {
    const labels = (metric.labels ?? []).map((label) => `\`${label}\``).join(", ") || "–";
    const mark = metric.meshpipe ? "yes" : "";
    return `| \`${
      metricName("meshcapture", name)
    }\` | ${metric.kind} | ${labels} | ${mark} | ${metric.help} |`;
  });
  const labels = Object.entries(LABELS).map(([name, values]) => `| \`${name}\` | ${values} |`);
  const histograms = all.filter(([, metric]) => metric.buckets !== undefined).map((
    [name, metric],
  ) => `- \`${metricName("meshcapture", name)}\`: ${metric.buckets?.join(", ")}`);
  return `<!-- Made by \`deno task docs\`. Change src/observe/metric_definitions.ts instead. -->

# Metrics

\`GET /metrics\` on \`observability.address\` (\`:2112\` unless configured) gives these in Prometheus' text
format. The prefix is \`meshcapture\`; \`observability.metrics_prefix\` changes it.

**Dashboards made for meshpipe-go**: set \`metrics_prefix: meshpipe_capture\`. The metrics marked
"meshpipe" then have the names that meshpipe has, with the further labels given here; a panel that
shows one of them without \`sum()\` or \`sum by (…)\` shows one line a label value. Packets are counted
when they are committed, where meshpipe counts them when they are queued.

Every label has a closed set of values, so the number of series is bounded; node ids are in none. A
counter of a configured source or network is shown with 0 from the start.

| Metric | Kind | Labels | meshpipe | Meaning |
|---|---|---|---|---|
${rows.join("\n")}

## Labels

| Label | Values |
|---|---|
${labels.join("\n")}

## Buckets of the histograms

${histograms.join("\n")}
`;
}
