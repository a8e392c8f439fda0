/** Reads what strace wrote with `-f -yy -xx`: system calls in the order in which they happened. @module */

/** One system call. Its places in the trace tell what came before what. */
export interface TracedCall {
  readonly name: string;
  /** What the descriptor stands for: a path, or `TCP:[from->to]`. */
  readonly target: string;
  /** Bytes read or written, where it has some. */
  readonly data: Uint8Array;
  /** The last argument where it is a number: offset of a pwrite64, length of an ftruncate. */
  readonly last: number;
  readonly result: number;
  readonly beginsAt: number;
  readonly endsAt: number;
}

/** Whether processes can be traced here. */
export async function canTrace(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("strace", {
      args: ["-D", "-f", "-yy", "-o", "/dev/null", "true"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

/** Calls that ended well, in the order in which they ended. */
export function parseTrace(text: string): TracedCall[] {
  const calls: TracedCall[] = [];
  const unfinished = new Map<string, { text: string; at: number }>();
  text.split("\n").forEach((line, at) => {
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === undefined || rest === undefined) return;
    const cut = rest.indexOf(" <unfinished ...>");
    if (cut >= 0) {
      unfinished.set(thread, { text: rest.slice(0, cut), at });
      return;
    }
    const [resumed] = /^<\.\.\. \w+ resumed>/.exec(rest) ?? [];
    if (resumed === undefined) {
      const call = parseCall(rest, at, at);
      if (call !== undefined) calls.push(call);
      return;
    }
    const begun = unfinished.get(thread);
    unfinished.delete(thread);
    if (begun === undefined) return;
    const call = parseCall(begun.text + rest.slice(resumed.length), begun.at, at);
    if (call !== undefined) calls.push(call);
  });
  return calls;
}

function parseCall(text: string, beginsAt: number, endsAt: number): TracedCall | undefined {
  const head = /^(\w+)\(\d+<((?:->|[^>])*)>/.exec(text);
  const end = /\) += (\d+)$/.exec(text);
  if (head === null || end === null) return undefined;
  // A vector's pieces follow each other.
  const pieces = [...text.slice(head[0].length).matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)]
    .map(([, hex]) => unhex(hex!));
  return {
    name: head[1]!,
    target: head[2]!.startsWith("\\x") ? new TextDecoder().decode(unhex(head[2]!)) : head[2]!,
    data: concat(pieces),
    last: Number(/, (\d+)\) += \d+$/.exec(text)?.[1] ?? NaN),
    result: Number(end[1]),
    beginsAt,
    endsAt,
  };
}

function unhex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 4);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = parseInt(text.slice(i * 4 + 2, i * 4 + 4), 16);
  }
  return bytes;
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A packet of MQTT on a traced connection, and where its last byte crossed. */
export interface TracedPacket {
  /** 3: PUBLISH, 4: PUBACK. */
  readonly type: number;
  readonly body: Uint8Array;
  readonly call: TracedCall;
}

/** Splits one direction of a connection into packets. */
export function packetsOf(calls: readonly TracedCall[]): TracedPacket[] {
  const packets: TracedPacket[] = [];
  let rest = new Uint8Array(0);
  for (const call of calls) {
    rest = new Uint8Array([...rest, ...call.data.subarray(0, call.result)]);
    for (;;) {
      let length = 0;
      let at = 1;
      for (;; at++) {
        if (at >= rest.length) break;
        length |= (rest[at]! & 0x7f) << (7 * (at - 1));
        if (rest[at]! < 0x80) break;
      }
      const end = at + 1 + length;
      if (at >= rest.length || rest.length < end) break;
      packets.push({ type: rest[0]! >> 4, body: rest.slice(at + 1, end), call });
      rest = rest.slice(end);
    }
  }
  return packets;
}

/** Packet identifier of a PUBLISH at QoS 1, or of a PUBACK. */
export function packetId({ type, body }: TracedPacket): number {
  const at = type === 3 ? 2 + (body[0]! << 8 | body[1]!) : 0;
  return body[at]! << 8 | body[at + 1]!;
}
