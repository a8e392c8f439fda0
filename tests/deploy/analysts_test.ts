/** Every query of docs/analysts.md runs on recorded traffic, and finds something. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { main } from "../../src/cli/main.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";
import { fromFileUrl } from "../helpers/paths.ts";
import { Scratch } from "../helpers/scratch.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));
const PAGE = Deno.readTextFileSync(`${TOP}docs/analysts.md`);

const RECORDINGS: Record<string, string> = {
  meshtastic: "tests/fixtures/meshtastic/meshtastic.jsonl",
  meshcore: "tests/fixtures/meshcore/traffic.jsonl",
};

for (const [network, recording] of Object.entries(RECORDINGS)) {
  Deno.test(`docs/analysts.md: every query finds something in ${network}'s recorded traffic`, async () => {
    using scratch = new Scratch("analysts");
    const terminal = new FakeTerminal({ cwd: scratch.path });
    const path = scratch.file("a.db");
    const args = ["replay", TOP + recording, "--network", network, "--database", path];
    args.push("--set", "meshtastic.derived_tables=true");
    assert.equal(await main(args, terminal), 0, terminal.err);
    const db = new DatabaseSync(path);
    try {
      // What a recording cannot have.
      db.exec(
        "INSERT INTO capture_gaps (source, from_time, to_time, reason) VALUES ('s', 0, 60, 'qos0')",
      );
      const queries = [...PAGE.matchAll(/```sql (\w+)\n([^]*?)```/g)]
        .filter(([, of]) => of === network).map(([, , sql]) => sql!);
      assert.ok(queries.length >= 5);
      for (const sql of queries) {
        const rows = db.prepare(sql.replace("unixepoch() - 86400", "0")).all();
        assert.ok(rows.length > 0, sql);
      }
    } finally {
      db.close();
    }
  });
}
