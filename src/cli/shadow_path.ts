/** @module */

/** Where a shadow keeps its database: `dir/name.db` → `dir/name.shadow.db`. */
export function shadowPath(path: string): string {
  const dot = path.lastIndexOf(".");
  if (dot <= path.lastIndexOf("/") + 1) return `${path}.shadow.db`;
  return `${path.slice(0, dot)}.shadow${path.slice(dot)}`;
}
