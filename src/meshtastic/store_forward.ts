/** What a store-and-forward message says. @module */
import { copyBytes } from "./bytes.ts";
import type { StoreAndForward } from "./messages.ts";
import type { EnumName } from "./protobuf.ts";
import type { StoreForwardDetails } from "./record.ts";

/** Reads a store-and-forward message; the columns of other variants than its own are null. */
export function readStoreForward(
  message: StoreAndForward,
  requestName: EnumName,
): StoreForwardDetails {
  const { variant } = message;
  const stats = variant === "stats" ? message.stats : null;
  const history = variant === "history" ? message.history : null;
  const heartbeat = variant === "heartbeat" ? message.heartbeat : null;
  return {
    kind: "store_forward",
    requestResponse: requestName(message.rr),
    variant: variant ?? null,
    messagesTotal: stats?.messages_total ?? null,
    messagesSaved: stats?.messages_saved ?? null,
    messagesMax: stats?.messages_max ?? null,
    uptimeSeconds: stats?.up_time ?? null,
    requestsTotal: stats?.requests ?? null,
    requestsHistory: stats?.requests_history ?? null,
    heartbeatFlag: stats === null ? null : Number(stats.heartbeat),
    returnMax: stats?.return_max ?? null,
    returnWindow: stats?.return_window ?? null,
    historyMessages: history?.history_messages ?? null,
    historyWindow: history?.window ?? null,
    historyLastRequest: history?.last_request ?? null,
    heartbeatPeriod: heartbeat?.period ?? null,
    heartbeatSecondary: heartbeat?.secondary ?? null,
    textPayload: variant === "text" ? copyBytes(message.text) : null,
  };
}
