/** mosquitto as deploy/mosquitto.conf sets it, with nothing changed but port, paths and address. @module */
import { Mosquitto } from "./mosquitto.ts";
import { fromFileUrl } from "./paths.ts";

/** The text of deploy/mosquitto.conf. */
export const DEPLOYED_CONFIG: string = Deno.readTextFileSync(
  fromFileUrl(new URL("../../deploy/mosquitto.conf", import.meta.url)),
);

/** mosquitto_passwd's line for {@linkcode LOGIN}. */
export const PASSWORDS =
  "capture:$7$101$49t8UFMw/cSnPaZ7$3G2dXmlki/C8P6iWbIJuPQW2w6Q9Lj+KzEBOxrsfm6zok00Q" +
  "Y970BCLXwd6/qMcDUcNAdeWfo+iypHIATWf93Q==\n";

/** The one who may connect. */
export const LOGIN = { username: "capture", password: "right:pass word" } as const;

/** Starts it; clients need {@linkcode LOGIN}. `more`: lines after those of the file. */
export function startDeployedMosquitto(more: readonly string[] = []): Promise<Mosquitto> {
  const lines = DEPLOYED_CONFIG
    .replace("listener 1883", "listener %PORT% 127.0.0.1")
    .replaceAll("/etc/mosquitto/passwords", "%DIR%/passwords")
    .replaceAll("/var/lib/mosquitto/", "%DIR%/")
    .split("\n");
  return Mosquitto.start([...lines, ...more], { whole: true, files: { passwords: PASSWORDS } });
}
