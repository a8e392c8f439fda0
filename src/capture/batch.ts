/**
 * One batch of the pipeline: decoding it, what its transaction carries beside the records, and
 * telling its brokers.
 *
 * @module
 */
import { aroundEventLoop } from "./event_loop.ts";
import { LedgerBatch } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { Acknowledger, Delivery, Message } from "./message.ts";
import {
  type CommitContext,
  type Decoded,
  type Network,
  type QuarantinedMessage,
  type RecordBatch,
  type RecordLabels,
  recordsLeftOut,
  type StorageError,
} from "./network.ts";
import type { PipelineObserver } from "./observer.ts";

/** A record for those who watch what is committed. */
export interface WatchedRecord<R> {
  /** What was decoded. */
  readonly record: R;
  /** What metrics and the live feed say of it. */
  readonly labels: RecordLabels;
}

/** A batch on its way from decoding to its acknowledgement. */
export interface Batch<R, B extends RecordBatch<R> = RecordBatch<R>> {
  /** All that it covers, duplicates and drops included, in the order of arrival. */
  readonly deliveries: readonly Delivery[];
  /** What is to be stored. */
  readonly records: B;
  /** Message of each record, for quarantine. */
  readonly sources: Message[];
  /** Of each record, whether it tells more than why its message could not be read. */
  readonly readable: boolean[];
  /** The records themselves, where somebody watches. */
  readonly watched: WatchedRecord<R>[] | undefined;
  /** What cannot be stored as a record is kept as it came. */
  readonly quarantine: QuarantinedMessage[];
  /** What its transaction carries beside the records. */
  readonly context: Omit<CommitContext, "quarantine">;
}

/**
 * Messages that are seen to without a break: one to three milliseconds of work. A batch of 2,000 at
 * once would have a request for /metrics wait for a fifth of a second.
 */
const SLICE = 50;

/** What {@linkcode decodeBatch} works with. */
export interface BatchParts<R> {
  /** Decodes. */
  readonly network: Network<R>;
  /** Whether the records themselves are to be kept. */
  readonly watcher?: { readonly wanted: boolean };
  /** Told of duplicates, drops and records. */
  readonly observer: PipelineObserver;
  /** Told when a decoder breaks its promise. */
  readonly log: Log;
}

/**
 * Decodes what is no duplicate, so many at a time that whoever waits for the event loop does not wait
 * long, and adds what is to be stored to `records`, which has room for all of it. Drops and
 * duplicates are told to `observer`.
 */
export async function decodeBatch<R, B extends RecordBatch<R>>(
  deliveries: readonly Delivery[],
  records: B,
  parts: BatchParts<R>,
): Promise<Batch<R, B>> {
  const prepared = {
    records,
    sources: [],
    readable: [],
    watched: parts.watcher?.wanted ? [] : undefined,
    quarantine: [],
  };
  const context = new ContextBuilder();
  for (let at = 0; at < deliveries.length; at += SLICE) {
    if (at > 0) await aroundEventLoop();
    const slice = deliveries.slice(at, at + SLICE);
    for (const delivery of slice) context.add(delivery);
    await decodeSlice(slice, prepared, parts);
  }
  return { deliveries, ...prepared, context: context.finish() };
}

/** Decodes `slice` and adds to `batch` what is to be stored of it. */
async function decodeSlice<R, B extends RecordBatch<R>>(
  slice: readonly Delivery[],
  batch: Omit<Batch<R, B>, "deliveries" | "context">,
  parts: BatchParts<R>,
): Promise<void> {
  const { network, observer, log } = parts;
  const fresh: Message[] = [];
  for (const { duplicate, message } of slice) {
    if (duplicate) observer.duplicate(message.source);
    else fresh.push(message);
  }
  if (fresh.length === 0) return;
  const decoded = await decodeAll(fresh, batch.quarantine, parts);
  fresh.forEach((message, index) => {
    const answer = decoded[index];
    if (answer === undefined) return;
    if (answer.kind === "drop") {
      observer.dropped(network.name, message.source, answer.reason, answer.detail);
      return;
    }
    const { record, labels } = answer;
    try {
      batch.records.add(record);
    } catch (error) {
      log.error("a record could not be packed; its message goes into capture_quarantine", {
        error: String(error),
      });
      batch.quarantine.push({ message: detached(message), error: String(error) });
      return;
    }
    observer.decoded(network.name, labels);
    batch.sources.push(message);
    batch.readable.push(labels.readable);
    batch.watched?.push({ record, labels });
  });
}

