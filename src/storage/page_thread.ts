/// <reference lib="deno.worker" />
/**
 * The thread's side of {@linkcode PageReader}: answers the status page's questions on a connection
 * that only reads. A question over a large file takes seconds, and neither capture nor the storage
 * thread may wait for it.
 *
 * @module
 */
import { Reader } from "./reader.ts";
import { readSamples } from "./sample_history.ts";

/** What a network answers of its own tables. Rows are bounded by `limit`. */
export interface PageQueries {
  /** Nodes, those heard last first. */
  nodes(reader: Reader, limit: number): unknown;
  /** How many nodes there are. */
  countNodes(reader: Reader): number;
  /** Packets, newest first; `filter` is a `FeedFilter`. */
  recent(reader: Reader, filter: unknown, limit: number): unknown;
}

/** One question. */
export interface PageQuestion {
  /** Comes back with the answer. */
  readonly id: number;
  /** Path of the database. */
  readonly path: string;
  /** What is asked for. */
  readonly method: "nodes" | "recent" | "history";
  /** Arguments of the method after the reader. */
  readonly args: readonly unknown[];
}

/** Its answer, or why there is none. */
export type PageAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** Serves questions that come to this worker, one after another. */
export function servePage(queries: PageQueries): void {
  const worker = self as unknown as {
    onmessage: ((event: MessageEvent<PageQuestion>) => void) | null;
    postMessage(message: PageAnswer): void;
  };
  let open: { readonly path: string; readonly reader: Reader } | undefined;

  const answer = ({ path, method, args }: PageQuestion): unknown => {
    if (open?.path !== path) {
      open?.reader[Symbol.dispose]();
      open = undefined;
      open = { path, reader: new Reader(path) };
    }
    const { reader } = open;
    if (method === "history") {
      return readSamples(reader, Number(args[0]), Number(args[1]), Number(args[2]));
    }
    if (method === "nodes") {
      return {
        nodes: queries.nodes(reader, Number(args[0])),
        total: queries.countNodes(reader),
      };
    }
    return queries.recent(reader, args[0], Number(args[1]));
  };

  worker.onmessage = ({ data }) => {
    try {
      worker.postMessage({ id: data.id, value: answer(data) });
    } catch (error) {
      // The file may have been replaced: the next question opens it anew.
      open?.reader[Symbol.dispose]();
      open = undefined;
      const text = error instanceof Error ? error.message : String(error);
      worker.postMessage({ id: data.id, error: text });
    }
  };
}
