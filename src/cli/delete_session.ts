/** `meshcapture check --delete-session`: takes an abandoned session of ours off a broker. @module */
import { maskUrl } from "../capture/mask_url.ts";
import type { SourceConfig } from "../config/schema.ts";
import { deleteSession } from "../mqtt/delete_session.ts";
import { loginOptions } from "../mqtt/login_options.ts";
import { networkNamed } from "../networks.ts";
import { Reader } from "../storage/reader.ts";
import { isHeld } from "./database_findings.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { explain } from "./explain.ts";
import type { ServiceConfig } from "./service.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Deletes the session of `source` at its broker, or that of another client id. It refuses while a
 * service runs that may hold it; a client of that id elsewhere would be thrown off once.
 *
 * @param given a client id; undefined: the source's own
 */
export async function deleteOwnSession(
  terminal: Terminal,
  config: ServiceConfig,
  source: SourceConfig,
  given: string | undefined,
): Promise<ExitCode> {
  if (source.url.startsWith("embedded:")) {
    terminal.note(`${source.name} is the embedded broker: there is no session of ours at it`);
    return EXIT.usage;
  }
  const path = networkNamed(source.network)!.databasePath(config[source.network]);
  const own = source.client_id ?? knownClientId(path, source.name);
  const clientId = given ?? own;
  if (clientId === undefined) {
    terminal.note(
      `${source.name} has no client_id, and ${path} knows none: name the session, --delete-session CLIENT_ID`,
    );
    return EXIT.usage;
  }
  if (clientId === own && isHeld(path)) {
    terminal.note(
      `a running meshcapture holds ${path}, and with it the session ${clientId}: stop it first (nothing was changed)`,
    );
    return EXIT.failed;
  }
  try {
    const result = await deleteSession({
      url: source.url,
      clientId,
      ...loginOptions(source),
    }, terminal.clock);
    if (result.kind === "failed") {
      terminal.note(`the session could not be deleted: ${result.detail}`);
      return EXIT.failed;
    }
    const url = maskUrl(source.url);
    terminal.print(
      result.existed
        ? `${url}: the session ${clientId} is deleted, with its subscriptions and the messages that the broker kept for it`
        : `${url}: there was no session ${clientId}, so there was nothing to delete`,
    );
    if (result.existed && clientId === own) {
      terminal.print(
        "It was this source's own: the next run begins a new one, and records the time since the last as a gap.",
      );
    }
    return EXIT.ok;
  } catch (error) {
    terminal.note(explain(error));
    return EXIT.failed;
  }
}

/** The client id that a database keeps for a source. */
function knownClientId(path: string, source: string): string | undefined {
  try {
    using reader = new Reader(path);
    const [row] = reader.query<{ client_id: string }>(
      "SELECT client_id FROM capture_sources WHERE name = ?",
      source,
    );
    return row?.client_id || undefined;
  } catch {
    // No database, or none of ours.
    return undefined;
  }
}
