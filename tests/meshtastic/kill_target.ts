/** Commits batches of 300 without end, writing a byte for each; to be killed by a test. @module */
import { openMeshtasticStore } from "../../src/meshtastic/store.ts";
import { emptyContext, testEnumNames, testRecord } from "../helpers/meshtastic_records.ts";

const store = await openMeshtasticStore({
  path: Deno.args[0]!,
  enumNames: testEnumNames,
  nowMs: 0,
});
await store.loadSource("home", "c");
const batch = Array.from({ length: 300 }, () => testRecord());
const context = {
  ...emptyContext,
  ledger: [{ source: "home", session: 0, entries: new Uint8Array(3000) }],
};
const commit = () =>
  store.commit(batch, context).then(() => Deno.stdout.writeSync(new Uint8Array(1)));
let before = commit();
for (;;) {
  const next = commit();
  await before;
  before = next;
}
