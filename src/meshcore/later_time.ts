/**
 * A time column that only goes forward. Parameters are not numbered in any statement of ours: Deno
 * 2.4 binds values by position to those without number or name alone.
 *
 * @module
 */
import { DAY_MS, isoSeconds } from "./store_times.ts";

/**
 * SQL for the later of a column and a time (both text), with the parameters of
 * {@linkcode laterValues}. A time in the column that lies more than a day ahead was written while
 * some clock was wrong, and gives way.
 */
export function laterOf(column: string): string {
  return `CASE WHEN ? IS NULL OR (${column} > ? AND ${column} <= ?) THEN ${column} ELSE ? END`;
}

/** Parameters of {@linkcode laterOf}. Null: the column stays as it is. */
export function laterValues(time: string | null): (string | null)[] {
  const dayAfter = time === null ? null : isoSeconds(Date.parse(time) + DAY_MS);
  return [time, time, dayAfter, time];
}
