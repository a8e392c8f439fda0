/**
 * Messages that a companion's bridge publishes as text: `meshcore/message/channel/<n>` and
 * `meshcore/message/direct/<id>`.
 *
 * @module
 */
import type { Message } from "../capture/message.ts";
import { goJson, type JsonValue } from "./go_json.ts";
import { senderOf } from "./group_payload.ts";
import { textHash } from "./hash.ts";
import { field, type JsonObject, rewritable, textField } from "./json_message.ts";
import { PAYLOAD } from "./packet.ts";
import { receptionFields, recordBase } from "./reception.ts";
import { rfc3339 } from "./receive_time.ts";
import type { CompanionRecord } from "./record.ts";

/** Under this id and name CoreScope files all companions. */
const OBSERVER = { id: "companion", name: "L1 Pro (BLE)", iata: null } as const;
const FLOOD = 1;

/**
 * Reads a channel message.
 *
 * @param topicIndex fourth segment of the topic; `channel_idx` in the message wins over it
 * @returns undefined when it has no text
 */
export function readChannelMessage(
  message: Message,
  json: JsonObject,
  topicIndex: string,
): CompanionRecord | undefined {
  const text = textField(json, "text");
  if (text === undefined || text === "") return undefined;
  const index = channelIndex(field(json, "channel_idx")) ?? topicIndex;
  const sentAt = rewritable(field(json, "sender_timestamp"));
  const channel = `ch${index}`;
  return record(message, json, "channel", {
    hash: textHash(`ch:${index}:${text}:${hashTime(sentAt, message)}`),
    payloadType: PAYLOAD.GRP_TXT,
    channelHash: channel,
    decodedJson: goJson({
      channel,
      sender: senderOf(text) ?? "",
      sender_timestamp: sentAt,
      text,
      type: "CHAN",
    }),
  });
}

/**
 * Reads a direct message.
 *
 * @param senderId fourth segment of the topic: it tells apart what two people say in the same words
 * @returns undefined when it has no text
 */
export function readDirectMessage(
  message: Message,
  json: JsonObject,
  senderId: string,
): CompanionRecord | undefined {
  const text = textField(json, "text");
  if (text === undefined || text === "") return undefined;
  const sentAt = rewritable(field(json, "sender_timestamp"));
  return record(message, json, "direct", {
    hash: textHash(`dm:${senderId}/${text}:${hashTime(sentAt, message)}`),
    payloadType: PAYLOAD.TXT_MSG,
    channelHash: null,
    decodedJson: goJson({
      sender: senderOf(text) ?? "",
      sender_timestamp: sentAt,
      text,
      type: "DM",
    }),
  });
}

function record(
  message: Message,
  json: JsonObject,
  messageKind: CompanionRecord["messageKind"],
  own: Pick<
    CompanionRecord["transmission"],
    "hash" | "payloadType" | "channelHash" | "decodedJson"
  >,
): CompanionRecord {
  return {
    kind: "companion",
    ...recordBase(message),
    messageKind,
    transmission: {
      ...own,
      rawHex: "",
      routeType: FLOOD,
      payloadVersion: 0,
      scopeName: null,
      fromPubkey: null,
    },
    observation: { ...receptionFields(json), pathJson: "[]", rawHex: "" },
    observer: { ...OBSERVER },
  };
}

/**
 * What tells two messages of the same text apart: when the sender sent them, so that a message
 * delivered again later is the same one. CoreScope takes the second of its arrival, which merges
 * what comes in one second and doubles what comes again (its main.go, format 2); that is all there
 * is to go by when the message does not say.
 */
function hashTime(sentAt: JsonValue | undefined, message: Message): string {
  return typeof sentAt === "number" || typeof sentAt === "string"
    ? `sent ${sentAt}`
    : rfc3339(Math.floor(message.receivedAt / 1000));
}

function channelIndex(value: unknown): string | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "string") return value.toWellFormed();
  return undefined;
}
