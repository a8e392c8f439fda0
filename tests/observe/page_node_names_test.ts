import assert from "node:assert/strict";
import type { PageNode } from "../../src/capture/page_view.ts";
import { NodeBook } from "../../src/observe/page/node_names.ts";

function answer(networks: Record<string, PageNode[]>, problems: Record<string, string> = {}) {
  return { networks, problems };
}

Deno.test("NodeBook learns names from the database and from packets", () => {
  const book = new NodeBook();
  book.replace(answer({
    meshcore: [{ id: "ABCD", name: "Roof" }],
    meshtastic: [{ id: "!01", shortName: "S" }],
  }));
  assert.equal(book.nameOf("meshcore", "abcd"), "Roof");
  assert.equal(book.nameOf("meshtastic", "!01"), "S");
  assert.equal(book.nameOf("meshtastic", "abcd"), undefined);
  assert.equal(book.nameOf("meshtastic", undefined), undefined);
  book.heard("meshtastic", "!02", 5, { name: "New", position: [1, 2] });
  book.heard("meshtastic", "!02", 6, {});
  assert.deepEqual(book.all.find((node) => node.id === "!02"), {
    id: "!02",
    network: "meshtastic",
    name: "New",
    position: [1, 2],
    lastSeen: 6,
  });
});

Deno.test("NodeBook keeps the later time, and the nodes that packets alone told of", () => {
  const book = new NodeBook();
  book.replace(answer({ meshtastic: [{ id: "!01", name: "Old", lastSeen: 10 }, { id: "!03" }] }));
  book.heard("meshtastic", "!01", 50, { position: [1, 2] });
  book.heard("meshtastic", "!02", 60, {});
  // The database has the time at which the node said its name last.
  book.replace(answer({ meshtastic: [{ id: "!01", name: "New", lastSeen: 20 }] }));
  assert.deepEqual(book.all, [
    { id: "!01", network: "meshtastic", name: "New", position: [1, 2], lastSeen: 50 },
    { id: "!02", network: "meshtastic", lastSeen: 60 },
  ]);
  book.replace(answer({ meshtastic: [{ id: "!01", lastSeen: 70 }] }));
  assert.equal(book.all.find((node) => node.id === "!01")!.lastSeen, 70);
  book.heard("meshtastic", "!01", 65, {});
  assert.equal(book.all.find((node) => node.id === "!01")!.lastSeen, 70, "an older packet");
});

Deno.test("NodeBook remembers so many nodes of packets and no more", () => {
  const book = new NodeBook();
  book.replace(answer({ meshtastic: [{ id: "stored" }] }));
  for (let n = 0; n < 20_000; n++) book.heard("meshtastic", `!${n}`, n, {});
  assert.equal(book.all.length, 5_001);
  assert.ok(book.all.some((node) => node.id === "!19999"));
  assert.ok(book.all.some((node) => node.id === "stored"));
});

Deno.test("NodeBook keeps what it knows of a network whose database does not answer", () => {
  const book = new NodeBook();
  book.replace(answer({ meshtastic: [{ id: "!01", name: "Hill" }], meshcore: [{ id: "ab" }] }));
  book.replace(answer({ meshcore: [{ id: "cd" }] }, { meshtastic: "locked" }));
  assert.deepEqual(book.all.map((node) => node.id).sort(), ["!01", "cd"]);
  book.replace(answer({ meshtastic: [], meshcore: [] }));
  assert.deepEqual(book.all, []);
});

Deno.test("NodeBook knows no name that shows nothing", () => {
  const book = new NodeBook();
  book.replace(answer({ meshtastic: [{ id: "!01", name: "\u200b", shortName: "S" }] }));
  assert.equal(book.nameOf("meshtastic", "!01"), "S");
  book.heard("meshtastic", "!01", 5, { name: "   " });
  assert.equal(book.nameOf("meshtastic", "!01"), "S");
});
