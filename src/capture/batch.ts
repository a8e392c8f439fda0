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
import type {
  CommitContext,
  Decoded,
  Network,
  QuarantinedMessage,
  RecordLabels,
  StorageError,
} from "./network.ts";
import type { PipelineObserver } from "./observer.ts";

/** A batch on its way from decoding to its acknowledgement. */
export interface Batch<R> {
  /** All that it covers, duplicates and drops included, in the order of arrival. */
  readonly deliveries: readonly Delivery[];
  /** What is to be stored. */
  readonly records: R[];
  /** Message of each record, for quarantine. */
  readonly sources: Message[];
  /** What metrics and the live feed say of each record. */
  readonly labels: RecordLabels[];
  /** What cannot be stored as a record is kept as it came. */
  readonly quarantine: QuarantinedMessage[];
}

/**
 * Messages that are decoded without a break: one to three milliseconds of work. A batch of 2,000 at
 * once would have a request for /metrics wait for a fifth of a second.
 */
const DECODE_SLICE = 50;

/** What {@linkcode decodeBatch} works with. */
export interface BatchParts<R> {
  /** Decodes. */
  readonly network: Network<R>;
  /** Told of duplicates, drops and records. */
  readonly observer: PipelineObserver;
  /** Told when a decoder breaks its promise. */
  readonly log: Log;
}

/** Decodes what is no duplicate. Drops and duplicates are told to `observer`. */
export async function decodeBatch<R>(
  deliveries: readonly Delivery[],
  parts: BatchParts<R>,
): Promise<Batch<R>> {
  const { network, observer } = parts;
  const fresh: Message[] = [];
  for (const { duplicate, message } of deliveries) {
    if (duplicate) observer.duplicate(message.source);
    else fresh.push(message);
  }
  const prepared: Batch<R> = {
    deliveries,
    records: [],
    sources: [],
    labels: [],
    quarantine: [],
  };
  const decoded = await decodeInSlices(fresh, prepared.quarantine, parts);
  fresh.forEach((message, index) => {
    const answer = decoded[index];
    if (answer === undefined) return;
    if (answer.kind === "drop") {
      observer.dropped(network.name, message.source, answer.reason, answer.detail);
      return;
    }
    observer.decoded(network.name, answer.labels);
    prepared.records.push(answer.record);
    prepared.sources.push(message);
    prepared.labels.push(answer.labels);
  });
  return prepared;
}

/** Decodes so many at a time that whoever waits for the event loop does not wait long. */
async function decodeInSlices<R>(
  messages: readonly Message[],
  quarantine: QuarantinedMessage[],
  parts: BatchParts<R>,
): Promise<(Decoded<R> | undefined)[]> {
  if (messages.length <= DECODE_SLICE) return await decodeAll(messages, quarantine, parts);
  const answers: (Decoded<R> | undefined)[] = [];
  for (let at = 0; at < messages.length; at += DECODE_SLICE) {
    if (at > 0) await aroundEventLoop();
    const slice = messages.slice(at, at + DECODE_SLICE);
    for (const answer of await decodeAll(slice, quarantine, parts)) answers.push(answer);
  }
  return answers;
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

/** Takes the refused records out of a batch; their messages are what goes into quarantine. */
export function removeRefused<R>(prepared: Batch<R>, failure: StorageError): QuarantinedMessage[] {
  const moved: QuarantinedMessage[] = [];
  for (const { index, error } of [...failure.refused].sort((a, b) => b.index - a.index)) {
    const [message] = prepared.sources.splice(index, 1);
    prepared.records.splice(index, 1);
    prepared.labels.splice(index, 1);
    if (message !== undefined) moved.push({ message: detached(message), error });
  }
  return moved.reverse();
}

/** `message` with a payload in a buffer of its own: it is posted to the storage thread as it is. */
function detached(message: Message): Message {
  return { ...message, payload: new Uint8Array(message.payload) };
}

/** The ledger, retained digests and marks that a batch's transaction carries. */
export function contextOf(deliveries: readonly Delivery[]): Omit<CommitContext, "quarantine"> {
  const ledger = new LedgerBatch();
  const retained = new Map<string, readonly [string, string, bigint]>();
  const heardUntil = new Map<string, number>();
  for (const { message, session, digest, duplicate } of deliveries) {
    const { source, topic, messageId } = message;
    heardUntil.set(source, Math.max(message.receivedAt, heardUntil.get(source) ?? 0));
    if (duplicate) continue;
    if (messageId !== undefined) ledger.add(source, session, messageId, digest);
    if (message.retained) retained.set(`${source}\n${topic}`, [source, topic, digest]);
  }
  return { ledger: ledger.blocks(), retained: [...retained.values()], heardUntil: [...heardUntil] };
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