/**
 * A decoder promises never to reject. Should one break that promise, the messages are decoded one
 * by one, and what still fails goes into quarantine instead of being lost.
 */
async function decodeAll<R>(
  messages: readonly Message[],
  quarantine: QuarantinedMessage[],
  { network, log }: BatchParts<R>,
): Promise<(Decoded<R> | undefined)[]> {
  try {
    return complete(await network.decode(messages), messages.length);
  } catch (error) {
    log.error("the decoder failed; decoding one by one", { error: String(error) });
  }
  const answers: (Decoded<R> | undefined)[] = [];
  for (const message of messages) {
    try {
      answers.push(complete(await network.decode([message]), 1)[0]);
    } catch (error) {
      answers.push(undefined);
      quarantine.push({ message: detached(message), error: String(error) });
    }
  }
  return answers;
}

/**
 * Puts the messages of refused records into quarantine, which leaves the records out. Returns how many
 * there were: after 0 the next commit would be refused as this one was.
 */
export function quarantineRefused<R>(
  { sources, quarantine }: Batch<R>,
  { refused }: StorageError,
): number {
  const known = recordsLeftOut(quarantine);
  const before = quarantine.length;
  for (const { index, error } of refused) {
    const message = sources[index];
    if (message === undefined || known.has(index)) continue;
    quarantine.push({ message: detached(message), error, record: index });
  }
  return quarantine.length - before;
}

/** `message` with a payload in a buffer of its own: it is posted to the storage thread as it is. */
function detached(message: Message): Message {
  return { ...message, payload: new Uint8Array(message.payload) };
}

/** Collects the ledger, retained digests and marks that a batch's transaction carries. */
class ContextBuilder {
  readonly #ledger = new LedgerBatch();
  readonly #retained = new Map<string, readonly [string, string, bigint]>();
  readonly #heardUntil = new Map<string, number>();

  add({ message, session, digest, duplicate }: Delivery): void {
    const { source, topic, messageId, receivedAt } = message;
    this.#heardUntil.set(source, Math.max(receivedAt, this.#heardUntil.get(source) ?? 0));
    if (duplicate) return;
    if (messageId !== undefined) this.#ledger.add(source, session, messageId, digest);
    if (message.retained) this.#retained.set(`${source}\n${topic}`, [source, topic, digest]);
  }

  finish(): Omit<CommitContext, "quarantine"> {
    return {
      ledger: this.#ledger.blocks(),
      retained: [...this.#retained.values()],
      heardUntil: [...this.#heardUntil],
    };
  }
}

/** Tells each connection which of its messages are safe. */
export function acknowledge(deliveries: readonly Delivery[]): void {
  const byConnection = new Map<Acknowledger, number[]>();
  for (const { acknowledger, message } of deliveries) {
    if (acknowledger === undefined || message.messageId === undefined) continue;
    const ids = byConnection.get(acknowledger);
    if (ids === undefined) byConnection.set(acknowledger, [message.messageId]);
    else ids.push(message.messageId);
  }
  for (const [acknowledger, ids] of byConnection) acknowledger.acknowledge(ids);
}

/** @throws {TypeError} when a decoder did not answer for every message. */
function complete<T>(answers: readonly T[], expected: number): T[] {
  if (answers.length === expected) return [...answers];
  throw new TypeError(`the decoder gave ${answers.length} answers for ${expected} messages`);
}
