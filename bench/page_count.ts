/**
 * Counts the pages that rows touch: inserts them in one transaction a batch and reads from SQLite's
 * log which pages each commit has written, and of which table or index they are.
 *
 *     page_count.ts NETWORK FROM BASE TO BATCH
 *
 * @module
 */
import { pragmaNumber } from "../src/storage/maintenance.ts";
import { openDatabase } from "../src/storage/open_database.ts";
import { BareRows } from "./bare_rows.ts";
import { ready, say } from "./child.ts";
import { benchNetwork } from "./networks.ts";
import { round } from "./percentile.ts";
import { readAt, walPages } from "./wal_pages.ts";

const [network, from, base, to, batchText] = Deno.args;
const rows = new BareRows(benchNetwork(network), from!, Number(base));
const path = Deno.realPathSync(to!);
// Nothing may be copied out of the log before it is read.
const database = openDatabase(path, { walAutocheckpointPages: 0 });
const statements = rows.prepare(database.db);
const batch = Number(batchText);
const count = rows.groups.length;
await ready();
for (let at = 0; at < count; at += batch) {
  rows.insert(database.db, statements, at, Math.min(count, at + batch));
}
const log = Deno.openSync(`${path}-wal`);
const written = walPages(readAt(log));
log.close();
const names = new Map<number, string>();
for (const row of database.db.prepare("SELECT name, pageno FROM dbstat").iterate()) {
  names.set(Number(row["pageno"]), String(row["name"]));
}
const pages: Record<string, number> = {};
for (const page of written) {
  const name = names.get(page) ?? "other pages";
  pages[name] = (pages[name] ?? 0) + 1;
}
const pageBytes = pragmaNumber(database.db, "page_size");
database[Symbol.dispose]();
const perThousand = Object.entries(pages).sort(([, a], [, b]) => b - a)
  .map(([name, n]) => [name, round(n / count * 1000, 1)]);
say({ pageBytes, pagesPerThousand: Object.fromEntries(perThousand) });
Deno.exit();
