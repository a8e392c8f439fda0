/** The bundle that is measured, made of the sources as they are. @module */

/**
 * Makes dist/bundle.
 *
 * @throws {Error} with what the bundler said, when it cannot.
 */
export async function makeBundle(signal: AbortSignal): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["scripts/bundle.sh"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    signal,
  }).output();
  if (success) return;
  throw new Error(`the bundle could not be made: ${new TextDecoder().decode(stderr)}`);
}
