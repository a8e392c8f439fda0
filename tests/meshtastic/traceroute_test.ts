import assert from "node:assert/strict";
import fc from "fast-check";
import type { Data, RouteDiscovery } from "../../src/meshtastic/messages.ts";
import { readTraceroute } from "../../src/meshtastic/traceroute.ts";

const A = 0xaaaa;
const B = 0xbbbb;
const EMPTY: RouteDiscovery = { route: [], snr_towards: [], route_back: [], snr_back: [] };

function data(requestId: number): Data {
  return { request_id: requestId } as Data;
}

Deno.test("readTraceroute() names a request by its packet id, and leaves a hop without relays", () => {
  assert.deepEqual(readTraceroute({ from: A, to: B, id: 5 }, data(0), EMPTY), {
    kind: "traceroute",
    requestId: 5,
    originNodeId: A,
    destinationNodeId: B,
    hops: [{ direction: "towards", index: 0, nodeId: B, snr: null }],
  });
});

Deno.test("readTraceroute() does not claim that a request has arrived", () => {
  const route = { ...EMPTY, route: [1, 2], snr_towards: [-46, -7] };
  const { hops } = readTraceroute({ from: A, to: B, id: 5 }, data(0), route);
  assert.deepEqual(hops.map((hop) => [hop.nodeId, hop.snr]), [[1, -11.5], [2, -1.75]]);
});

Deno.test("readTraceroute() turns a reply round and keeps the last hop's SNR", () => {
  const route = {
    route: [0xffffffff, 7],
    snr_towards: [-128, 40, 20],
    route_back: [9],
    snr_back: [-128, -10],
  };
  assert.deepEqual(readTraceroute({ from: B, to: A, id: 6 }, data(777), route), {
    kind: "traceroute",
    requestId: 777,
    originNodeId: A,
    destinationNodeId: B,
    hops: [
      { direction: "towards", index: 0, nodeId: 0xffffffff, snr: null },
      { direction: "towards", index: 1, nodeId: 7, snr: 10 },
      { direction: "towards", index: 2, nodeId: B, snr: 5 },
      { direction: "back", index: 0, nodeId: 9, snr: null },
      { direction: "back", index: 1, nodeId: A, snr: -2.5 },
    ],
  });
});

Deno.test("readTraceroute() always gives a hop, numbered from 0 in each direction", () => {
  const list = fc.array(fc.integer({ min: -128, max: 127 }), { maxLength: 9 });
  const nodes = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: 8 });
  fc.assert(fc.property(fc.nat(1), nodes, list, nodes, list, (id, route, s, back, t) => {
    const discovery = { route, snr_towards: s, route_back: back, snr_back: t };
    const { hops } = readTraceroute({ from: A, to: B, id: 1 }, data(id), discovery);
    for (const direction of ["towards", "back"]) {
      const own = hops.filter((hop) => hop.direction === direction);
      assert.deepEqual(own.map((hop) => hop.index), own.map((_, i) => i));
    }
    assert.ok(hops.length >= 1);
  }));
});
