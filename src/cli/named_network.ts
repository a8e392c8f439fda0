/** The network that `--network` names. @module */
import type { NetworkDescriptor } from "../network_descriptor.ts";
import { networkNamed, networks } from "../networks.ts";
import type { Terminal } from "./terminal.ts";

/** Its descriptor; undefined, and said which there are, where it is unknown. */
export function namedNetwork(terminal: Terminal, name: string): NetworkDescriptor | undefined {
  const descriptor = networkNamed(name);
  if (descriptor === undefined) {
    const known = networks.map((one) => one.name).join(", ");
    terminal.note(`--network ${name}: unknown; known: ${known}`);
  }
  return descriptor;
}
