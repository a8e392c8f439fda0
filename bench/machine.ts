/** What the measurements run on, as far as the system tells. @module */
import type { Machine } from "./results.ts";

/** Reads it with `cat` and `mosquitto` (Linux). */
export function thisMachine(): Machine {
  const cpu = /^model name\s*:\s*(.+)$/m.exec(output("cat", "/proc/cpuinfo"))?.[1] ?? "unknown";
  return {
    cpu,
    cores: navigator.hardwareConcurrency,
    fileSystem: fileSystemOf(Deno.cwd(), output("cat", "/proc/mounts")),
    deno: Deno.version.deno,
    mosquitto: /version (\S+)/.exec(output("mosquitto", "-h"))?.[1] ?? "unknown",
  };
}

/** Load average of the last minute. */
export function loadAverage(): number {
  return Number(output("cat", "/proc/loadavg").split(" ")[0]);
}

/** Type of the file system that `path` lies on, by the lines of /proc/mounts. */
export function fileSystemOf(path: string, mounts: string): string {
  const found = mounts.split("\n").map((line) => line.split(" "))
    .filter(([, at = "-"]) => path === at || path.startsWith(at.endsWith("/") ? at : `${at}/`))
    .sort(([, a], [, b]) => a!.length - b!.length);
  return found.at(-1)?.[2] ?? "unknown";
}

function output(command: string, ...args: string[]): string {
  const { stdout } = new Deno.Command(command, { args, stderr: "null" }).outputSync();
  return new TextDecoder().decode(stdout);
}
