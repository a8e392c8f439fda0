/** Measures what background jobs on a large database do to commits. @module */
import type { Figures } from "./figures.ts";
import { type BenchNetwork, benchNetworks } from "./networks.ts";
import type { RowCounter } from "./row_counter.ts";
import { runLatency } from "./run_latency.ts";
import type { JobsScenario } from "./scenario.ts";
import type { Sections } from "./service.ts";

/** Share of the rows that are too old, so that retention ends within the measurement. */
const OLD = 0.03;

/**
 * Latency at 50 messages a second, each committed at once, while every job of the network has work:
 * retention deletes, neighbours are built of all rows there are, maintenance gives pages back. The
 * jobs begin with the service, and the longest latency is the longest that a commit had to wait, with
 * the commit itself.
 */
export async function runJobs(scenario: JobsScenario, signal: AbortSignal): Promise<Figures> {
  const { network: name, indexes, prefill, seconds } = scenario;
  const network = benchNetworks[name];
  let before: Readonly<Record<string, number>> = {};
  return await runLatency(
    { kind: "latency", network: name, indexes, prefill, rate: 50, intervalMs: 0, seconds },
    signal,
    {
      more: { storage: { commit_interval_ms: 0, maintenance_interval_minutes: 1 } },
      own: (counter) => {
        before = state(network, counter);
        return jobSettings(network, counter);
      },
      after: (counter) => {
        const after = state(network, counter);
        return {
          jobs: Object.fromEntries(
            Object.entries(after).map(([what, n]) => [what, Math.abs(n - before[what]!)]),
          ),
        };
      },
    },
  );
}

/** Settings by which the oldest rows are too old. Whole hours or days, as the settings are. */
function jobSettings(network: BenchNetwork, counter: RowCounter): Sections {
  const { counted, timeColumn } = network;
  const limit = Number(counter.value(
    `SELECT ${timeColumn} FROM ${counted} WHERE id >=
       (SELECT min(id) + ${OLD} * (max(id) - min(id)) FROM ${counted}) ORDER BY id LIMIT 1`,
  ));
  const hours = Math.max(1, Math.floor((Date.now() / 1000 - limit) / 3600));
  if (network.name === "meshtastic") return { retention_hours: hours };
  return {
    retention: { packet_days: Math.max(1, Math.floor(hours / 24)) },
    // Otherwise only the last days' receptions are looked at.
    neighbor_edges_max_age_days: 10_000,
  };
}

/** What jobs change, as a reader sees it; the new rows are not among it. */
function state(network: BenchNetwork, counter: RowCounter): Record<string, number> {
  const { counted } = network;
  const number = (sql: string) => Number(counter.value(sql) ?? 0);
  return {
    "rows deleted": number(`SELECT count(*) FROM ${counted} WHERE id <= ${counter.base}`),
    ...(network.name === "meshcore"
      ? {
        "receptions looked at for neighbours": number(
          "SELECT value FROM capture_state WHERE key = 'neighbours_observation_id'",
        ),
      }
      : {}),
  };
}
