/**
 * Coverage by roaming companions: `meshcore/client/<public key>/packets`.
 *
 * @module
 */
import type { Message } from "../capture/message.ts";
import type { Advert } from "./advert.ts";
import {
  field,
  firstField,
  firstText,
  type JsonObject,
  nonEmpty,
  objectField,
} from "./json_message.ts";
import { parseNumber } from "./numbers.ts";
import { isFloodRoute, type PacketFrame, PAYLOAD } from "./packet.ts";
import { recordBase } from "./reception.ts";
import { resolveReceiveTime } from "./receive_time.ts";
import type { ClientReceptionRecord } from "./record.ts";

const PUBLIC_KEY = /^[0-9a-f]{2,64}$/;

/** Checks the topic's key; undefined when it is none. */
export function clientKey(segment: string): string | undefined {
  const key = segment.trim().toLowerCase();
  return PUBLIC_KEY.test(key) ? key : undefined;
}

/** Where a companion was, in the columns' terms. */
export interface ClientPosition {
  /** Degrees, −90–90. */
  readonly lat: number;
  /** Degrees, −180–180. */
  readonly lon: number;
  /** Metres; null when the message does not say. */
  readonly positionAccuracyM: number | null;
}

/** Where it was; undefined when the message does not say, or nothing possible. */
export function clientPosition(json: JsonObject): ClientPosition | undefined {
  const gps = objectField(json, "gps");
  if (gps === undefined) return undefined;
  const lat = parseNumber(field(gps, "lat"));
  const lon = parseNumber(field(gps, "lon"));
  if (lat === null || lon === null || Math.abs(lat) > 90 || Math.abs(lon) > 180) return undefined;
  return { lat, lon, positionAccuracyM: parseNumber(field(gps, "acc_m")) };
}

/**
 * Reads what a companion heard itself and directly: a flooded packet's last hop, which has just
 * sent it, if its hash has two bytes or more; or the node whose advert has not been forwarded yet.
 *
 * @param rxPubkey from {@linkcode clientKey}
 * @param advert the payload, where it is an advert
 * @param signatureValid of an advert; null when nobody looked
 */
export function readClientReception(
  message: Message,
  json: JsonObject,
  frame: PacketFrame,
  rxPubkey: string,
  position: ClientPosition,
  advert: Advert | undefined,
  signatureValid: boolean | null,
): ClientReceptionRecord | undefined {
  if (firstText(json, "direction", "Direction")?.toLowerCase() !== "rx") return undefined;
  const heard = heardNode(frame, advert);
  if (heard === undefined) return undefined;
  const rssi = parseNumber(firstField(json, "RSSI", "rssi"));
  return {
    kind: "client_reception",
    ...recordBase(message),
    rxPubkey,
    ...heard,
    heardKeyLength: heard.heardKey.length / 2,
    rssi: rssi === null ? null : Math.trunc(rssi) + 0,
    snr: parseNumber(firstField(json, "SNR", "snr")),
    ...position,
    heardAt: resolveReceiveTime(field(json, "timestamp"), message.receivedAt).at,
    signatureValid,
    clientName: nonEmpty(json, "origin"),
  };
}

function heardNode(
  frame: PacketFrame,
  advert: Advert | undefined,
): Pick<ClientReceptionRecord, "heardKey" | "heardBy"> | undefined {
  // Its path holds SNR values, and its payload the way it is to take, not the way it came.
  if (frame.payloadType === PAYLOAD.TRACE) return undefined;
  const last = frame.hops.at(-1);
  if (last !== undefined) {
    // A direct packet loses hops at the front: its last hop is where it goes, not who sent it.
    if (!isFloodRoute(frame.routeType) || last.length < 4) return undefined;
    return { heardKey: last.toLowerCase(), heardBy: "rxlog" };
  }
  return advert === undefined ? undefined : { heardKey: advert.publicKey, heardBy: "advert" };
}
