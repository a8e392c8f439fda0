import assert from "node:assert/strict";
import fc from "fast-check";
import { LedgerBatch, ledgerEntries, SourceLedger } from "../../src/capture/ledger.ts";

const EMPTY = { session: 1, entries: new Uint8Array(0) };

function storeThatNotes() {
  const begun: [string, number][] = [];
  return {
    begun,
    beginSession(source: string, session: number) {
      begun.push([source, session]);
      return Promise.resolve();
    },
  };
}

Deno.test("SourceLedger.admit() calls a redelivery a duplicate when DUP, id and digest match", () => {
  const ledger = new SourceLedger("s", EMPTY, storeThatNotes());
  assert.equal(ledger.admit(7, 100n, false), false);
  assert.equal(ledger.admit(7, 100n, true), true);
});

Deno.test("SourceLedger.admit() takes the same content under a new delivery for a new message", () => {
  const ledger = new SourceLedger("s", EMPTY, storeThatNotes());
  ledger.admit(7, 100n, false);
  assert.equal(ledger.admit(8, 100n, false), false, "another id");
  assert.equal(ledger.admit(7, 100n, false), false, "the same id, reused without DUP");
  assert.equal(ledger.admit(8, 200n, true), false, "DUP, but another content");
  assert.equal(ledger.admit(9, 300n, true), false, "DUP of something never seen");
});

Deno.test("SourceLedger.admit() knows the entries of an earlier run", () => {
  const batch = new LedgerBatch();
  batch.add("s", 4, 65_535, 2n ** 64n - 1n);
  const [block] = batch.blocks();
  const ledger = new SourceLedger("s", { session: 4, entries: block!.entries }, storeThatNotes());
  assert.equal(ledger.session, 4);
  assert.equal(ledger.admit(65_535, 2n ** 64n - 1n, true), true);
});

Deno.test("SourceLedger.connected() empties the ledger when the broker has no session", async () => {
  const store = storeThatNotes();
  const ledger = new SourceLedger("s", EMPTY, store);
  ledger.admit(7, 100n, false);
  await ledger.connected(false);
  assert.deepEqual(store.begun, [["s", 2]]);
  assert.equal(ledger.session, 2);
  assert.equal(ledger.admit(7, 100n, true), false);
});

Deno.test("SourceLedger.connected() believes no session of the broker's that the store could not begin", async () => {
  const store = storeThatNotes();
  let locked = true;
  const ledger = new SourceLedger("s", EMPTY, {
    beginSession: (source, session) =>
      locked ? Promise.reject(new Error("locked")) : store.beginSession(source, session),
  });
  ledger.admit(1, 100n, false);
  await assert.rejects(ledger.connected(false), /locked/);
  await assert.rejects(ledger.connected(true), /locked/, "the broker made it at the first attempt");
  locked = false;
  assert.equal(await ledger.connected(true), false);
  assert.deepEqual(store.begun, [["s", 2]]);
  assert.equal(ledger.admit(1, 100n, false), false, "of the new session");
  assert.equal(await ledger.connected(true), true);
  assert.deepEqual(store.begun, [["s", 2]]);
});

Deno.test("SourceLedger.connected() trusts id and digest without DUP until the first that differs", async () => {
  const ledger = new SourceLedger("s", EMPTY, storeThatNotes());
  ledger.admit(1, 10n, false);
  ledger.admit(2, 20n, false);
  ledger.admit(3, 30n, false);
  await ledger.connected(true);
  assert.equal(ledger.admit(1, 10n, false), true);
  assert.equal(ledger.admit(2, 20n, false), true);
  assert.equal(ledger.admit(4, 40n, false), false, "the first that differs");
  assert.equal(ledger.admit(3, 30n, false), false, "from here on DUP is needed");
});

