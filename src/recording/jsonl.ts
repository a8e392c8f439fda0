/**
 * Reads a recording from a file of any size in bounded memory. The format is described at
 * {@linkcode parseLine}; a byte order mark, CRLF and blank lines are tolerated.
 *
 * @module
 */
import type { RecordedEntry, Recording } from "./entry.ts";
import { parseLine } from "./jsonl_line.ts";

/** How a {@linkcode JsonlRecording} is read. */
export interface JsonlOptions {
  /** Name of the source of lines that do not give one. Default `recording`. */
  source?: string;
  /** Lines beyond this many bytes are a problem `too_long` and are skipped. Default 16 MiB. */
  maxLineBytes?: number;
}

const LF = 0x0a;
const CR = 0x0d;
const BRACE = 0x7b;
const CHUNK_BYTES = 65_536;

/**
 * A recording in a file. Nothing is opened before `entries()` is iterated; each iteration opens the
 * file anew and closes it at its end.
 *
 * @example
 * ```ts
 * const recording = new JsonlRecording("traffic.jsonl");
 * const tally = new ReadTally();
 * for await (const message of messagesOf(recording, tally)) handle(message);
 * ```
 */
export class JsonlRecording implements Recording {
  /** Path of the file. */
  readonly path: string;
  readonly #source: string;
  readonly #maxLineBytes: number;

  /** Opens nothing before it is read. */
  constructor(path: string, options: JsonlOptions = {}) {
    this.path = path;
    this.#source = options.source ?? "recording";
    this.#maxLineBytes = options.maxLineBytes ?? 16 * 1024 * 1024;
  }

  /**
   * The lines in order; blank ones are passed over.
   *
   * @throws what opening or reading the file throws, and the signal's reason when it is aborted.
   */
  async *entries(signal?: AbortSignal): AsyncGenerator<RecordedEntry, void, undefined> {
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    let number = 0;
    for await (const { line, ended } of this.#lines(signal)) {
      number++;
      if (line === "too_long") {
        yield {
          kind: "problem",
          position: number,
          reason: "too_long",
          detail: `longer than ${this.#maxLineBytes} bytes`,
        };
        continue;
      }
      let text: string;
      try {
        text = utf8.decode(line);
      } catch {
        const detail = "the line is not valid UTF-8";
        const problem = { kind: "problem", position: number, reason: "not_utf8", detail } as const;
        yield ended ? problem : asCutOff(problem, line);
        continue;
      }
      if (text.trim() === "") continue;
      const entry = parseLine(text, number, this.#source);
      yield ended ? entry : asCutOff(entry, line);
    }
  }

  /** Lines without their ending; a line is valid until the next one is asked for. */
  async *#lines(signal?: AbortSignal): AsyncGenerator<Line, void, undefined> {
    signal?.throwIfAborted();
    using file = await Deno.open(this.path, { read: true });
    const chunk = new Uint8Array(CHUNK_BYTES);
    let held: Uint8Array[] = [];
    let heldBytes = 0;
    let tooLong = false;
    let first = true;

    const take = (tail: Uint8Array): Uint8Array | "too_long" => {
      const line = held.length === 0 ? tail : concat([...held, tail]);
      const whole = tooLong || heldBytes + tail.length > this.#maxLineBytes ? undefined : line;
      held = [];
      heldBytes = 0;
      tooLong = false;
      const wasFirst = first;
      first = false;
      return whole === undefined ? "too_long" : trimLine(whole, wasFirst);
    };

    for (;;) {
      signal?.throwIfAborted();
      const read = await file.read(chunk);
      if (read === null) break;
      let start = 0;
      for (let end; (end = chunk.indexOf(LF, start)) !== -1 && end < read; start = end + 1) {
        yield { line: take(chunk.subarray(start, end)), ended: true };
      }
      // What is left belongs to a line that goes on in the next chunk.
      heldBytes += read - start;
      if (heldBytes > this.#maxLineBytes) {
        tooLong = true;
        held = [];
      } else if (read > start) {
        held.push(chunk.slice(start, read));
      }
    }
    if (heldBytes > 0) yield { line: take(new Uint8Array()), ended: false };
  }
}

/** A line, and whether a line feed follows it. */
interface Line {
  readonly line: Uint8Array | "too_long";
  readonly ended: boolean;
}

/**
 * What a last line without a line feed is: where it is the beginning of an object, it was cut off
 * while it was written, and nobody has damaged it.
 */
function asCutOff(entry: RecordedEntry, line: Uint8Array): RecordedEntry {
  if (entry.kind === "message" || line[0] !== BRACE) return entry;
  if (entry.reason !== "not_json" && entry.reason !== "not_utf8") return entry;
  const detail = "the last line was cut off while it was written";
  return { ...entry, reason: "cut_off", detail };
}

/** Without a carriage return at its end and, in the first line, a byte order mark. */
function trimLine(line: Uint8Array, first: boolean): Uint8Array {
  const from = first && line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? 3 : 0;
  const to = line.length > from && line[line.length - 1] === CR ? line.length - 1 : line.length;
  return line.subarray(from, to);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
