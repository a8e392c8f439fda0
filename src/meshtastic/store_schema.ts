/** Indexes and views of a Meshtastic database. @module */
import full from "../../migrations/meshtastic/indexes_full.sql" with { type: "text" };
import meshpipe from "../../migrations/meshtastic/indexes_meshpipe.sql" with { type: "text" };
import minimal from "../../migrations/meshtastic/indexes_minimal.sql" with { type: "text" };
import views from "../../migrations/meshtastic/views.sql" with { type: "text" };
import { splitStatements } from "../storage/schema.ts";

/** `full`: all that Malla's web UI uses. `minimal`: for machines where no web UI opens the file. */
export type IndexSet = "full" | "minimal";

/** The CREATE INDEX statements of a set, and those of meshpipe's tables. */
export function indexStatements(set: IndexSet): string[] {
  return splitStatements((set === "full" ? full : minimal) + meshpipe);
}

/** The CREATE VIEW statements. */
export function viewStatements(): string[] {
  return splitStatements(views);
}
