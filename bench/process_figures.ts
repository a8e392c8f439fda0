/** What the kernel counts of a process. Read from outside: Deno refuses `/proc` to itself. @module */

/** Figures of a process since its start. */
export interface ProcessFigures {
  /** CPU time of all threads, user and system. */
  readonly cpuSeconds: number;
  /** Largest resident memory so far. */
  readonly peakRssBytes: number;
  /** Bytes that were sent to storage. */
  readonly writtenBytes: number;
}

/** Ticks a second in `/proc/PID/stat`; Linux has had 100 on every architecture that Deno runs on. */
const TICKS = 100;

/** Reads the figures of the process `pid` with `cat` (Linux only). */
export function processFigures(pid: number): ProcessFigures {
  const files = ["stat", "status", "io"].map((name) => `/proc/${pid}/${name}`);
  const { success, stdout } = new Deno.Command("cat", { args: files }).outputSync();
  const text = new TextDecoder().decode(stdout);
  if (!success) throw new Error(`the figures of process ${pid} cannot be read`);
  // The name of the program, in parentheses, may hold anything; fields after it begin with the third.
  const fields = text.slice(text.indexOf(") ") + 2).split(" ");
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    peakRssBytes: numberAfter(text, "VmHWM:") * 1024,
    writtenBytes: numberAfter(text, "\nwrite_bytes:"),
  };
}

function numberAfter(text: string, label: string): number {
  const match = /^\s*(\d+)/.exec(text.slice(text.indexOf(label) + label.length));
  if (match === null) throw new Error(`no ${label.trim()} among the figures of a process`);
  return Number(match[1]);
}
