import assert from "node:assert/strict";
import type { PageNode } from "../../src/capture/page_view.ts";
import { decodedContent, feedPacketOf } from "../../src/meshcore/feed_packet.ts";
import { meshcorePageQueries } from "../../src/meshcore/page_queries.ts";
import { Reader } from "../../src/storage/reader.ts";
import { Scratch } from "../helpers/scratch.ts";
import { key, packet, sighting } from "./records.ts";
import { TestStore } from "./test_store.ts";

const LABELS = { type: "ADVERT", decrypt: "none", readable: true };

Deno.test("a MeshCore packet is shown with sender, place and who heard it", () => {
  const shown = feedPacketOf(
    packet({
      payloadName: "ADVERT",
      sent: {
        fromPubkey: key("ab"),
        decodedJson: '{"type":"ADVERT","pubKey":"ab","name":"<b>Roof</b>","lat":48.5,"lon":9.25}',
      },
      seen: { snr: -3.5, rssi: -101 },
      observer: sighting("OBS", { name: "Attic" }),
      hops: ["AB", "CD"],
    }),
    LABELS,
  );
  assert.equal(shown.from, key("ab"));
  assert.equal(shown.fromName, "<b>Roof</b>");
  assert.deepEqual(shown.position, [48.5, 9.25]);
  assert.equal(shown.heardByName, "Attic");
  assert.deepEqual([shown.snr, shown.rssi, shown.hops], [-3.5, -101, 2]);
});

Deno.test("decodedContent() names the sender of a channel message once", () => {
  const json = '{"type":"CHAN","channel":"#test","sender":"Al","text":"Al: hi"}';
  assert.deepEqual(decodedContent(json, null), { fromName: "Al", channel: "#test", text: "hi" });
});

Deno.test("decodedContent() makes something of anything", () => {
  for (const json of ["", "null", "[]", "5", '{"type":5,"name":{},"lat":"x","lon":null}', "{"]) {
    assert.equal(decodedContent(json, null).text, "");
  }
  assert.equal(decodedContent('{"type":"ADVERT","lat":0,"lon":0}', null).position, undefined);
});

Deno.test("MeshCore's page queries give nodes with positions, and packets newest first", () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  using store = new TestStore(path);
  const node = (publicKey: string, lat: number | null, lon: number | null) => ({
    publicKey,
    name: `Node ${publicKey.slice(0, 2)}`,
    role: "repeater",
    lat,
    lon,
    foreign: false,
    batteryMv: null,
    temperatureC: null,
    defaultScope: null,
    advertTimestamp: 1_760_000_000,
  });
  store.commit(
    packet({ hash: "01", node: node(key("ab"), 48.5, 9.25), observer: sighting() }),
    packet({ hash: "02", node: node(key("cd"), 0, 0), observer: sighting() }),
    packet({
      hash: "03",
      observer: sighting(),
      sent: { payloadType: 5, decodedJson: '{"type":"CHAN","sender":"Al","text":"Al: hi"}' },
    }),
  );
  using reader = new Reader(path);
  const nodes = meshcorePageQueries.nodes(reader, 10) as PageNode[];
  assert.deepEqual(nodes.find((one) => one.id === key("ab"))!.position, [48.5, 9.25]);
  assert.equal(nodes.find((one) => one.id === key("cd"))!.position, undefined);
  assert.equal(nodes.find((one) => one.id === key("cd"))!.name, "Node cd");
  assert.equal(meshcorePageQueries.countNodes(reader), nodes.length);
  const packets = meshcorePageQueries.recent(reader, {}, 10) as { text: string; type: string }[];
  assert.equal(packets.length, 3);
  assert.deepEqual([packets[0]!.text, packets[0]!.type], ["hi", "GRP_TXT"]);
  const found = meshcorePageQueries.recent(reader, { type: "GRP_TXT", node: "obs" }, 10);
  assert.equal((found as unknown[]).length, 1);
});
