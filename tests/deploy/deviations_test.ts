/** docs/deviations.md answers for each fault of CoreScope's ingestor by a test that there is. */
import assert from "node:assert/strict";
import { fromFileUrl } from "../helpers/paths.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));
const PAGE = Deno.readTextFileSync(`${TOP}docs/deviations.md`);
const ROWS = [...PAGE.matchAll(/^\| G(\d+) [^|]*\| ([^|]*) \| ([^|]*) \|$/gm)];

Deno.test("docs/deviations.md has a line for each fault, G1 to G26", () => {
  assert.deepEqual(
    ROWS.map(([, number]) => Number(number)),
    Array.from({ length: 26 }, (_, i) => i + 1),
  );
});

Deno.test("docs/deviations.md names tests that there are, or says why there is none", () => {
  for (const [, number, here, test] of ROWS) {
    const named = /^(tests\/[\w/]+\.ts): "(.*)"$/.exec(test!);
    if (named === null) {
      assert.equal(test, "", `G${number}`);
      assert.match(here!, /^not ours to have: /, `G${number}`);
      continue;
    }
    const source = Deno.readTextFileSync(TOP + named[1]);
    assert.ok(source.includes(`"${named[2]}"`), `G${number}: ${test}`);
  }
});
