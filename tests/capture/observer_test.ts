import assert from "node:assert/strict";
import { noObserver } from "../../src/capture/observer.ts";

Deno.test("noObserver takes every call and does nothing", () => {
  for (const method of Object.values(noObserver)) {
    assert.equal((method as () => unknown)(), undefined);
  }
});
