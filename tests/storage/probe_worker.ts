/** A storage thread for tests: numbers into one table; says what it may do; dies of a 13. @module */
import { dirname } from "node:path";
import { captureMigrations } from "../../src/storage/capture_migrations.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { openDatabase } from "../../src/storage/open_database.ts";
import { StorageBackend } from "../../src/storage/storage_backend.ts";
import { serveStorage } from "../../src/storage/storage_thread.ts";

function outcome(work: () => unknown): string {
  try {
    work();
    return "allowed";
  } catch (error) {
    return String(error);
  }
}

serveStorage<readonly number[], { path: string; outside: string }, unknown>((options) => {
  const database = openDatabase(options.path);
  const { db } = database;
  migrate(db, [captureMigrations], 0);
  db.exec("CREATE TABLE IF NOT EXISTS t (a INTEGER)");
  let rows = 0;
  const backend = new StorageBackend<readonly number[]>({
    database,
    maintenanceEveryMs: 0,
    jobs: [{
      name: "endless",
      everyMs: 0,
      step(budgetMs) {
        const end = performance.now() + budgetMs;
        while (performance.now() < end);
        return "more";
      },
    }],
    writer: {
      size: (batch) => batch.length,
      write(batch, index) {
        if (batch[index] === 13) {
          // Outside of the call, where nobody catches it.
          queueMicrotask(() => {
            throw new Error("boom");
          });
        }
        db.prepare("INSERT INTO t VALUES (?)").run(batch[index]!);
        rows++;
      },
      flush() {},
      counts: () => ({ rows }),
      committed() {
        rows = 0;
      },
      rolledBack() {
        rows = 0;
      },
    },
  }, () => {});
  const info = {
    inside: [...Deno.readDirSync(dirname(options.path))].length > 0,
    outside: outcome(() => Deno.readTextFileSync(options.outside)),
    net: outcome(() => Deno.listen({ port: 0, hostname: "127.0.0.1" })),
    attach: outcome(() => db.exec(`ATTACH '${options.path}2' AS x`)),
    other: outcome(() => Deno.writeTextFileSync(`${dirname(options.path)}/../escaped`, "")),
  };
  return { backend, info };
});
