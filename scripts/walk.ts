/** Files below a folder. @module */

/** Paths of all files below `folder` whose name ends with `extension`, sorted. */
export function walkSync(folder: string, extension: string): string[] {
  const found: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) found.push(...walkSync(path, extension));
    else if (entry.name.endsWith(extension)) found.push(path);
  }
  return found.sort();
}
