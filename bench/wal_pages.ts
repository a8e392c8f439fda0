/** @module */

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/** Reads bytes of a file from a place on; fewer than asked for at its end. */
export type ReadAt = (at: number, length: number) => Uint8Array<ArrayBuffer>;

/**
 * Numbers of the pages in a write-ahead log that has been written from its beginning, in order: a
 * page that several commits have written is there several times.
 */
export function walPages(read: ReadAt): number[] {
  const header = read(0, HEADER_BYTES);
  if (header.length < HEADER_BYTES) return [];
  const view = viewOf(header);
  const step = FRAME_HEADER_BYTES + view.getUint32(8);
  const salt = view.getBigUint64(16);
  const pages: number[] = [];
  for (let at = HEADER_BYTES;; at += step) {
    const frame = read(at, FRAME_HEADER_BYTES);
    // What an earlier use of the file has left bears another salt.
    if (frame.length < FRAME_HEADER_BYTES || viewOf(frame).getBigUint64(8) !== salt) break;
    pages.push(viewOf(frame).getUint32(0));
  }
  return pages;
}

/** Reads of an open file. The pages themselves are skipped: a log may hold gigabytes. */
export function readAt(file: Deno.FsFile): ReadAt {
  const buffer = new Uint8Array(HEADER_BYTES);
  return (at, length) => {
    file.seekSync(at, Deno.SeekMode.Start);
    return buffer.subarray(0, file.readSync(buffer.subarray(0, length)) ?? 0);
  };
}

function viewOf(bytes: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
