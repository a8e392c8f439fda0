/**
 * What is known of the databases' integrity, as /integrity shows it and `healthcheck --integrity`
 * reads it.
 *
 * @module
 */
import { jsonResponse, type Route } from "./http_handler.ts";

/** What the last check of a database said. */
export interface IntegrityReport {
  /** `unknown`: it has not been checked yet. */
  readonly status: "ok" | "bad" | "unknown";
  /** When it was checked last, ISO 8601. */
  readonly checked_at?: string;
  /** Since when it is known to be bad, ISO 8601. */
  readonly bad_since?: string;
  /** The first lines of what was found. */
  readonly findings: readonly string[];
}

/** Answer of /integrity. */
export interface IntegrityAnswer {
  /** `bad` when any database is bad; `unknown` when one is not checked yet and none is bad. */
  readonly status: IntegrityReport["status"];
  /** Each network's database. */
  readonly databases: Readonly<Record<string, IntegrityReport>>;
}

/** Puts the reports together. */
function integrityAnswer(
  databases: Readonly<Record<string, IntegrityReport>>,
): IntegrityAnswer {
  const all = Object.values(databases).map(({ status }) => status);
  const status = all.includes("bad") ? "bad" : all.includes("unknown") ? "unknown" : "ok";
  return { status, databases };
}

/** /integrity: 200, or 503 when the last check of a database found something. */
export function integrityRoute(
  reports: () => Readonly<Record<string, IntegrityReport>>,
): Route {
  return {
    path: "/integrity",
    reference:
      "What the last `PRAGMA integrity_check` of each database said: 200, or 503 when one found something; JSON with `status` (`ok`, `bad`, `unknown` before the first check), `checked_at`, `bad_since` and the first `findings`.",
    title: "what the last PRAGMA integrity_check said: 200, or 503 when it found something",
    handle: () => {
      const answer = integrityAnswer(reports());
      return jsonResponse(answer, answer.status === "bad" ? 503 : 200);
    },
  };
}
