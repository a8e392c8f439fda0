import assert from "node:assert/strict";
import { workerEntry } from "../../src/storage/worker_entry.ts";

Deno.test("workerEntry() names a file that exists when called from a network's folder", () => {
  const url = workerEntry(
    new URL("../../src/meshtastic/store.ts", import.meta.url).href,
    "meshtastic",
  );
  assert.ok(Deno.statSync(url).isFile);
});

Deno.test("workerEntry() names the bundle beside the bundled service", () => {
  const url = workerEntry("file:///x/bundle/service/chunk-A1B2C3D4.js", "meshtastic");
  assert.equal(url.href, "file:///x/bundle/meshtastic/store_worker.js");
});
