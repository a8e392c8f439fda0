/** Indexes and views of a MeshCore database. @module */
import indexes from "../../migrations/meshcore/indexes.sql" with { type: "text" };
import views from "../../migrations/meshcore/views.sql" with { type: "text" };
import { splitStatements } from "../storage/schema.ts";

/**
 * The index that tells one observation from another. The writer cannot work without it, so it is
 * made at once, not by the job that builds the others.
 */
export const DEDUP_INDEX =
  `CREATE UNIQUE INDEX idx_observations_dedup ON observations (transmission_id, observer_idx, COALESCE(path_json, ''))`;

/** The CREATE INDEX statements. */
export function indexStatements(): string[] {
  return splitStatements(indexes);
}

/** The CREATE VIEW statements. */
export function viewStatements(): string[] {
  return splitStatements(views);
}
