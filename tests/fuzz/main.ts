/**
 * Hostile input for everything that reads what others wrote:
 *
 *     deno task fuzz [COUNT] [--decoder NAME] [--seed N] [--from N] [--minutes N] [--json]
 *
 * COUNT inputs for each decoder (default ten million; of configurations a thousandth), made of
 * recorded and simulated traffic and of chance. The same seed gives the same inputs. A finding ends
 * the run with code 1 and prints its input; `COUNT` 1 with `--from` reads it again.
 *
 * @module
 */
import type { FuzzReport } from "./fuzz.ts";
import { inputOf } from "./fuzz.ts";
import { targets } from "./targets.ts";
import type { FuzzRequest } from "./worker.ts";

/** Reading one input for longer is a hang, milliseconds. */
const HUNG_AFTER_MS = 30_000;

/** Heap that may be in use at the end beyond that after a tenth of the inputs, MiB. */
const GROWTH_ALLOWED_MIB = 24;

const option = (name: string): string | undefined => {
  const at = Deno.args.indexOf(`--${name}`);
  return at === -1 ? undefined : Deno.args[at + 1];
};
const json = Deno.args.includes("--json");
const seed = Number(option("seed") ?? 1);
const from = Number(option("from") ?? 0);
const limitMs = Number(option("minutes") ?? Infinity) * 60_000;
const count = Number(/^\d+$/.test(Deno.args[0] ?? "") ? Deno.args[0] : 10_000_000);
const only = option("decoder");
const names = only === undefined ? Object.keys(targets) : only.split(",");
const unknown = names.find((name) => targets[name] === undefined);
if (unknown !== undefined || !Number.isSafeInteger(seed) || seed < 0 || seed >= 2 ** 21) {
  say(`--decoder is of ${Object.keys(targets).join(", ")}; --seed is 0 to ${2 ** 21 - 1}`);
  Deno.exit(2);
}

const reports: FuzzReport[] = [];
for (const name of names) {
  const { share } = await targets[name]!();
  const report = await run(name, from === 0 ? Math.max(1, Math.round(count * share)) : count);
  reports.push(report);
  if (!json) say(text(report));
  if (report.heapEndMib - report.heapEarlyMib > GROWTH_ALLOWED_MIB) {
    say(`${name}: memory grows`);
    Deno.exit(1);
  }
}
if (json) say(JSON.stringify(reports));

function run(name: string, inputs: number): Promise<FuzzReport> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const progress = new SharedArrayBuffer(8);
  const at = new BigInt64Array(progress);
  let seen = -1n;
  let seenAt = performance.now();
  return new Promise((resolve) => {
    const watch = setInterval(async () => {
      if (at[0] !== seen) {
        seen = at[0]!;
        seenAt = performance.now();
      } else if (performance.now() - seenAt > HUNG_AFTER_MS) {
        clearInterval(watch);
        worker.terminate();
        const target = await targets[name]!();
        say(`${name}: input ${seen} of seed ${seed} is read without end`);
        say(target.line(inputOf(target, seed, Number(seen))));
        Deno.exit(1);
      }
    }, 1000);
    worker.onmessage = ({ data }) => {
      clearInterval(watch);
      worker.terminate();
      if (data.report !== undefined) return resolve(data.report);
      const { message, line, index, stack } = data.finding;
      say(message);
      if (stack !== undefined) say(stack);
      say(line);
      say(`again: deno task fuzz 1 --decoder ${name} --seed ${seed} --from ${index}`);
      Deno.exit(1);
    };
    const request: FuzzRequest = { target: name, seed, from, count: inputs, limitMs, progress };
    worker.postMessage(request);
  });
}

function text(report: FuzzReport): string {
  const { target, count, stored, seconds, longestMs, longestRepeatedMs, longestAt } = report;
  const { heapEarlyMib, heapEndMib, tally } = report;
  const kinds = Object.entries(tally).map(([kind, n]) => `    ${String(n).padStart(9)}  ${kind}`);
  return [
    `${target}: ${count} inputs of seed ${report.seed} in ${seconds.toFixed(0)} s ` +
    `(${Math.round(count / seconds)}/s), ${stored} records stored`,
    `  longest ${longestMs.toFixed(1)} ms, repeated ${longestRepeatedMs.toFixed(1)} ms ` +
    `(input ${longestAt}); heap ${heapEarlyMib.toFixed(1)} → ${heapEndMib.toFixed(1)} MiB`,
    ...kinds,
  ].join("\n");
}

function say(line: string): void {
  // deno-lint-ignore no-console -- a program's output
  console.log(line);
}
