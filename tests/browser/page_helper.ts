/** A service with a broker to look at, and messages with known content. @module */
import { DatabaseSync } from "node:sqlite";
import type { Page } from "playwright-core";
import { trafficConfig } from "../../src/meshcore/traffic_generator.ts";
import { trafficChannelKeys } from "../../src/meshtastic/traffic_generator.ts";
import type { GeneratedMessage } from "../../src/network_descriptor.ts";
import { networks } from "../../src/networks.ts";
import type { Mosquitto } from "../helpers/mosquitto.ts";
import type { Publisher } from "../helpers/mqtt_fakes.ts";
import type { Scratch } from "../helpers/scratch.ts";
import { type ServiceOptions, ServiceProcess } from "../helpers/service_process.ts";
import { encode, envelope } from "../meshtastic/build.ts";

/** Starts the service with a source of each network at one broker. */
export function startService(
  scratch: Scratch,
  broker: Mosquitto,
  options: Partial<ServiceOptions> = {},
): Promise<ServiceProcess> {
  return ServiceProcess.start({
    scratch,
    sources: [
      { name: "home", url: broker.url, topics: ["msh/#"] },
      { name: "observers", url: broker.url, network: "meshcore", topics: ["meshcore/#"] },
    ],
    config: {
      meshtastic: { channels: JSON.parse(JSON.stringify(trafficChannelKeys)) },
      meshcore: { database: scratch.file("meshcore.db"), ...trafficConfig },
    },
    ...options,
  });
}

/** Address of the service's page. */
export function pageUrl(service: ServiceProcess): string {
  return `http://127.0.0.1:${service.port}/`;
}

/** Writes into the databases of a service that is down; `write` gets each of them. */
export function writeInto(paths: readonly string[], write: (db: DatabaseSync) => void): void {
  for (const path of paths) {
    const db = new DatabaseSync(path);
    db.exec("BEGIN");
    write(db);
    db.exec("COMMIT");
    db.close();
  }
}

/** Waits until an element's text holds `text`. */
export async function says(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).first().waitFor();
}

/** Publishes some minutes of the generators' traffic of both networks. */
export async function publishLife(publisher: Publisher, minutes: number): Promise<void> {
  const startMs = Date.now();
  for (const network of networks) {
    const traffic = (await network.tools()).createTraffic(7, startMs);
    const all: Promise<void>[] = [];
    for (;;) {
      const message: GeneratedMessage = traffic.next().value;
      if (message.atMs > startMs + minutes * 60_000) break;
      all.push(publisher.publish(message.topic, message.payload));
    }
    await Promise.all(all);
  }
}

/** Publishes a text of a node, in clear. */
export async function publishText(
  publisher: Publisher,
  text: string,
  from = 0x11223344,
): Promise<void> {
  await publisher.publish(
    "msh/EU_868/2/e/LongFast/!0a0b0c0d",
    packetOf(from, 1, new TextEncoder().encode(text)),
  );
}

/** Publishes what a node says of itself. */
export async function publishNode(
  publisher: Publisher,
  from: number,
  longName: string,
  shortName: string,
): Promise<void> {
  const user = encode("User", {
    id: `!${from.toString(16).padStart(8, "0")}`,
    long_name: longName,
    short_name: shortName,
    hw_model: 4,
  });
  await publisher.publish("msh/EU_868/2/e/LongFast/!0a0b0c0d", packetOf(from, 4, user));
}

/** Publishes where a node is, in degrees. */
export async function publishPosition(
  publisher: Publisher,
  from: number,
  north: number,
  east: number,
): Promise<void> {
  const place = encode("Position", {
    latitude_i: Math.round(north * 1e7),
    longitude_i: Math.round(east * 1e7),
  });
  await publisher.publish("msh/EU_868/2/e/LongFast/!0a0b0c0d", packetOf(from, 3, place));
}

function packetOf(from: number, portnum: number, payload: Uint8Array): Uint8Array {
  const id = crypto.getRandomValues(new Uint32Array(1))[0]!;
  return envelope({ from, id, decoded: { portnum, payload } });
}
