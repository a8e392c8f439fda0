/** The results of a run, as `--json` prints them and bench/results.json keeps them. @module */
import type { Figures } from "./figures.ts";
import type { Scenario } from "./scenario.ts";

/** One scenario with what it gave. */
export interface Result {
  /** Its name; there is one result a name. */
  readonly name: string;
  /** What was done. */
  readonly scenario: Scenario;
  /** When, to the minute, UTC. */
  readonly at: string;
  /** Load average of the last minute when it began: what else the machine did. */
  readonly load: number;
  /** What was measured. */
  readonly figures: Figures;
}

/** What it was measured on. */
export interface Machine {
  /** Name of the processor. */
  readonly cpu: string;
  /** How many cores it offers. */
  readonly cores: number;
  /** File system of the databases. */
  readonly fileSystem: string;
  /** Version of the runtime. */
  readonly deno: string;
  /** Version of the broker. */
  readonly mosquitto: string;
}

/** What a soak has shown. */
export interface SoakResult {
  /** When it began, UTC. */
  readonly at: string;
  /** Seconds. */
  readonly seconds: number;
  /** Messages a second on each network. */
  readonly rate: number;
  /** Whether everything was as it should be. */
  readonly passed: boolean;
  /** What was looked at: the value, and the bound that it should keep. */
  readonly checks: readonly SoakCheck[];
}

/** One thing that a soak looks at. */
export interface SoakCheck {
  /** What, with its unit. */
  readonly what: string;
  /** What it was. */
  readonly value: number;
  /** What it may be at most. */
  readonly atMost: number;
  /** Whether it was. */
  readonly passed: boolean;
}

/** All of it. */
export interface Results {
  /** The machine. */
  readonly machine: Machine;
  /** In the order in which they were measured first. */
  readonly results: readonly Result[];
  /** The last soak, if there was one. */
  readonly soak?: SoakResult;
}

/** `old` with what `run` has measured anew. */
export function merge(old: Results | undefined, run: Results): Results {
  if (old === undefined) return run;
  const fresh = new Map(run.results.map((one) => [one.name, one]));
  const kept = old.results.map((one) => {
    const again = fresh.get(one.name);
    fresh.delete(one.name);
    return again ?? one;
  });
  const soak = run.soak ?? old.soak;
  return {
    machine: run.machine,
    results: [...kept, ...fresh.values()],
    ...(soak === undefined ? {} : { soak }),
  };
}

/** Reads a file of results; undefined where there is none. */
export function readResults(path: string | URL): Results | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path)) as Results;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Merges into the file `path`. */
export function keepResults(path: string, run: Results): void {
  const text = JSON.stringify(merge(readResults(path), run), null, 2);
  Deno.writeTextFileSync(path, `${text}\n`);
}
