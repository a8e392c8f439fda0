/**
 * Appends messages to a recording, a batch at a time.
 *
 * @module
 */
import type { Message } from "../capture/message.ts";
import { StorageError } from "../capture/network.ts";
import { WriterLock } from "../storage/writer_lock.ts";
import { type FileKind, fileKind } from "./file_kind.ts";
import { formatLine } from "./jsonl_line.ts";

/** A recording could not be written. `cause` is what the system said. */
export class RecordingWriteError extends Error {
  /** Survives minifying, so that logs can name it. */
  override readonly name = "RecordingWriteError";
}

/**
 * Writes the recording format to a file. A batch is written whole or, as far as the file system
 * allows, not at all; batches keep the order of the calls. What {@linkcode JsonlWriter.sync} has
 * returned for survives a power cut. A second writer of the same file is refused: each writes where
 * it knows the end, so that they would write over each other's lines.
 *
 * @example
 * ```ts
 * await using writer = new JsonlWriter("traffic.jsonl");
 * await writer.start();
 * await writer.append(batch);
 * ```
 */
export class JsonlWriter implements AsyncDisposable {
  /** Path of the file. */
  readonly path: string;
  #file: Deno.FsFile | undefined;
  #lock: WriterLock | undefined;
  #length = 0;
  #tail: Promise<unknown> = Promise.resolve();

  /** Opens nothing before `start()`. */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens the file, creating it where it is missing; what it holds stays. A last line that was cut
   * off (a crash while recording) is ended first, so that it spoils no line but itself.
   *
   * @throws {RecordingWriteError} when the file cannot be opened, holds something that is no
   * recording, or another writer has it.
   */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#file !== undefined) return;
      try {
        const file = await Deno.open(this.path, { read: true, write: true, create: true });
        this.#file = file;
        // Before anything is made: what would be locked beside a database is the database itself.
        refuseStrangers(this.path, await fileKind(file));
        this.#lock = await takeLock(this.path);
        this.#length = await file.seek(0, Deno.SeekMode.End);
        if (this.#length === 0) return;
        const last = new Uint8Array(1);
        await file.seek(-1, Deno.SeekMode.End);
        await file.read(last);
        if (last[0] !== 0x0a) await this.#write(new Uint8Array([0x0a]));
      } catch (cause) {
        this.#file?.close();
        this.#file = undefined;
        this.#unlock();
        if (cause instanceof RecordingWriteError) throw cause;
        throw new RecordingWriteError(`cannot open ${this.path} for recording`, { cause });
      }
    });
  }

  /**
   * Writes the lines of `batch`.
   *
   * @throws {RecordingWriteError} when they could not be written; the file is then cut back to
   * where it was, so that the batch may be tried again.
   */
  append(batch: readonly Message[]): Promise<void> {
    return this.#inTurn(async () => {
      this.#opened();
      if (batch.length === 0) return;
      try {
        await this.#write(new TextEncoder().encode(batch.map(formatLine).join("")));
      } catch (cause) {
        throw new RecordingWriteError(`cannot write to ${this.path}`, { cause });
      }
    });
  }

  /** Bytes in the file as far as this writer knows. */
  get length(): number {
    return this.#length;
  }

  /** Returns when all that was appended is on the disk. @throws {RecordingWriteError} */
  sync(): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await this.#opened().sync();
      } catch (cause) {
        throw new RecordingWriteError(`cannot bring ${this.path} to the disk`, { cause });
      }
    });
  }

  /** Finishes what was begun, brings it to the disk and closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(async () => {
      const file = this.#file;
      this.#file = undefined;
      if (file === undefined) return;
      try {
        await file.sync();
      } catch (cause) {
        throw new RecordingWriteError(`cannot bring ${this.path} to the disk`, { cause });
      } finally {
        file.close();
        this.#unlock();
      }
    });
  }

  #opened(): Deno.FsFile {
    if (this.#file === undefined) throw new RecordingWriteError(`${this.path} is not open`);
    return this.#file;
  }

  #unlock(): void {
    this.#lock?.[Symbol.dispose]();
    this.#lock = undefined;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const file = this.#opened();
    try {
      await file.seek(this.#length, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    } catch (error) {
      // Half a batch would be written twice by a caller that tries again.
      await file.truncate(this.#length).catch(() => {});
      throw error;
    }
    this.#length += bytes.length;
  }

  /** Runs `task` after all that was asked for before, whether that went well or not. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#tail.then(task, task);
    this.#tail = run.catch(() => {});
    return run;
  }
}

const STRANGERS: Readonly<Partial<Record<FileKind, string>>> = {
  database: "it is a database",
  gzip: "it is compressed",
  other: "it is no recording",
};

/** Lines at the end of another kind of file are lost, and may be the end of that file, too. */
function refuseStrangers(path: string, kind: FileKind): void {
  const what = STRANGERS[kind];
  if (what === undefined) return;
  throw new RecordingWriteError(`${path} is left as it is, for ${what}: name another file`);
}

/** The lock of the file that `path` leads to, so that a link to it is no way around. */
async function takeLock(path: string): Promise<WriterLock> {
  const real = await Deno.realPath(path);
  try {
    return WriterLock.acquire(real);
  } catch (cause) {
    if (cause instanceof StorageError && cause.reason === "in_use") {
      throw new RecordingWriteError(
        `${path} is being written by another recording: end that one first, or give this one another file`,
      );
    }
    const lock = WriterLock.pathFor(real);
    throw new RecordingWriteError(`${path} cannot be locked by ${lock}`, { cause });
  }
}
