/** Measures the answers of /metrics while a burst runs. @module */
import { Child } from "./child.ts";
import type { Figures } from "./figures.ts";
import { percentile, round } from "./percentile.ts";
import { runBurst } from "./run_burst.ts";
import type { HttpScenario } from "./scenario.ts";
import { pause } from "./until.ts";

/** Milliseconds between an answer and the next question: a thousand times what Prometheus asks. */
const EVERY_MS = 10;

/**
 * A burst with a scraper beside it; its rate is that of a service that is scraped. A server of its
 * own process that has nothing else to do is asked in turn.
 */
export async function runHttp(scenario: HttpScenario, signal: AbortSignal): Promise<Figures> {
  const times: number[] = [];
  const bare: number[] = [];
  const burst = { ...scenario, kind: "burst", qos: 1, broker: "deploy" } as const;
  await using idle = await Child.start("idle_server.ts", [], signal);
  await idle.go();
  const idleUrl = `http://127.0.0.1:${await idle.result<number>()}/`;
  const figures = await runBurst(burst, signal, async (service, ended) => {
    while (!ended.aborted) {
      times.push(await timed(() => service.metrics()));
      await pause(EVERY_MS);
      bare.push(await timed(async () => await (await fetch(idleUrl)).text()));
      await pause(EVERY_MS);
    }
  });
  return {
    published: scenario.messages,
    ...pick(figures, ["stored", "lostByBroker", "lostByUs", "messagesPerSecond"]),
    timed: times.length,
    p50Ms: round(percentile(times, 0.5), 1),
    p99Ms: round(percentile(times, 0.99), 1),
    maxMs: round(percentile(times, 1), 1),
    bareP50Ms: round(percentile(bare, 0.5), 1),
    bareP99Ms: round(percentile(bare, 0.99), 1),
    bareMaxMs: round(percentile(bare, 1), 1),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The rest of a burst's figures would be misread: a service is not scraped a hundred times a second. */
function pick(figures: Figures, names: readonly (keyof Figures)[]): Figures {
  return Object.fromEntries(names.map((name) => [name, figures[name]]));
}
