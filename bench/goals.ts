/** What the figures should be on a two-core machine that also carries broker and publisher. @module */
import type { FigureName, Figures } from "./figures.ts";
import type { Scenario } from "./scenario.ts";

/** A goal: the figure is at least, or at most, so much. */
export interface Goal {
  /** Which figure. */
  readonly figure: FigureName;
  /** `>=` or `<=`. */
  readonly must: ">=" | "<=";
  /** The bound, in the figure's unit. */
  readonly bound: number;
}

/** A goal that was looked at. */
export interface Verdict extends Goal {
  /** What was measured. */
  readonly value: number;
  /** Whether it is as it should be. */
  readonly met: boolean;
}

/** The goals of a scenario; where none is set for it, there are none. */
export function goalsOf(scenario: Scenario): Goal[] {
  switch (scenario.kind) {
    case "burst":
      return [
        atMost("lostByUs", 0),
        // mosquitto's own settings lose what they lose: that is counted, but no goal of ours.
        ...(scenario.broker === "deploy"
          ? [atMost("lostByBroker", 0), ...burstGoals(scenario)]
          : []),
      ];
    case "growth":
      // Its burst is short, and its question is what differs between the sizes.
      return [atMost("lostByUs", 0), atMost("lostByBroker", 0)];
    case "latency":
      return [atMost("lostByUs", 0), atMost("lostByBroker", 0), ...latencyGoals(scenario)];
    case "http":
      return [atMost("p99Ms", 20)];
    case "start":
      return [atMost("p50Ms", 1000)];
    case "restart":
      return [];
    case "jobs":
      return [atMost("maxMs", 250), atMost("lostByUs", 0), atMost("lostByBroker", 0)];
  }
}

/** Looks whether goals are met. A figure that was not measured has no verdict. */
export function judge(goals: readonly Goal[], figures: Figures): Verdict[] {
  return goals.flatMap((goal) => {
    const value = figures[goal.figure];
    if (value === undefined) return [];
    const met = goal.must === ">=" ? value >= goal.bound : value <= goal.bound;
    return [{ ...goal, value, met }];
  });
}

function burstGoals({ network, indexes, prefill }: Scenario): Goal[] {
  const goals = [
    atLeast("ratio", indexes === "full" ? 0.8 : 0.5),
    atMost("idleRssMib", 90),
    atMost("peakRssMib", 200),
  ];
  const rate = rateGoal(network, indexes, prefill);
  if (rate !== undefined) goals.push(atLeast("messagesPerSecond", rate));
  if (prefill === 0) {
    goals.push(
      atMost("cpuSecondsPerThousand", 0.08),
      atMost("writtenKbClosed", indexes === "full" ? 6 : 2),
    );
  }
  return goals;
}

function rateGoal(network: string, indexes: string, prefill: number): number | undefined {
  if (network === "meshcore") return prefill === 0 ? 10_000 : undefined;
  if (prefill === 0) return indexes === "full" ? 15_000 : 30_000;
  // Of files that are larger or smaller nothing was said.
  if (prefill === 1_000_000) return indexes === "full" ? 5_000 : 20_000;
  return undefined;
}

function latencyGoals(scenario: Scenario & { readonly kind: "latency" }): Goal[] {
  const { rate, intervalMs, indexes, prefill } = scenario;
  if (rate !== 50 || prefill !== 0) return [];
  if (intervalMs === 0) return [atMost("p50Ms", 3), atMost("p99Ms", 20)];
  if (intervalMs === undefined) return [atMost("p99Ms", 130), atMost("writtenKbClosed", 30)];
  return indexes === "minimal" && intervalMs === 1000 ? [atMost("writtenKbClosed", 5)] : [];
}

function atMost(figure: FigureName, bound: number): Goal {
  return { figure, must: "<=", bound };
}

function atLeast(figure: FigureName, bound: number): Goal {
  return { figure, must: ">=", bound };
}
