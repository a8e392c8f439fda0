/**
 * The fields around a packet: how well it was heard, and by whom.
 *
 * @module
 */
import { firstField, firstText, type JsonObject, nonEmpty } from "./json_message.ts";
import { parseNumber } from "./numbers.ts";
import type { ObserverSighting, RecordBase } from "./record.ts";
import type { Message } from "../capture/message.ts";

/** How a packet was heard. Null: the message does not say. */
export interface ReceptionFields {
  /** Which way it went, as sent: bridges say `rx` or `tx`. */
  readonly direction: string | null;
  /** dB. */
  readonly snr: number | null;
  /** dBm. */
  readonly rssi: number | null;
  /** The firmware's figure for how well it was heard, 0–1000, as sent; nobody checks its range. */
  readonly score: number | null;
}

/** Reads SNR, RSSI, score and direction. Of two spellings the first counts if present at all. */
export function receptionFields(json: JsonObject): ReceptionFields {
  return {
    direction: firstText(json, "direction", "Direction") ?? null,
    snr: parseNumber(firstField(json, "SNR", "snr")),
    rssi: parseNumber(firstField(json, "RSSI", "rssi")),
    score: parseNumber(firstField(json, "score", "Score")),
  };
}

/** The observer of a message; null when the topic names none. */
export function observerSighting(
  id: string,
  json: JsonObject,
  region: string,
): ObserverSighting | null {
  if (id === "") return null;
  // An empty name keeps the known one; CoreScope wipes it (its db.go:826).
  return { id, name: nonEmpty(json, "origin"), iata: region.trim().toUpperCase() || null };
}

/** What every record has of its message. */
export function recordBase(message: Message): RecordBase {
  return {
    source: message.source,
    topic: message.topic.toWellFormed(),
    receivedAt: message.receivedAt,
    qos: message.qos,
    retained: message.retained,
  };
}
