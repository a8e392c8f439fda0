import assert from "node:assert/strict";
import { type LogFields, silentLog } from "../../src/capture/log.ts";
import { StorageError } from "../../src/capture/network.ts";
import { noObserver } from "../../src/capture/observer.ts";
import { combineObservers, loggingObserver } from "../../src/observe/logging_observer.ts";
import { RateLimitedLog } from "../../src/observe/rate_limited_log.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

function setUp() {
  const lines: LogFields[] = [];
  const add = (_: string, fields: LogFields = {}) => void lines.push(fields);
  const clock = new ManualClock();
  const limited = new RateLimitedLog({ ...silentLog, warn: add, error: add }, { clock });
  return { lines, clock, limited, observer: loggingObserver(limited) };
}

Deno.test("loggingObserver() writes a line for each kind of loss, not for each message", () => {
  const { lines, limited, observer } = setUp();
  using _ = limited;
  for (let i = 0; i < 100; i++) {
    observer.received("home", 0);
    observer.dropped("meshtastic", "home", "too_large", "300000 bytes");
    observer.dropped("meshtastic", "home", "json");
    observer.storeError("meshtastic", "disk_full");
  }
  assert.deepEqual(lines, [
    { network: "meshtastic", source: "home", reason: "too_large", detail: "300000 bytes" },
    { network: "meshtastic", source: "home", reason: "json" },
    { network: "meshtastic", reason: "disk_full" },
  ]);
});

Deno.test("loggingObserver() writes what was refused, not covered or not expected", () => {
  const { lines, limited, observer } = setUp();
  using _ = limited;
  const error = new Error("x");
  observer.quarantined("meshtastic", 2);
  observer.captureGap("home", "qos0");
  observer.pipelineError("meshtastic", error);
  assert.deepEqual(lines, [
    { network: "meshtastic", messages: 2 },
    { source: "home", reason: "qos0" },
    { network: "meshtastic", error },
  ]);
});

Deno.test("loggingObserver() tells of quarantine once a minute, with all that went there since", async () => {
  const { lines, clock, limited, observer } = setUp();
  using _ = limited;
  for (const n of [1, 2, 3]) observer.quarantined("meshtastic", n);
  await clock.advance(60_000);
  assert.deepEqual(lines, [
    { network: "meshtastic", messages: 1 },
    { network: "meshtastic", messages: 5, suppressed: 1 },
  ]);
});

Deno.test("loggingObserver() tells once an hour of a job that fails in the same way", async () => {
  const { lines, clock, limited, observer } = setUp();
  using _ = limited;
  const locked = new StorageError("background job retention fails: locked", "locked", true);
  const full = new StorageError("background job retention fails: full", "disk_full", true);
  for (let minute = 0; minute < 60; minute++) {
    observer.jobFailed("meshtastic", "retention", minute === 30 ? full : locked);
    await clock.advance(60_000);
  }
  const line = { network: "meshtastic", job: "retention" };
  assert.deepEqual(lines, [
    { ...line, error: locked },
    { ...line, error: full },
    { ...line, error: locked, suppressed: 57 },
  ]);
});

Deno.test("combineObservers() tells every observer everything", () => {
  const calls: string[] = [];
  const spy = (who: string) =>
    Object.fromEntries(
      Object.keys(noObserver).map((name) => [
        name,
        (...args: unknown[]) => void calls.push(`${who} ${name} ${args.length}`),
      ]),
    ) as unknown as typeof noObserver;
  const both = combineObservers(spy("a"), spy("b"));
  both.queue("meshtastic", 1, 2);
  both.sourceUp("home", true);
  assert.deepEqual(calls, ["a queue 3", "b queue 3", "a sourceUp 2", "b sourceUp 2"]);
});
