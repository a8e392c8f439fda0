/**
 * Writes the statistics file that CoreScope's server reads, every second.
 *
 * ```ts
 * await using file = new StatsFile({ path, mode: 0o600, clock, log, snapshot });
 * file.start();
 * ```
 *
 * @module
 */
import type { Clock, Timer } from "../capture/clock.ts";
import type { Log } from "../capture/log.ts";
import { type IngestorStats, ingestorStatsJson } from "./ingestor_stats.ts";

/** What a {@linkcode StatsFile} works with. */
export interface StatsFileOptions {
  /** Path of the file, the one that the server is told too. */
  readonly path: string;
  /** Permissions of the file. Default 0o600. */
  readonly mode?: number;
  /** Milliseconds between two writes; the server takes the file for dead after 5 s. Default 1000. */
  readonly intervalMs?: number;
  /** Times the writes and dates the figures. */
  readonly clock: Clock;
  /** Told once when writing fails, and once when it works again. */
  readonly log: Log;
  /** What is known now; must not throw. */
  readonly snapshot: () => IngestorStats;
}

/** Files of our making that are older than this were left behind by a process that was killed. */
const LEFTOVER_MS = 60_000;

/** The permissions that a setting such as `0640` stands for. */
export function parseFileMode(text: string): number {
  return parseInt(text, 8);
}

/** The file, from start to end. It never stops the capture: what fails is a warning, once. */
export class StatsFile implements AsyncDisposable {
  readonly #options: StatsFileOptions;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #stopped = false;
  #failing = false;

  /** Touches nothing before {@linkcode start}. */
  constructor(options: StatsFileOptions) {
    this.#options = options;
  }

  /** Begins to write, at once and then again and again. */
  start(): void {
    if (this.#writing !== undefined) return;
    this.#writing = removeLeftovers(this.#options).then(() => this.#write());
  }

  /** Ends after the write that is under way. The file stays, and grows stale. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimer(this.#timer);
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { path, mode = 0o600, intervalMs = 1000, clock, log, snapshot } = this.#options;
    if (this.#stopped) return;
    try {
      await replaceFile(path, ingestorStatsJson(snapshot(), clock.now()), mode);
      if (this.#failing) log.info("the statistics file is written again", { path });
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log.warn("the statistics file cannot be written", { path, error });
      this.#failing = true;
    }
    if (this.#stopped) return;
    this.#timer = clock.setTimer(() => this.#writing = this.#write(), intervalMs);
  }
}

/**
 * Puts a file with `text` in the place of whatever is at `path`, in one step. The text goes into a new
 * file of a random name that nobody could have prepared; so a symbolic link that waits at `path` (the
 * usual place is `/tmp`) is replaced and never followed, and a reader never sees half a file.
 *
 * @throws what the file system says.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const name = `${path}.${crypto.randomUUID()}.tmp`;
  const file = await Deno.open(name, { write: true, createNew: true, mode: 0o600 });
  try {
    try {
      await writeAll(file, new TextEncoder().encode(text));
    } finally {
      file.close();
    }
    // Not at the opening, where the process's umask would have a say.
    if (mode !== 0o600 && Deno.build.os !== "windows") await Deno.chmod(name, mode);
    await Deno.rename(name, path);
  } catch (error) {
    await Deno.remove(name).catch(() => {});
    throw error;
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** Removes what a process that was killed in the middle of {@linkcode replaceFile} left behind. */
async function removeLeftovers({ path, clock }: StatsFileOptions): Promise<void> {
  const slash = path.lastIndexOf("/");
  const folder = slash < 0 ? "." : path.slice(0, slash + 1);
  const base = path.slice(slash + 1);
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      const ours = isFile && name.startsWith(`${base}.`) && /\.[0-9a-f-]{36}\.tmp$/.test(name);
      if (!ours) continue;
      const file = slash < 0 ? name : folder + name;
      const { mtime } = await Deno.lstat(file);
      if (mtime !== null && clock.now() - mtime.getTime() > LEFTOVER_MS) await Deno.remove(file);
    }
  } catch {
    // A folder that cannot be read or a file of somebody else: no harm in leaving it.
  }
}
