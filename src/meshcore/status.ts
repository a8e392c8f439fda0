/**
 * Observer status messages.
 *
 * @module
 */
import type { Message } from "../capture/message.ts";
import { field, type JsonObject, nonEmpty, objectField, textField } from "./json_message.ts";
import { parseInteger, parseNumber } from "./numbers.ts";
import { observerSighting, recordBase } from "./reception.ts";
import type { MetricsSample, StatusRecord } from "./record.ts";

/**
 * Reads the status of an observer.
 *
 * @param observerId segment 3 of the topic
 * @param iata segment 2 of the topic
 * @returns undefined when the topic names no observer
 */
export function readStatus(
  message: Message,
  json: JsonObject,
  observerId: string,
  iata: string,
): StatusRecord | undefined {
  const observer = observerSighting(observerId, json, iata);
  if (observer === null) return undefined;
  const stats = objectField(json, "stats");
  // A figure that stands in `stats` counts, even if it cannot be read there.
  const figure = (key: string) =>
    stats !== undefined && Object.hasOwn(stats, key) ? stats[key] : field(json, key);

  const status = textField(json, "status") ?? null;
  const facts = {
    model: nonEmpty(json, "model"),
    firmware: nonEmpty(json, "firmware_version") ?? nonEmpty(json, "firmware"),
    clientVersion: nonEmpty(json, "clientVersion") ?? nonEmpty(json, "client_version"),
    radio: nonEmpty(json, "radio"),
    uptimeSecs: parseInteger(figure("uptime_secs")),
    canRelay: parseRepeat(field(json, "repeat")),
  };
  const sample: MetricsSample = {
    noiseFloor: parseNumber(figure("noise_floor")),
    txAirSecs: parseInteger(figure("tx_air_secs")),
    rxAirSecs: parseInteger(figure("rx_air_secs")),
    recvErrors: parseInteger(figure("recv_errors")),
    batteryMv: parseInteger(figure("battery_mv")),
    packetsSent: parseInteger(figure("packets_sent")),
    packetsRecv: parseInteger(figure("packets_recv")),
  };
  const saysSomething = [...Object.values(facts), ...Object.values(sample)]
    .some((value) => value !== null);
  return {
    kind: "status",
    ...recordBase(message),
    observer,
    alive: !message.retained && status?.trim().toLowerCase() !== "offline",
    status,
    ...facts,
    batteryMv: sample.batteryMv,
    noiseFloor: sample.noiseFloor,
    metrics: saysSomething ? sample : null,
  };
}

/** The `repeat` flag of firmware 1.16: a boolean, a word or a number. */
function parseRepeat(value: unknown): boolean | null {
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  if (typeof value !== "string") return null;
  switch (value.trim().toLowerCase()) {
    case "on":
    case "true":
    case "1":
    case "yes":
      return true;
    case "off":
    case "false":
    case "0":
    case "no":
      return false;
    default:
      return null;
  }
}
