/**
 * The bare limit of latency: subscribes, and commits what each read of its socket brings at once, as
 * topic and payload without any index, before it acknowledges.
 *
 *     bare_writer.ts PORT FILTER DATABASE TABLE
 *
 * @module
 */
import { openDatabase } from "../src/storage/open_database.ts";
import { ready, say } from "./child.ts";
import { MqttLink } from "./mqtt_link.ts";
import { pubackPackets, PUBLISH, publishId } from "./mqtt_wire.ts";

const [port, filter, path, table] = Deno.args;
const folder = Deno.realPathSync(path!.slice(0, path!.lastIndexOf("/")));
// The service's own pragmas.
const { db } = openDatabase(folder + path!.slice(path!.lastIndexOf("/")));
db.exec(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, body BLOB)`);
const insert = db.prepare(`INSERT INTO ${table} (body) VALUES (?)`);
let bodies: Uint8Array[] = [];
const link = await MqttLink.open(Number(port), "bench-bare-writer", true, (type, _, body) => {
  if (type !== PUBLISH) return;
  if (bodies.length === 0) queueMicrotask(commit);
  bodies.push(body.slice());
});
await link.subscribe(filter!, 1);

function commit(): void {
  const batch = bodies;
  bodies = [];
  db.exec("BEGIN IMMEDIATE");
  for (const body of batch) insert.run(body);
  db.exec("COMMIT");
  void link.send(pubackPackets(batch.map(publishId)));
}

const lines = await ready();
await lines.next();
say({});
Deno.exit();
