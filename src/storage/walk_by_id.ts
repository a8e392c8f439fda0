/**
 * Retention of a table that has no index by time. Ids go with time, but for what was written while the
 * clock was wrong.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";

/** Rows that are looked at in a step. */
const WINDOW = 500;

/** Moments, each as the table's column has them. */
export interface WalkTimes {
  /** Rows of before it go. */
  readonly cutoff: number | string;
  /** Rows of before it are of a clock that was not set: they say nothing of other rows' age. */
  readonly clockWasSet: number | string;
  /** Rows of after it are of a clock that was ahead: they go with those that came after them. */
  readonly ahead: number | string;
}

/**
 * A step of the walk along the ids of `table`, to be called in a transaction: deletes up to `rows` rows
 * that are too old by their `column`. True while there is more to do; then the next walk begins.
 *
 * The walk ends where all rows of a window are of a time that is not over. So rows whose clock was
 * ahead by less than they are kept may hold up those behind them for as long as it was ahead.
 */
export function walkById(
  db: DatabaseSync,
  table: string,
  column: string,
): (times: WalkTimes, rows: number) => boolean {
  const select = db.prepare(
    `SELECT id, ${column} < ? AS old, ${column} >= ? AS dated, ${column} > ? AS ahead
     FROM ${table} WHERE id > ? ORDER BY id LIMIT ${WINDOW}`,
  );
  const remove = db.prepare(`DELETE FROM ${table} WHERE id = ?`);
  /** The last row that was looked at, and the youngest by its id that went by its age. */
  let at = 0;
  let reached = 0;
  let firstAhead = Infinity;

  return ({ cutoff, clockWasSet, ahead }, rows) => {
    let deleted = 0;
    let goesOn = false;
    for (const row of select.all(cutoff, clockWasSet, ahead, at)) {
      const id = Number(row["id"]);
      const isAhead = row["ahead"] === 1;
      if (row["old"] === 1 || (isAhead && id < reached)) {
        if (deleted === rows) return true;
        remove.run(id);
        deleted++;
        goesOn = true;
        if (!isAhead && row["dated"] === 1) reached = Math.max(reached, id);
      } else if (isAhead) {
        firstAhead = Math.min(firstAhead, id);
        goesOn = true;
      }
      at = id;
    }
    if (goesOn) return true;
    // Behind rows that are ahead came some that were old: once more, for those.
    const again = firstAhead < reached;
    at = 0;
    firstAhead = Infinity;
    if (!again) reached = 0;
    return again;
  };
}
