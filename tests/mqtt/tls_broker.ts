/** A mosquitto with a TLS listener, for tests of certificates. @module */
import type { MqttSourceOptions } from "../../src/mqtt/source.ts";
import { freePort, Mosquitto } from "../helpers/mosquitto.ts";
import { fromFileUrl } from "../helpers/paths.ts";

/** Where the certificates are; see the README there. */
export const CERTIFICATES: string = fromFileUrl(new URL("../fixtures/tls/", import.meta.url));

/** Settings of TLS that a source is given. */
export type SourceTls = NonNullable<MqttSourceOptions["tls"]>;

/** Starts one that shows `certificate` at `url`; `lines` are further settings of that listener. */
export async function tlsBroker(
  scheme: "mqtts" | "wss",
  certificate: string,
  lines: readonly string[] = [],
): Promise<{ broker: Mosquitto; url: string }> {
  const port = await freePort();
  const broker = await Mosquitto.start([
    "log_type all",
    `listener ${port} 127.0.0.1`,
    ...(scheme === "wss" ? ["protocol websockets"] : []),
    `cafile ${CERTIFICATES}ca.crt`,
    `certfile ${CERTIFICATES}${certificate}.crt`,
    `keyfile ${CERTIFICATES}server.key`,
    ...lines,
  ]);
  return { broker, url: `${scheme}://localhost:${port}${scheme === "wss" ? "/mqtt" : ""}` };
}
