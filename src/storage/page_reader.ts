/**
 * Asks a database what the status page shows, in a thread that exists only while somebody looks.
 *
 * @module
 */
import { dirname } from "node:path";
import type { Clock, Timer } from "../capture/clock.ts";
import { confinedWorker } from "./confined_worker.ts";
import type { PageAnswer, PageQuestion } from "./page_thread.ts";

/** Options of {@linkcode PageReader}. */
export interface PageReaderOptions {
  /** Path of the database; it need not exist yet. */
  readonly path: string;
  /** The network's page worker. */
  readonly workerUrl: URL;
  /** Times the end of the thread. */
  readonly clock: Clock;
  /** Milliseconds without a question after which the thread ends. @default 60000 */
  readonly idleMs?: number;
  /** Milliseconds that an answer may take. @default 20000 */
  readonly answerMs?: number;
}

/** The database could not answer: it is not there yet, locked, or too large for the time given. */
export class PageReadError extends Error {
  /** Survives minifying. */
  override readonly name = "PageReadError";
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: PageReadError) => void;
  readonly timer: Timer;
}

/** Questions to one database. */
export class PageReader implements Disposable {
  readonly #options: PageReaderOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #idle: Timer | undefined;
  #nextId = 1;
  /** Questions that the thread has not answered yet, those that nobody waits for any more included. */
  #unanswered = 0;
  #overdue = false;
  #disposed = false;

  /** Starts nothing before the first question. */
  constructor(options: PageReaderOptions) {
    this.#options = options;
  }

  /** True while there is a thread. */
  get running(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Asks. `args` follow the reader in the thread's method. While a question is worked on that took too
   * long, no other is taken: SQLite would not stop for the end of the thread, and threads and their
   * snapshots would pile up.
   *
   * @throws {PageReadError} saying why there is no answer.
   */
  ask(method: PageQuestion["method"], args: readonly unknown[]): Promise<unknown> {
    const { clock, path } = this.#options;
    if (this.#disposed) return Promise.reject(new PageReadError("the service is ending"));
    if (this.#overdue) {
      return Promise.reject(new PageReadError("the database is busy with an earlier question"));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(
        () => {
          this.#overdue = true;
          this.#reject("the database took too long to answer");
        },
        this.#options.answerMs ?? 20_000,
      );
      this.#waiting.set(id, { resolve, reject, timer });
      try {
        this.#thread().postMessage({ id, path: realPath(path), method, args });
        this.#unanswered++;
      } catch (error) {
        clock.clearTimer(timer);
        this.#waiting.delete(id);
        reject(new PageReadError(error instanceof Error ? error.message : String(error)));
      }
      this.#startIdle();
    });
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const directory = dirname(realPath(this.#options.path));
    const worker = confinedWorker(this.#options.workerUrl, "page", directory);
    worker.onmessage = ({ data }: MessageEvent<PageAnswer>) => {
      if (--this.#unanswered === 0) this.#overdue = false;
      const waiting = this.#waiting.get(data.id);
      if (waiting === undefined) return;
      this.#waiting.delete(data.id);
      this.#options.clock.clearTimer(waiting.timer);
      if ("error" in data) waiting.reject(new PageReadError(data.error));
      else waiting.resolve(data.value);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end(event.message);
    };
    return this.#worker = worker;
  }

  #startIdle(): void {
    const { clock, idleMs = 60_000 } = this.#options;
    if (this.#idle !== undefined) clock.clearTimer(this.#idle);
    this.#idle = clock.setTimer(() => {
      this.#idle = undefined;
      if (this.#unanswered > 0) this.#startIdle();
      else this.#end("nobody asked any more");
    }, idleMs);
  }

  #end(why: string): void {
    const { clock } = this.#options;
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#unanswered = 0;
    this.#overdue = false;
    if (this.#idle !== undefined) clock.clearTimer(this.#idle);
    this.#idle = undefined;
    this.#reject(why);
  }

  #reject(why: string): void {
    const { clock } = this.#options;
    for (const { reject, timer } of this.#waiting.values()) {
      clock.clearTimer(timer);
      reject(new PageReadError(why));
    }
    this.#waiting.clear();
  }

  /** Ends the thread. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#end("the service is ending");
  }
}

/** The thread's permissions are for a directory, and a link in the way would lead out of it. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    throw new PageReadError("there is no database yet");
  }
}
