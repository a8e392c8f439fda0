/**
 * What a person enters in a radio after `meshcapture init`. Names are those of Meshtastic's apps and
 * command line, of meshcoretomqtt's file, and of the observer firmware's console.
 *
 * @module
 */
import { isIPv6 } from "node:net";
import { bracketed } from "../observe/address.ts";
import type { InitPlan } from "./init_plan.ts";

/** Port that radios take when an address names none. */
const MQTT_PORT = 1883;

/** The whole text after the file was written, line by line. */
export function nextSteps(plan: InitPlan, file: string): string[] {
  const lines = [
    "Start it:",
    `  meshcapture run --config ${file}`,
    ...pageLines(plan),
  ];
  if (plan.networks.includes("meshtastic")) lines.push("", ...meshtasticLines(plan));
  if (plan.networks.includes("meshcore")) lines.push("", ...meshcoreLines(plan));
  return [
    ...lines,
    "",
    ...usbLines(plan),
    "",
    `Then: meshcapture check --config ${file}   (says in words what arrives, and what does not)`,
  ];
}

/** Addresses of the page, with the token for whoever comes from elsewhere. */
export function pageAddresses(plan: InitPlan): { here: string; elsewhere?: string } | undefined {
  const match = /^(\[.*\]|[^:]*):(\d+)$/.exec(plan.http);
  if (match === null) return undefined;
  const [, host = "", port] = match;
  const everywhere = host === "" || host === "0.0.0.0" || host === "[::]";
  const here = `http://${everywhere ? "127.0.0.1" : host}:${port}/`;
  if (!everywhere || plan.host === undefined) return { here };
  return { here, elsewhere: `http://${bracketed(plan.host)}:${port}/?token=${plan.token}` };
}

function pageLines(plan: InitPlan): string[] {
  const page = pageAddresses(plan);
  if (page === undefined) return [];
  const from = page.elsewhere === undefined
    ? []
    : [`  ${page.elsewhere}   from another one (the token is asked for once)`];
  return ["Its page:", `  ${page.here}   on this machine`, ...from];
}

function hostOf(plan: InitPlan): string {
  return plan.host ?? "ADDRESS-OF-THIS-MACHINE";
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}

function meshtasticLines(plan: InitPlan): string[] {
  const host = bracketed(hostOf(plan));
  const address = plan.port === MQTT_PORT ? host : `${host}:${plan.port}`;
  // Its firmware takes the first colon for the one before the port.
  const hint = isIPv6(hostOf(plan))
    ? "   (a node takes no IPv6 address: give it a name or an IPv4 address of this machine)"
    : "";
  const root = `msh/${plan.region ?? "REGION"}`;
  const region = plan.region === undefined
    ? "   (REGION: the node's LoRa region, such as EU_868 or US)"
    : "";
  return [
    "In a Meshtastic node with WiFi or Ethernet. In the app, module configuration, MQTT:",
    ...table([
      ["Enabled", "on"],
      ["Server Address", `${address}${hint}`],
      ["Username", plan.username],
      ["Password", plan.password],
      ["Encryption Enabled", "on    (meshcapture has the channels' keys)"],
      ["JSON Enabled", "off"],
      ["TLS Enabled", "off"],
      ["Root Topic", `${root}${region}`],
      [
        "Client Proxy Enabled",
        "off   (on only for a node without a network of its own, see below)",
      ],
    ]),
    "In each channel that is to be captured:",
    ...table([["Uplink Enabled", "on"]]),
    "In the LoRa configuration of every node whose packets may be uplinked:",
    ...table([["OK to MQTT", "on"]]),
    "The same with Meshtastic's command line (the node restarts after each line):",
    `  meshtastic --set mqtt.address ${address} --set mqtt.username ${plan.username} --set mqtt.password ${plan.password} --set mqtt.root ${root} --set mqtt.encryption_enabled true --set mqtt.json_enabled false --set mqtt.tls_enabled false --set mqtt.enabled true`,
    "  meshtastic --ch-set uplink_enabled true --ch-index 0",
    "  meshtastic --set lora.config_ok_to_mqtt true",
  ];
}

function meshcoreLines(plan: InitPlan): string[] {
  // A code that looks like one would be copied.
  const iata = plan.iata ?? "<your airport's code, such as SJC>";
  return [
    "In a MeshCore observer with meshcoretomqtt, /etc/mctomqtt/config.d/99-user.toml:",
    "  [general]",
    `  iata = "${iata}"`,
    "  [[broker]]",
    '  name = "meshcapture"',
    "  enabled = true",
    `  server = "${hostOf(plan)}"`,
    `  port = ${plan.port}`,
    '  transport = "tcp"',
    "  [broker.tls]",
    "  enabled = false",
    "  [broker.auth]",
    '  method = "password"',
    `  username = "${plan.username}"`,
    `  password = "${plan.password}"`,
    "Its topics stay as they are: meshcore/{IATA}/{PUBLIC_KEY}/packets and …/status.",
    "In a MeshCore observer whose firmware speaks MQTT, on its console (3 is a free slot):",
    `  set mqtt.iata ${iata}`,
    "  set mqtt3.preset custom",
    `  set mqtt3.server ${hostOf(plan)}`,
    `  set mqtt3.port ${plan.port}`,
    `  set mqtt3.username ${plan.username}`,
    `  set mqtt3.password ${plan.password}`,
    "  reboot",
  ];
}

function usbLines(plan: InitPlan): string[] {
  const lines = ["A radio that has USB or Bluetooth only cannot reach a broker by itself:"];
  if (plan.networks.includes("meshtastic")) {
    lines.push(
      "  Meshtastic: turn on Client Proxy Enabled in the MQTT settings above; the phone's app then",
      "  passes everything on, as long as it is connected to the node and in the same network as",
      "  this machine.",
    );
  }
  if (plan.networks.includes("meshcore")) {
    lines.push(
      "  MeshCore: plug a repeater with packet logging into this machine and run meshcoretomqtt here,",
      `  with server = "127.0.0.1".`,
    );
  }
  return lines;
}
