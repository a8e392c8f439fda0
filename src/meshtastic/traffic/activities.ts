/**
 * What the simulated nodes do of themselves, and what follows from it: a text is answered, a
 * request is acknowledged, a traceroute comes back.
 *
 * @module
 */
import * as chatter from "./chatter.ts";
import type { SimChannel } from "./channels.ts";
import { publishJson, publishMalformed, publishMapReport, publishStat } from "./other_topics.ts";
import { distanceKm, move, type SimNode } from "./nodes.ts";
import * as payloads from "./payloads.ts";
import { WeightedPick } from "../../traffic/random.ts";
import { type Draft, Priority, type SimMesh } from "./sim_mesh.ts";
import { Port, UNNAMED_PORT } from "./truth.ts";
import { utf8 } from "./utf8.ts";

type Activity = (mesh: SimMesh, node: SimNode, nowMs: number) => void;

/** Shares as they are seen on real brokers: most of it is telemetry and positions. */
const ACTIVITIES = new WeightedPick<Activity>([
  [40, sendTelemetry],
  [25, sendPosition],
  [11, introduce],
  [4.5, sendText],
  [2.2, sendDirectText],
  [2, sendPrivateText],
  [2, traceRoute],
  [3, sendNeighbors],
  [1, sendStoreForward],
  [0.8, sendRangeTest],
  [0.8, sendPaxcount],
  [0.5, sendWaypoint],
  [0.3, sendDetection],
  [0.2, sendUnnamed],
  [1.2, (mesh, _, nowMs) => publishMapReport(mesh, nowMs)],
  [1.4, (mesh, _, nowMs) => publishJson(mesh, nowMs)],
  [0.5, (mesh, _, nowMs) => publishStat(mesh, mesh.random.pick(mesh.gateways), nowMs)],
  [0.5, (mesh, _, nowMs) => publishMalformed(mesh, nowMs)],
]);

/** Lets some node do something. */
export function act(mesh: SimMesh, nowMs: number): void {
  const node = mesh.random.pick(mesh.nodes);
  move(node, nowMs, mesh.random);
  ACTIVITIES.next(mesh.random)(mesh, node, nowMs);
}

/** NODEINFO: says who it is. */
export function introduce(mesh: SimMesh, node: SimNode, nowMs: number): void {
  const wantResponse = mesh.random.chance(0.1);
  send(mesh, node, nowMs, Port.NODEINFO_APP, payloads.user(mesh.writer, node), { wantResponse });
}

/** Most of the traffic is on the default channel. */
function anyChannel(mesh: SimMesh): SimChannel {
  const { longFast, harbor, quarry } = mesh.channels;
  const share = mesh.random.unit();
  return share < 0.86 ? longFast : share < 0.95 ? harbor : quarry;
}

function send(
  mesh: SimMesh,
  node: SimNode,
  nowMs: number,
  portnum: number,
  payload: Uint8Array<ArrayBuffer>,
  more: Partial<Draft> = {},
): number {
  return mesh.send(node, { portnum, payload, channel: anyChannel(mesh), ...more }, nowMs);
}

function sendTelemetry(mesh: SimMesh, node: SimNode, nowMs: number): void {
  const payload = payloads.telemetry(mesh.writer, node, nowMs, mesh.random);
  send(mesh, node, nowMs, Port.TELEMETRY_APP, payload);
}

function sendPosition(mesh: SimMesh, node: SimNode, nowMs: number): void {
  send(
    mesh,
    node,
    nowMs,
    Port.POSITION_APP,
    payloads.position(mesh.writer, node, nowMs, mesh.random),
  );
}

function sendText(mesh: SimMesh, node: SimNode, nowMs: number): void {
  say(mesh, node, nowMs, anyChannel(mesh), chatter.opener(mesh.random));
}

/** Sends a text to all, and lets others answer it. */
function say(
  mesh: SimMesh,
  node: SimNode,
  nowMs: number,
  channel: SimChannel,
  text: string,
  more: Partial<Draft> = {},
): void {
  const { random } = mesh;
  const id = send(mesh, node, nowMs, Port.TEXT_MESSAGE_APP, utf8(text), {
    channel,
    priority: Priority.DEFAULT,
    ...more,
  });
  if (more.emoji) return;
  if (random.chance(0.4)) {
    mesh.later(nowMs, random.range(4_000, 60_000), (thenMs) => {
      say(mesh, mesh.other(node), thenMs, channel, chatter.reply(random), { replyId: id });
    });
  }
  if (random.chance(0.3)) {
    mesh.later(nowMs, random.range(2_000, 40_000), (thenMs) => {
      const more = { replyId: id, emoji: 1 };
      say(mesh, mesh.other(node), thenMs, channel, chatter.tapback(random), more);
    });
  }
}

