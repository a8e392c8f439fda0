/** @module */

/**
 * What a file holds, by how it begins: nothing but blanks, a SQLite database, something compressed
 * with gzip, an object as the lines of a recording are, or something else.
 */
export type FileKind = "blank" | "database" | "gzip" | "object" | "other";

const DATABASE = new TextEncoder().encode("SQLite format 3\0");
const GZIP = new Uint8Array([0x1f, 0x8b]);
const BYTE_ORDER_MARK = new Uint8Array([0xef, 0xbb, 0xbf]);
const BRACE = 0x7b;
const CHUNK_BYTES = 4096;

/** Tells what `file` holds; it is read from where it stands, which should be its beginning. */
export async function fileKind(file: Deno.FsFile): Promise<FileKind> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  for (let first = true;; first = false) {
    const read = await file.read(chunk);
    if (read === null) return "blank";
    let bytes = chunk.subarray(0, read);
    if (first) {
      if (beginsWith(bytes, DATABASE)) return "database";
      if (beginsWith(bytes, GZIP)) return "gzip";
      if (beginsWith(bytes, BYTE_ORDER_MARK)) bytes = bytes.subarray(BYTE_ORDER_MARK.length);
    }
    const content = bytes.find((byte) => !isBlank(byte));
    if (content !== undefined) return content === BRACE ? "object" : "other";
  }
}

function beginsWith(bytes: Uint8Array, beginning: Uint8Array): boolean {
  return beginning.every((byte, i) => bytes[i] === byte);
}

/** Tab, line feed, vertical tab, form feed, carriage return and space. */
function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
