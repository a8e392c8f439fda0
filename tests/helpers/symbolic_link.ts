/** Links, which only a process that may write anywhere may make: tests may not. @module */
import assert from "node:assert/strict";

/** Makes `path` a symbolic link to `target`. */
export async function symbolicLink(target: string, path: string): Promise<void> {
  const code = `Deno.symlinkSync(${JSON.stringify(target)}, ${JSON.stringify(path)})`;
  const { success, stderr } = await new Deno.Command("deno", {
    args: ["eval", "--no-lock", code],
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  assert.ok(Deno.lstatSync(path).isSymlink);
}
