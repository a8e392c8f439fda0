/** What a disk may hold after a power cut, by a trace of what was written and synced. @module */
import type { Random } from "../../src/traffic/random.ts";
import type { TracedCall } from "./trace.ts";

/** What a disk did with writes that no sync had followed yet. */
export const FATES = ["all written", "none written", "cut off", "scattered"] as const;

/** One of {@linkcode FATES}. */
export type Fate = typeof FATES[number];

/** The unit that a disk writes whole or not at all, in bytes. */
const SECTOR = 512;

/** Writes and syncs of one file, in the order of the trace. */
export class TracedFile {
  readonly #writes: readonly TracedCall[];
  readonly #syncs: readonly TracedCall[];

  constructor(calls: readonly TracedCall[], path: string) {
    const own = calls.filter(({ target }) => target === path);
    this.#writes = own.filter(({ name }) => name === "pwrite64" || name === "ftruncate")
      .sort((a, b) => a.beginsAt - b.beginsAt);
    this.#syncs = own.filter(({ name }) => name === "fsync" || name === "fdatasync");
  }

  /** How many writes no sync had followed when the power was cut at place `at` of the trace. */
  unsynced(at: number): number {
    return this.#split(at).unsynced.length;
  }

  /**
   * The file as the disk holds it when the power is cut at place `at` of the trace. What was written
   * before a sync that ended is there; of the rest, what `fate` says.
   */
  contentAt(at: number, fate: Fate, random: Random): Uint8Array {
    const { synced, unsynced } = this.#split(at);
    const image = new Image();
    for (const call of synced) image.apply(call);
    if (fate === "all written") { for (const call of unsynced) image.apply(call); }
    if (fate === "cut off" && unsynced.length > 0) {
      const whole = random.between(0, unsynced.length - 1);
      for (const call of unsynced.slice(0, whole)) image.apply(call);
      // The last one is torn at any byte.
      const torn = unsynced[whole]!;
      if (torn.name === "pwrite64") {
        image.write(torn.last, torn.data.subarray(0, random.between(0, torn.data.length)));
      }
    }
    if (fate === "scattered") {
      for (const call of unsynced) {
        if (call.name === "ftruncate") {
          if (random.chance(0.5)) image.apply(call);
          continue;
        }
        for (let done = 0; done < call.data.length;) {
          const end = Math.min(call.data.length, SECTOR - (call.last + done) % SECTOR + done);
          if (random.chance(0.5)) image.write(call.last + done, call.data.subarray(done, end));
          done = end;
        }
      }
    }
    return image.bytes();
  }

  #split(at: number): { synced: TracedCall[]; unsynced: TracedCall[] } {
    const begun = this.#writes.filter(({ beginsAt }) => beginsAt <= at);
    const sync = this.#syncs.findLast(({ endsAt }) => endsAt <= at)?.beginsAt ?? -1;
    const synced = begun.filter(({ endsAt }) => endsAt < sync);
    return { synced, unsynced: begun.slice(synced.length) };
  }
}

/** A file in memory. */
class Image {
  #buffer = new Uint8Array(1 << 20);
  #length = 0;

  apply(call: TracedCall): void {
    if (call.name === "ftruncate") this.#resize(call.last);
    else this.write(call.last, call.data);
  }

  write(offset: number, data: Uint8Array): void {
    if (offset + data.length > this.#length) this.#resize(offset + data.length);
    this.#buffer.set(data, offset);
  }

  bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #resize(length: number): void {
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    if (length < this.#length) this.#buffer.fill(0, length, this.#length);
    this.#length = length;
  }
}
