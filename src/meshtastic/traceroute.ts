/**
 * Reads the way that a traceroute took.
 *
 * @module
 */
import type { Data, RouteDiscovery } from "./messages.ts";
import type { TracerouteDetails, TracerouteHop } from "./record.ts";

/** SNR of a hop that did not say, in quarters of a dB. */
const UNKNOWN_SNR = -128;

/** Sender, receiver and id of the packet that carries a traceroute. */
export interface TracerouteHeader {
  /** Node number of the sender. */
  readonly from: number;
  /** Node number of the receiver. */
  readonly to: number;
  /** Packet id, which a reply names. */
  readonly id: number;
}

/**
 * The hops of a traceroute. A request goes from the origin to the destination and is named by its
 * packet id; a reply goes the other way and names the request in `Data.request_id`.
 *
 * Each hop stands for the node that heard, with the SNR it heard with. The lists hold the nodes in
 * between only: the SNR after the last of them is the end's own, so the end is a hop as well where
 * the packet has been there (towards: in a reply; back: once the origin has added its SNR) and
 * where there is nobody in between, so that a direct traceroute leaves a hop too.
 */
export function readTraceroute(
  header: TracerouteHeader,
  data: Data,
  route: RouteDiscovery,
): TracerouteDetails {
  const reply = data.request_id !== 0;
  const origin = reply ? header.to : header.from;
  const destination = reply ? header.from : header.to;
  const hops: TracerouteHop[] = [];
  addHops(hops, "towards", route.route, route.snr_towards);
  if (reply || route.route.length === 0 || route.snr_towards.length > route.route.length) {
    addEnd(hops, "towards", destination, route.route.length, route.snr_towards);
  }
  addHops(hops, "back", route.route_back, route.snr_back);
  if (route.snr_back.length > route.route_back.length) {
    addEnd(hops, "back", origin, route.route_back.length, route.snr_back);
  }
  return {
    kind: "traceroute",
    requestId: reply ? data.request_id : header.id,
    originNodeId: origin,
    destinationNodeId: destination,
    hops,
  };
}

function addHops(
  hops: TracerouteHop[],
  direction: TracerouteHop["direction"],
  route: readonly number[],
  snrs: readonly number[],
): void {
  for (let index = 0; index < route.length; index++) {
    addEnd(hops, direction, route[index]!, index, snrs);
  }
}

function addEnd(
  hops: TracerouteHop[],
  direction: TracerouteHop["direction"],
  nodeId: number,
  index: number,
  snrs: readonly number[],
): void {
  const snr = snrs[index];
  hops.push({
    direction,
    index,
    nodeId,
    snr: snr === undefined || snr === UNKNOWN_SNR ? null : snr / 4,
  });
}
