import assert from "node:assert/strict";
import { silentLog } from "../../src/capture/log.ts";
import { main } from "../../src/cli/main.ts";
import { networks } from "../../src/networks.ts";
import { loadOk } from "../config/load_helper.ts";
import { FakeTerminal } from "../helpers/fake_terminal.ts";
import { Scratch } from "../helpers/scratch.ts";
import { queryDatabase } from "../helpers/service_process.ts";

for (const descriptor of networks) {
  const { title } = descriptor.section;
  Deno.test(`restore takes a database of ${title} for ${title} alone`, async () => {
    using scratch = new Scratch();
    const backup = scratch.file("backup.db");
    const store = await descriptor.openStore(loadOk().config[descriptor.name], {
      path: backup,
      settings: {},
      maintenanceIntervalMinutes: 0,
      nowMs: 1_760_000_000_000,
      log: silentLog,
    });
    await store.close(5_000);
    for (const network of networks) {
      const path = scratch.file(`${network.name}.db`);
      const terminal = new FakeTerminal({ cwd: scratch.path });
      const args = ["restore", backup, "--network", network.name, "--database", path];
      const code = await main(args, terminal);
      if (network === descriptor) {
        assert.equal(code, 0, terminal.err);
        const sql = `SELECT count(*) AS n FROM ${network.ownTable}`;
        assert.deepEqual(queryDatabase(path, sql).map((row) => ({ ...row })), [{ n: 0 }]);
      } else {
        assert.equal(code, 1);
        assert.match(terminal.err, new RegExp(`has no table ${network.ownTable}: it is no `));
        assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound);
      }
    }
  });
}
