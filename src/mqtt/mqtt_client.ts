/** mqtt.js without its ways to open a connection: we open our own (`broker_stream.ts`). @module */
import type { MqttClient as Client } from "mqtt";
import * as loaded from "mqtt/client";

/**
 * The client of mqtt.js, and no more of it: whoever imports the whole package loads a SOCKS proxy, a
 * WebSocket client and a parser of IP addresses, a third of all that is loaded to connect.
 */
export const MqttClient = defaultOf(loaded) as typeof Client;

/** See {@linkcode MqttClient}. */
export type MqttClient = Client;

/** A module of CommonJS, seen from ours: Deno wraps it once more than the bundler does. */
function defaultOf(module: object): unknown {
  const inner: unknown = Reflect.get(module, "default");
  return typeof inner === "object" && inner !== null ? defaultOf(inner) : inner;
}
