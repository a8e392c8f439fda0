/** Indexes and views of a MeshCore database. @module */
import indexes from "../../migrations/meshcore/indexes.sql" with { type: "text" };
import views from "../../migrations/meshcore/views.sql" with { type: "text" };
import { splitStatements } from "../storage/schema.ts";

/** Name of the index that tells one observation from another; the writer cannot work without it. */
export const DEDUP_INDEX = "idx_observations_dedup";

/** The CREATE INDEX statements, in the order in which a new file gets them. */
export function indexStatements(): string[] {
  return splitStatements(indexes);
}

/** The CREATE VIEW statements. */
export function viewStatements(): string[] {
  return splitStatements(views);
}
