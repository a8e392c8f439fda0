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
      handle: async () => {
        healthy.record(health.healthy ? 1 : 0);
        const text = await metrics.render();
        return new Response(text, { headers: { "content-type": metrics.contentType } });
      },
    },
    {
      path: "/healthz",
      title: "200 when all is well, else 503 with the reasons",
      handle: () => jsonResponse(health.report(), health.healthy ? 200 : 503),
    },
    {
      path: "/livez",
      title: "200 while the process answers",
      handle: () => textResponse("alive"),
    },
    {
      path: "/readyz",
      title: "200 once the databases are open and every source has been tried",
      handle: () => {
        const readiness = health.readiness();
        return jsonResponse(readiness, readiness.ready ? 200 : 503);
      },
    },
  ];
}
