/** What the kernel counts of a process. Read from outside: Deno refuses `/proc` to itself. @module */

/** Figures of a process since its start. */
export interface ProcessFigures {
  /** CPU time of all threads, user and system. */
  readonly cpuSeconds: number;
  /** Resident memory now. */
  readonly rssBytes: number;
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
  const { success, stdout } = new Deno.Command("cat", { args: files, stderr: "null" })
    .outputSync();
  const text = new TextDecoder().decode(stdout);
  if (!success) throw new Error(`the figures of process ${pid} cannot be read`);
  return parseProcessFigures(text);
}

/** Reads `/proc/PID/stat`, `status` and `io`, one after another in one text. */
export function parseProcessFigures(text: string): ProcessFigures {
  // The name of the program, in parentheses, may hold some; fields after it begin with the third.
  const stat = text.slice(0, text.indexOf("\n"));
  const fields = stat.slice(stat.lastIndexOf(") ") + 2).split(" ");
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS,
    rssBytes: numberAfter(text, "VmRSS:") * 1024,
    peakRssBytes: numberAfter(text, "VmHWM:") * 1024,
    writtenBytes: numberAfter(text, "\nwrite_bytes:"),
  };
}

/** Open file descriptors of the process `pid`, counted with `ls` (Linux only). */
export function openFiles(pid: number): number {
  const { stdout } = new Deno.Command("ls", { args: [`/proc/${pid}/fd`] }).outputSync();
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}

function numberAfter(text: string, label: string): number {
  const at = text.indexOf(label);
  const match = at < 0 ? null : /^\s*(\d+)/.exec(text.slice(at + label.length));
  if (match === null) throw new Error(`no ${label.trim()} among the figures of a process`);
  return Number(match[1]);
}