function sendDirectText(mesh: SimMesh, node: SimNode, nowMs: number): void {
  const to = mesh.other(node);
  const channel = mesh.channels.longFast;
  const payload = utf8(chatter.opener(mesh.random));
  const requestId = send(mesh, node, nowMs, Port.TEXT_MESSAGE_APP, payload, {
    channel,
    to: to.id,
    wantAck: true,
    priority: Priority.RELIABLE,
  });
  mesh.later(nowMs, mesh.random.range(800, 6_000), (thenMs) => {
    // 0: received; 5: nobody on the way got an answer.
    const heard = mesh.random.chance(0.85);
    send(
      mesh,
      heard ? to : node,
      thenMs,
      Port.ROUTING_APP,
      payloads.routing(mesh.writer, heard ? 0 : 5),
      {
        channel,
        to: node.id,
        requestId,
        priority: Priority.ACK,
      },
    );
  });
}

/** Direct messages of current firmware are for one node's eyes; the answer is, too. */
function sendPrivateText(mesh: SimMesh, node: SimNode, nowMs: number): void {
  const to = mesh.other(node);
  const payload = utf8(chatter.opener(mesh.random));
  const more = { pki: true, wantAck: true, priority: Priority.RELIABLE };
  const requestId = send(mesh, node, nowMs, Port.TEXT_MESSAGE_APP, payload, {
    ...more,
    to: to.id,
  });
  mesh.later(nowMs, mesh.random.range(800, 6_000), (thenMs) => {
    send(mesh, to, thenMs, Port.ROUTING_APP, payloads.routing(mesh.writer, 0), {
      pki: true,
      to: node.id,
      requestId,
      priority: Priority.ACK,
    });
  });
}

function traceRoute(mesh: SimMesh, node: SimNode, nowMs: number): void {
  const { random } = mesh;
  const to = mesh.other(node);
  const channel = mesh.channels.longFast;
  const hops = Math.min(3, Math.floor(distanceKm(node, to) / 9));
  const route = (length: number) => Array.from({ length }, () => mesh.other(node).id);
  const signals = (length: number) =>
    // −128: heard, but not how well (older firmware on the way).
    Array.from({ length }, () => random.chance(0.05) ? -128 : random.between(-76, 46));
  const towards = route(hops);
  const signalsTowards = signals(hops + 1);
  const requestId = send(
    mesh,
    node,
    nowMs,
    Port.TRACEROUTE_APP,
    payloads.routeDiscovery(mesh.writer, towards, signalsTowards.slice(0, hops), [], []),
    { channel, to: to.id, wantAck: true, wantResponse: true, priority: Priority.RELIABLE },
  );
  if (random.chance(0.3)) return;
  mesh.later(nowMs, random.range(2_000, 12_000), (thenMs) => {
    const payload = payloads.routeDiscovery(
      mesh.writer,
      towards,
      signalsTowards,
      route(hops),
      signals(hops),
    );
    send(mesh, to, thenMs, Port.TRACEROUTE_APP, payload, {
      channel,
      to: node.id,
      requestId,
      priority: Priority.RESPONSE,
    });
  });
}

function sendNeighbors(mesh: SimMesh, node: SimNode, nowMs: number): void {
  const neighbours = new Map<number, number>();
  for (let i = mesh.random.between(1, 8); i > 0; i--) {
    neighbours.set(mesh.other(node).id, mesh.random.between(-72, 44) / 4);
  }
  const list = [...neighbours].map(([id, snr]) => ({ id, snr }));
  send(mesh, node, nowMs, Port.NEIGHBORINFO_APP, payloads.neighborInfo(mesh.writer, node, list));
}

function sendStoreForward(mesh: SimMesh, node: SimNode, nowMs: number): void {
  const payload = payloads.storeForward(mesh.writer, mesh.random, chatter.reply(mesh.random));
  send(mesh, node, nowMs, Port.STORE_FORWARD_APP, payload);
}

function sendRangeTest(mesh: SimMesh, node: SimNode, nowMs: number): void {
  const payload = utf8(`seq ${mesh.random.between(1, 400)}`);
  send(mesh, node, nowMs, Port.RANGE_TEST_APP, payload);
}

function sendPaxcount(mesh: SimMesh, node: SimNode, nowMs: number): void {
  send(
    mesh,
    node,
    nowMs,
    Port.PAXCOUNTER_APP,
    payloads.paxcount(mesh.writer, node, nowMs, mesh.random),
  );
}

function sendWaypoint(mesh: SimMesh, node: SimNode, nowMs: number): void {
  const payload = payloads.waypoint(mesh.writer, node, nowMs, mesh.random);
  send(mesh, node, nowMs, Port.WAYPOINT_APP, payload, { priority: Priority.DEFAULT });
}

function sendDetection(mesh: SimMesh, node: SimNode, nowMs: number): void {
  const payload = utf8("Gate detected");
  send(mesh, node, nowMs, Port.DETECTION_SENSOR_APP, payload, { priority: Priority.DEFAULT });
}

function sendUnnamed(mesh: SimMesh, node: SimNode, nowMs: number): void {
  const portnum = mesh.random.chance(0.5) ? Port.PRIVATE_APP : UNNAMED_PORT;
  send(mesh, node, nowMs, portnum, mesh.random.bytes(mesh.random.between(4, 60)));
}
