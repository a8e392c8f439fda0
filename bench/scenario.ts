/** What can be measured. @module */
import type { NetworkName } from "../src/capture/message.ts";
import type { BrokerSettings } from "./broker.ts";
import type { Indexes } from "./networks.ts";

/** What all scenarios have. */
interface Common {
  /** Network that is measured. */
  readonly network: NetworkName;
  /** Which of Malla's indexes there are. */
  readonly indexes: Indexes;
  /** Rows in the database at the beginning. */
  readonly prefill: number;
  /** What is measured, where it is not the bundle. */
  readonly program?: OtherProgram;
}

/**
 * What may be measured instead of the bundle, which is what executables are made of, run by the Deno
 * that runs the bench: dist/meshcapture, or the sources.
 */
export type OtherProgram = typeof OTHER_PROGRAMS[number];

/** Every {@linkcode OtherProgram}. */
export const OTHER_PROGRAMS = ["executable", "source"] as const;

/** A burst, published as fast as the broker takes it, until the last commit. */
export interface BurstScenario extends Common {
  readonly kind: "burst";
  /** Messages of the burst. */
  readonly messages: number;
  /** QoS at which it is published. */
  readonly qos: 0 | 1;
  /** How mosquitto is set. */
  readonly broker: BrokerSettings;
}

/** The burst again, with the pages counted that its rows touch. */
export interface GrowthScenario extends Common {
  readonly kind: "growth";
  /** Messages of the burst. */
  readonly messages: number;
}

/** Time from publication until a reader sees the row. */
export interface LatencyScenario extends Common {
  readonly kind: "latency";
  /** Messages a second. */
  readonly rate: number;
  /** `storage.commit_interval_ms`; undefined: as it comes. */
  readonly intervalMs: number | undefined;
  /** How long it is published. */
  readonly seconds: number;
}

/** Time from the start of the process to its first row. */
export interface StartScenario extends Common {
  readonly kind: "start";
  /** Starts. */
  readonly times: number;
}

/** Answers of /metrics during a burst. */
export interface HttpScenario extends Common {
  readonly kind: "http";
  /** Messages of the burst. */
  readonly messages: number;
}

/** Time from the broker's return to the first row. */
export interface RestartScenario extends Common {
  readonly kind: "restart";
  /** Restarts. */
  readonly times: number;
}

/** Latency while retention, neighbour building and maintenance work on a large database. */
export interface JobsScenario extends Common {
  readonly kind: "jobs";
  /** How long it is published, at 50 messages a second. */
  readonly seconds: number;
}

/** One of them. */
export type Scenario =
  | BurstScenario
  | GrowthScenario
  | LatencyScenario
  | StartScenario
  | HttpScenario
  | RestartScenario
  | JobsScenario;

/** Words that name a scenario, the same in every run. Any of them selects it on the command line. */
export function scenarioWords(scenario: Scenario): string[] {
  const { kind, network, indexes, prefill } = scenario;
  const program = scenario.program === undefined ? [] : [scenario.program];
  const into = `into-${shortNumber(prefill)}`;
  return [kind, network, indexes, into, ...ownWords(scenario), ...program];
}

/** Its name. */
export function scenarioName(scenario: Scenario): string {
  return scenarioWords(scenario).join(" ");
}

/** `1500` as `1.5k`, `1000000` as `1M`. */
function shortNumber(n: number): string {
  if (n >= 1e6) return `${n / 1e6}M`;
  return n >= 1000 ? `${n / 1000}k` : String(n);
}

function ownWords(scenario: Scenario): string[] {
  switch (scenario.kind) {
    case "burst":
      return [`n-${shortNumber(scenario.messages)}`, `qos-${scenario.qos}`, scenario.broker];
    case "growth":
    case "http":
      return [`n-${shortNumber(scenario.messages)}`];
    case "latency":
      return [`at-${scenario.rate}`, `interval-${scenario.intervalMs ?? "default"}`];
    case "start":
    case "restart":
    case "jobs":
      return [];
  }
}
