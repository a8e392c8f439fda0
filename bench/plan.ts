/** Which scenarios a run has. @module */
import type { NetworkName } from "../src/capture/message.ts";
import type { BrokerSettings } from "./broker.ts";
import type { Indexes } from "./networks.ts";
import type { OtherProgram, Scenario } from "./scenario.ts";

/** How much is measured. */
export type PlanName = "quick" | "full" | "growth" | OtherProgram;

/** What a run may say otherwise; what is absent is the plan's own. */
export interface PlanOptions {
  /** Messages of a burst. */
  readonly messages?: number;
  /** Rows in a database that is not empty. */
  readonly prefill?: number;
  /** Seconds that steady traffic lasts. */
  readonly seconds?: number;
}

const NETWORKS: readonly NetworkName[] = ["meshtastic", "meshcore"];

/**
 * The scenarios of a plan: `quick` for two or three minutes with a choice of everything, `full` for
 * the whole table, `growth` for an empty database, a large one, and one five times as large,
 * `executable` and `source` for a choice of what is not the bundle.
 */
export function planned(plan: PlanName, options: PlanOptions = {}): Scenario[] {
  switch (plan) {
    case "quick":
      return quick(options);
    case "full":
      return full(options);
    case "growth":
      return growth(options);
    case "executable":
    case "source":
      return otherwise(plan, options);
  }
}

function quick({ messages = 20_000, prefill = 100_000, seconds = 8 }: PlanOptions): Scenario[] {
  const burst = (
    network: NetworkName,
    indexes: Indexes,
    qos: 0 | 1,
    rows: number,
    broker: BrokerSettings = "deploy",
  ) => ({ kind: "burst", network, indexes, qos, prefill: rows, broker, messages }) as const;
  return [
    burst("meshtastic", "full", 0, 0),
    burst("meshtastic", "full", 1, 0),
    burst("meshtastic", "minimal", 0, 0),
    burst("meshtastic", "full", 0, prefill),
    burst("meshtastic", "full", 0, 0, "defaults"),
    burst("meshcore", "full", 0, 0),
    ...latencies("meshtastic", seconds, [[50, 0], [50, undefined], [1000, undefined]]),
    latency("meshtastic", "minimal", 50, 1000, seconds),
    latency("meshcore", "full", 50, undefined, seconds),
    { kind: "http", network: "meshtastic", indexes: "full", prefill: 0, messages },
    { kind: "start", network: "meshtastic", indexes: "full", prefill: 0, times: 2 },
    { kind: "restart", network: "meshtastic", indexes: "full", prefill: 0, times: 2 },
  ];
}

function full(
  { messages = 100_000, prefill = 1_000_000, seconds = 30 }: PlanOptions,
): Scenario[] {
  const scenarios: Scenario[] = [];
  for (const network of NETWORKS) {
    for (const rows of [0, prefill]) {
      // MeshCore has one set of indexes.
      for (
        const indexes of network === "meshtastic" ? ["full", "minimal"] as const : ["full"] as const
      ) {
        for (const broker of ["deploy", "defaults"] as const) {
          for (const qos of [0, 1] as const) {
            scenarios.push({
              kind: "burst",
              network,
              indexes,
              prefill: rows,
              qos,
              broker,
              messages,
            });
          }
        }
      }
    }
  }
  for (const network of NETWORKS) {
    scenarios.push(
      ...latencies(network, seconds, [
        [50, 0],
        [50, undefined],
        [50, 1000],
        [1000, 0],
        [1000, undefined],
        [1000, 1000],
      ]),
    );
    if (network === "meshtastic") scenarios.push(latency(network, "minimal", 50, 1000, seconds));
    const common = { network, indexes: "full", prefill: 0 } as const;
    scenarios.push(
      { ...common, kind: "http", messages },
      { ...common, kind: "start", times: 5 },
      { ...common, kind: "start", prefill, times: 3 },
      { ...common, kind: "restart", times: 3 },
      { ...common, kind: "jobs", prefill, seconds: Math.max(60, seconds) },
    );
  }
  return scenarios;
}

function growth(
  { messages = 20_000, prefill = 1_000_000, seconds = 120 }: PlanOptions,
): Scenario[] {
  const scenarios: Scenario[] = [];
  for (const network of NETWORKS) {
    for (const rows of [0, prefill, 5 * prefill]) {
      scenarios.push({ kind: "growth", network, indexes: "full", prefill: rows, messages });
    }
    scenarios.push({ kind: "jobs", network, indexes: "full", prefill: 5 * prefill, seconds });
  }
  return scenarios;
}

function otherwise(program: OtherProgram, { messages = 100_000 }: PlanOptions): Scenario[] {
  return NETWORKS.flatMap((network): Scenario[] => {
    const common = { network, indexes: "full", prefill: 0, program } as const;
    const burst = { ...common, kind: "burst", qos: 1, broker: "deploy", messages } as const;
    return [
      burst,
      ...(network === "meshtastic" ? [{ ...burst, indexes: "minimal" } as const] : []),
      { ...common, kind: "http", messages },
      { ...common, kind: "start", times: 5 },
    ];
  });
}

function latencies(
  network: NetworkName,
  seconds: number,
  points: readonly (readonly [rate: number, intervalMs: number | undefined])[],
): Scenario[] {
  return points.map(([rate, intervalMs]) => latency(network, "full", rate, intervalMs, seconds));
}

function latency(
  network: NetworkName,
  indexes: Indexes,
  rate: number,
  intervalMs: number | undefined,
  seconds: number,
): Scenario {
  return { kind: "latency", network, indexes, prefill: 0, rate, intervalMs, seconds };
}
