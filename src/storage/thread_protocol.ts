/**
 * What crosses between a {@linkcode ThreadStore} and its storage thread.
 *
 * @module
 */
import { type LongStep, StorageError, type StorageReason } from "../capture/network.ts";

/** A call of the main side. */
export interface ThreadCall {
  /** Number of the call; its answer bears it. */
  readonly id: number;
  /** Name of the method. */
  readonly method: string;
  /** Its arguments, cloned, or shared where they lie in shared memory. */
  readonly args: readonly unknown[];
}

/** What the thread says: the answer to a call, or something that happened by itself. */
export type ThreadMessage =
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly error: ErrorParts }
  | { readonly kind: "job_failed"; readonly job: string; readonly error: ErrorParts }
  | { readonly kind: "job_done"; readonly job: string }
  | { readonly kind: "long_step"; readonly step: LongStep | undefined };

/** A {@linkcode StorageError} taken apart: structured clone would lose its fields. */
export interface ErrorParts {
  /** Words for a person. */
  readonly message: string;
  /** Label from the closed set. */
  readonly reason: StorageReason;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Records that the database refused for themselves. */
  readonly refused: readonly { readonly index: number; readonly error: string }[];
  /** What lies behind it, as text. */
  readonly cause?: string;
}

/** Takes an error apart. */
export function errorParts(error: StorageError): ErrorParts {
  const { message, reason, retryable, refused, cause } = error;
  return {
    message,
    reason,
    retryable,
    refused,
    ...(cause === undefined ? {} : { cause: String(cause) }),
  };
}

/** Puts it together again. */
export function errorOf(parts: ErrorParts): StorageError {
  const options = parts.cause === undefined ? {} : { cause: parts.cause };
  return new StorageError(parts.message, parts.reason, parts.retryable, options, parts.refused);
}
