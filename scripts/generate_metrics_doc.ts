/**
 * Writes docs/metrics.md. Run it after a change of the metrics:
 * `deno run --allow-write=docs/metrics.md scripts/generate_metrics_doc.ts`
 *
 * @module
 */
import { metricsReference } from "../src/observe/metrics_reference.ts";

Deno.writeTextFileSync("docs/metrics.md", metricsReference());
