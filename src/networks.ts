/** The one registry of radio networks. @module */
import { meshcore } from "./meshcore/descriptor.ts";
import { meshtastic } from "./meshtastic/descriptor.ts";
import type { NetworkDescriptor } from "./network_descriptor.ts";

/** Every network that this executable knows; the first is the default of a source. */
export const networks: readonly [NetworkDescriptor, ...NetworkDescriptor[]] = [
  meshtastic as NetworkDescriptor,
  meshcore as NetworkDescriptor,
];

/** The networks' parts of the configuration. */
export const configSections = [meshtastic.section, meshcore.section] as const;

/** The descriptor of a network by its name. */
export function networkNamed(name: string): NetworkDescriptor | undefined {
  return networks.find((one) => one.name === name);
}
