/** Where measurements keep their files. @module */
import { type BenchNetwork, rowMessages } from "./networks.ts";
import { type BenchMessage, encodeTraffic } from "./traffic_file.ts";

/** Everything is written below it; traffic and large databases stay there for the next run. */
export const FOLDER = "dist/bench";

/** When the radios of a burst live: a fixed time, so that its bytes are the same every day. */
const BURST_START_MS = 1_760_000_000_000;
/**
 * Traffic of another seed lives so much earlier. At the same second, two meshes may well send the
 * same bytes, and in MeshCore that is the same packet.
 */
const SEED_APART_MS = 365 * 86_400_000;

/** Path of a file with the first `messages` of a network's traffic, made where it is missing. */
export async function burstFile(
  network: BenchNetwork,
  messages: number,
  seed = 1,
): Promise<string> {
  Deno.mkdirSync(FOLDER, { recursive: true });
  const path = `${FOLDER}/traffic-${network.name}-${messages}-${seed}.bin`;
  try {
    Deno.statSync(path);
    return path;
  } catch {
    // It is made now.
  }
  const burst: BenchMessage[] = [];
  const startMs = BURST_START_MS - (seed - 1) * SEED_APART_MS;
  if (messages > 0) {
    for await (const message of rowMessages(network, seed, startMs)) {
      burst.push(message);
      if (burst.length === messages) break;
    }
  }
  Deno.writeFileSync(`${path}.part`, encodeTraffic(burst));
  Deno.renameSync(`${path}.part`, path);
  return path;
}

/** An empty folder for one measurement, removed at its end, and the signal that ends it early. */
export class RunFolder implements Disposable {
  /** Ends the processes of the measurement, and so the measurement. */
  readonly signal: AbortSignal;
  /** Path, below {@linkcode FOLDER}. */
  readonly path: string = `${FOLDER}/run-${crypto.randomUUID().slice(0, 8)}`;

  /** Makes it. */
  constructor(signal: AbortSignal) {
    this.signal = signal;
    Deno.mkdirSync(this.path, { recursive: true });
  }

  /** Path of a file in it. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Removes it with all that is in it. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
