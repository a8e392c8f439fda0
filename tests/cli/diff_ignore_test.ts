import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { diff } from "../../src/cli/diff.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { Scratch } from "../helpers/scratch.ts";

/** A database with one packet of this type. */
function make(path: string, messageType: string): string {
  const db = new DatabaseSync(path);
  db.exec(`CREATE TABLE packet_history (id INTEGER, topic TEXT, mesh_packet_id INTEGER,
      gateway_id TEXT, from_node_id INTEGER, raw_payload BLOB, raw_service_envelope BLOB,
      message_type TEXT);
    CREATE TABLE node_info (node_id INTEGER, long_name TEXT)`);
  db.prepare("INSERT INTO packet_history VALUES (1, 't', 7, '!1', 5, x'', ?, ?)")
    .run(new Uint8Array(40), messageType);
  db.close();
  return path;
}

Deno.test("diff() leaves out the columns of --ignore, and says so of one that is not there", async () => {
  using scratch = new Scratch("cli-diff");
  const a = make(scratch.file("a.db"), "Fresno");
  const b = make(scratch.file("b.db"), "e");
  const printed: string[] = [];
  const noted: string[] = [];
  const terminal = {
    print: (line: string) => printed.push(line),
    note: (line: string) => noted.push(line),
  } as Partial<Terminal> as Terminal;
  assert.equal(await diff(terminal, a, b, { network: "meshtastic" }), 3);
  assert.match(printed[0]!, /^message_type +1 +"Fresno" +"e" +topic="t" /m);
  // Enough of the envelope to tell rows apart, and nothing of what is empty.
  assert.match(printed[0]!, / raw_service_envelope=x'0000000000000000…' \(40 bytes\) /);
  assert.doesNotMatch(printed[0]!, /raw_payload=/);

  const ignore = "message_type, mesage_typo";
  assert.equal(await diff(terminal, a, b, { network: "meshtastic", ignore }), 0);
  assert.deepEqual(noted, ["--ignore mesage_typo: no table has this column on both sides"]);
});
