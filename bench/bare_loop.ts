/**
 * The bare limit: inserts the rows that the service has stored, in batches of the same size, in one
 * thread that does nothing else. What runs beside it is the business of who starts it.
 *
 *     bare_loop.ts NETWORK FROM BASE TO BATCH
 *
 * @module
 */
import { openDatabase } from "../src/storage/open_database.ts";
import { BareRows } from "./bare_rows.ts";
import { ready, say } from "./child.ts";
import { benchNetwork } from "./networks.ts";

const [network, from, base, to, batchText] = Deno.args;
const rows = new BareRows(benchNetwork(network), from!, Number(base));
// The service's own pragmas.
const database = openDatabase(Deno.realPathSync(to!));
const statements = rows.prepare(database.db);
const batch = Number(batchText);
const count = rows.groups.length;

const lines = await ready();
const start = performance.now();
for (let at = 0; at < count; at += batch) {
  rows.insert(database.db, statements, at, Math.min(count, at + batch));
}
say({ rows: count, ms: performance.now() - start });
// Whoever started this reads its figures first.
await lines.next();
database[Symbol.dispose]();