/** A ledger that has seen ids `ids` in order, each with ten times the id as digest. */
function ledgerAfter(ids: readonly number[]) {
  const resumed: boolean[] = [];
  const batch = new LedgerBatch();
  for (const id of ids) batch.add("s", 1, id, BigInt(id) * 10n);
  const entries = batch.blocks()[0]?.entries ?? EMPTY.entries;
  const ledger = new SourceLedger("s", { session: 1, entries }, storeThatNotes(), {
    onResumed: (wentBack) => resumed.push(wentBack),
  });
  return { ledger, resumed };
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

Deno.test("SourceLedger tells that the broker went back when an id does, after a reconnect", async () => {
  const { ledger, resumed } = ledgerAfter(upTo(30));
  await ledger.connected(true);
  assert.equal(ledger.admit(25, 1n, false), false, "the id again, with another content");
  assert.equal(ledger.admit(26, 2n, false), false);
  assert.deepEqual(resumed, [true], "told once");
});

Deno.test("SourceLedger tells of every time that the broker went back, with few messages in between", async () => {
  const { ledger, resumed } = ledgerAfter(upTo(30));
  for (let round = 1; round <= 5; round++) {
    await ledger.connected(true);
    for (let id = 20; id <= 30; id++) ledger.admit(id, BigInt(id + round * 1000), false);
  }
  assert.deepEqual(resumed, [true, true, true, true, true]);
});

Deno.test("SourceLedger tells that the broker went back when it delivers as new what was stored", async () => {
  const { ledger, resumed } = ledgerAfter(upTo(3));
  await ledger.connected(true);
  assert.equal(ledger.admit(2, 20n, false), true);
  assert.deepEqual(resumed, [true]);
});

Deno.test("SourceLedger tells that the broker goes on when ids do, over 65,535 too", async () => {
  const all = upTo(65_535);
  const { ledger, resumed } = ledgerAfter([...all.slice(40_000), ...all.slice(0, 20)]);
  await ledger.connected(true);
  ledger.admit(20, 200n, true);
  assert.deepEqual(resumed, [], "a redelivery tells nothing");
  ledger.admit(21, 1n, false);
  ledger.admit(1, 2n, false);
  assert.deepEqual(resumed, [false]);
  const wrapped = ledgerAfter(all.slice(60_000));
  await wrapped.ledger.connected(true);
  wrapped.ledger.admit(1, 1n, false);
  assert.deepEqual(wrapped.resumed, [false]);
});

Deno.test("SourceLedger believes no step back of a broker that takes any free id", async () => {
  const ids = Array.from({ length: 100 }, (_, i) => i % 10 + 1);
  const { ledger, resumed } = ledgerAfter(ids);
  await ledger.connected(true);
  ledger.admit(1, 1n, false);
  assert.deepEqual(resumed, [false]);
  const few = ledgerAfter([1, 2, 3]);
  await few.ledger.connected(true);
  few.ledger.admit(1, 1n, false);
  assert.deepEqual(few.resumed, [false], "three messages prove nothing");
});

Deno.test("SourceLedger tells nothing of a new session", async () => {
  const { ledger, resumed } = ledgerAfter(upTo(30));
  await ledger.connected(false);
  ledger.admit(1, 1n, false);
  assert.deepEqual(resumed, []);
});

Deno.test("LedgerBatch.blocks() is read back by ledgerEntries(), whatever the entries", () => {
  fc.assert(fc.property(
    fc.array(
      fc.tuple(fc.integer({ min: 1, max: 65_535 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    ),
    (pairs) => {
      const batch = new LedgerBatch();
      for (const [id, digest] of pairs) batch.add("s", 1, id, digest);
      const read = batch.blocks().flatMap((block) => [...ledgerEntries(block.entries)]);
      assert.deepEqual(read, pairs);
    },
  ));
});

Deno.test("LedgerBatch.blocks() keeps sources and sessions apart", () => {
  const batch = new LedgerBatch();
  batch.add("a", 1, 1, 1n);
  batch.add("b", 1, 1, 1n);
  batch.add("a", 2, 1, 1n);
  batch.add("a", 1, 2, 2n);
  assert.deepEqual(
    batch.blocks().map((b) => [b.source, b.session, b.entries.length]),
    [["a", 1, 20], ["b", 1, 10], ["a", 2, 10]],
  );
});
