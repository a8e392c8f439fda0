/** A small disk of a test's own, where the user may mount one. @module */
import { Scratch } from "../helpers/scratch.ts";

/** Why no disk can be mounted here; undefined: it can. */
export const cannotMount: string | undefined = await probe();

if (cannotMount !== undefined) {
  // deno-lint-ignore no-console -- a skip must be seen
  console.warn(`no disk can be mounted here (${cannotMount}): the tests that need one are skipped`);
}

async function run(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function probe(): Promise<string | undefined> {
  using scratch = new Scratch("mount");
  const failed = await run("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", scratch.path]);
  if (failed !== undefined) return failed;
  return await run("umount", [scratch.path]);
}

/** A disk in memory; unmounted when it is disposed of. */
export class SmallDisk implements AsyncDisposable {
  readonly #scratch: Scratch;
  readonly path: string;

  private constructor(scratch: Scratch) {
    this.#scratch = scratch;
    this.path = scratch.path;
  }

  /** Mounts one of `mib` MiB. */
  static async mount(mib: number): Promise<SmallDisk> {
    const scratch = new Scratch("disk");
    const failed = await run("mount", ["-t", "tmpfs", "-o", `size=${mib}m`, "tmpfs", scratch.path]);
    if (failed !== undefined) {
      scratch[Symbol.dispose]();
      throw new Error(`mount: ${failed}`);
    }
    return new SmallDisk(scratch);
  }

  /** Lets it be read alone, or written again. */
  async readOnly(only: boolean): Promise<void> {
    const failed = await run("mount", ["-o", `remount,${only ? "ro" : "rw"}`, this.path]);
    if (failed !== undefined) throw new Error(`mount: ${failed}`);
  }

  /** Fills what is free with a file. */
  fill(): void {
    using file = Deno.openSync(`${this.path}/ballast`, { append: true, create: true });
    for (const size of [1_048_576, 4096]) {
      try {
        for (;;) file.writeSync(new Uint8Array(size));
      } catch (error) {
        if (!/space/i.test(String(error))) throw error;
      }
    }
  }

  /** Takes that file away. */
  free(): void {
    Deno.removeSync(`${this.path}/ballast`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failed = await run("umount", [this.path]);
    if (failed !== undefined) throw new Error(`umount: ${failed}`);
    this.#scratch[Symbol.dispose]();
  }
}
