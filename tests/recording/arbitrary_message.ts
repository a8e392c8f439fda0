/** Any message that a recording can hold. @module */
import fc from "fast-check";
import type { Message } from "../../src/capture/message.ts";

/** Times to the year 2100 with microseconds, any payload, any topic that is not empty. */
export const arbitraryMessage: fc.Arbitrary<Message> = fc.record({
  source: fc.string({ minLength: 1 }),
  topic: fc.string({ minLength: 1, unit: "binary" }),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)),
  receivedAt: fc.oneof(
    fc.integer({ min: 0, max: 4_102_444_800_000_000 }),
    fc.integer({ min: 1_700_000_000_000_000, max: 1_900_000_000_000_000 }),
  ).map((microseconds) => microseconds / 1e3),
  qos: fc.constantFrom(0 as const, 1 as const),
  retained: fc.boolean(),
  redelivered: fc.constant(false),
}, { noNullPrototype: true });
