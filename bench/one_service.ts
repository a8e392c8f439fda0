/** The configuration of a service that listens to one broker for one network. @module */
import type { BenchNetwork, Indexes } from "./networks.ts";
import type { Sections } from "./service.ts";

/** Sections in our own words; `more` adds to them, `own` to the network's. */
export function oneService(
  network: BenchNetwork,
  indexes: Indexes,
  database: string,
  port: number,
  more: Sections = {},
  own: Sections = {},
): Sections {
  return {
    sources: [{
      name: "bench",
      network: network.name,
      url: `mqtt://127.0.0.1:${port}`,
      topics: [network.filter],
    }],
    [network.name]: { ...network.section(database, indexes), ...own },
    ...more,
  };
}
