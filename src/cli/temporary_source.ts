/** @module */
import { SourceLedger } from "../capture/ledger.ts";
import type { SourceConfig } from "../config/schema.ts";
import { createSource, type CreateSourceOptions } from "../mqtt/create_source.ts";
import type { Source, SourceParts } from "../mqtt/source_types.ts";

/**
 * A source for a command that only looks for a while: with a client id of its own and a clean session
 * it takes nothing from the service that uses the same configuration, and leaves nothing at the broker.
 *
 * @param purpose of which the client id tells the broker's operator
 */
export function temporarySource(
  config: SourceConfig,
  purpose: "check" | "record",
  parts: Omit<SourceParts, "ledger">,
  options: Pick<CreateSourceOptions, "brokers"> = {},
): Source {
  const ledger = new SourceLedger(config.name, { session: 0, entries: new Uint8Array(0) }, {
    beginSession: () => Promise.resolve(),
  });
  const clientId = `meshcapture-${purpose}-${crypto.randomUUID().slice(0, 8)}`;
  return createSource(config, clientId, { ...parts, ledger }, { ...options, shadow: true });
}
