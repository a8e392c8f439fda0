/**
 * Says in the log what the pipelines and sources tell, as far as a person should read it: what is
 * lost, refused or not covered. All of it is rate limited, for a broken broker or a full disk tells
 * the same thing thousands of times.
 *
 * @module
 */
import type { NetworkName } from "../capture/message.ts";
import type { GapReason, StorageError, StorageReason } from "../capture/network.ts";
import { noObserver, type PipelineObserver, type SourceObserver } from "../capture/observer.ts";
import type { RateLimitedLog } from "./rate_limited_log.ts";

/** Watches the pipelines and the sources. */
export type Observer = PipelineObserver & SourceObserver;

/** Milliseconds between two lines of a job that fails in the same way: it may do so for months. */
const JOB_MS = 3_600_000;

/** An observer that writes to `log`. `ordinary`: drops that are no reason to warn. */
export function loggingObserver(
  log: RateLimitedLog,
  ordinary: ReadonlySet<string> = new Set(),
): Observer {
  return {
    ...noObserver,
    dropped(network: NetworkName, source: string, reason: string, detail?: string): void {
      const level = ordinary.has(reason) ? "info" : "warn";
      log[level](`dropped ${network} ${reason}`, "message dropped", {
        network,
        source,
        reason,
        ...(detail === undefined ? {} : { detail }),
      });
    },
    storeError(network: NetworkName, reason: StorageReason): void {
      log.error(`store ${network} ${reason}`, "the database did not take a batch", {
        network,
        reason,
      });
    },
    quarantined(network: NetworkName, n: number): void {
      const fields = { network, messages: n };
      log.warn(
        `quarantined ${network}`,
        "messages could not be stored as rows; they are in capture_quarantine",
        fields,
        { summed: ["messages"] },
      );
    },
    jobFailed(network: NetworkName, job: string, error: StorageError): void {
      log.warn(
        `job ${network} ${job} ${error.message}`,
        "a background job failed; it is tried again",
        { network, job, error },
        { intervalMs: JOB_MS },
      );
    },
    pipelineError(network: NetworkName, error: unknown): void {
      log.error(`pipeline ${network}`, "unexpected failure in the pipeline", { network, error });
    },
    captureGap(source: string, reason: GapReason): void {
      log.warn(`gap ${source} ${reason}`, "a stretch of time was not covered", { source, reason });
    },
  };
}

/** An observer that tells each of `observers`, in order; those that ignore a call are not called. */
export function combineObservers(...observers: readonly Observer[]): Observer {
  const combined: Record<string, Method> = {};
  for (const name of Object.keys(noObserver) as (keyof Observer)[]) {
    const methods = observers.filter((observer) => observer[name] !== noObserver[name])
      .map((observer) => (observer[name] as Method).bind(observer));
    combined[name] = methods.length === 1 && methods[0] !== undefined
      ? methods[0]
      : (...args) => methods.forEach((method) => method(...args));
  }
  return combined as unknown as Observer;
}

type Method = (...args: unknown[]) => void;
