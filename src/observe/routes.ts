/**
 * What the service shows of itself: /metrics, /healthz, /livez, /readyz.
 *
 * @module
 */
import type { HealthRegistry } from "./health.ts";
import { jsonResponse, type Route, textResponse } from "./http_handler.ts";
import type { Metrics } from "./metrics.ts";

/** The routes that every service has; a page or a feed adds its own to the table. */
export function serviceRoutes(metrics: Metrics, health: HealthRegistry): Route[] {
  const healthy = metrics.gauge("healthy");
  return [
    {
      path: "/metrics",
      title: "Prometheus metrics",
      reference: "Metrics in Prometheus' text format: see [metrics.md](metrics.md).",
      handle: async () => {
        healthy.record(health.healthy ? 1 : 0);
        const text = await metrics.render();
        return new Response(text, { headers: { "content-type": metrics.contentType } });
      },
    },
    {
      path: "/healthz",
      title: "200 when all is well, else 503 with the reasons",
      reference:
        "200 when all is well, 503 when a source, a queue or a database has been in trouble for ten seconds; JSON with `status`, `mode`, `reasons` and every component.",
      handle: () => jsonResponse(health.report(), health.healthy ? 200 : 503),
    },
    {
      path: "/livez",
      title: "200 while the process answers",
      reference: "200 while the process answers, whatever else is wrong.",
      handle: () => textResponse("alive"),
    },
    {
      path: "/readyz",
      title: "200 once the databases are open and every source has been tried",
      reference:
        "200 once every database has been opened and every source tried; before, 503 and what is waited for.",
      handle: () => {
        const readiness = health.readiness();
        return jsonResponse(readiness, readiness.ready ? 200 : 503);
      },
    },
  ];
}
