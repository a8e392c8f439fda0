/** Runs a few lines of TypeScript in a process of their own, under permissions. @module */
import { fromFileUrl } from "./paths.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** Options of {@linkcode runScript}. */
export interface RunScriptOptions {
  /** Permission flags, such as `--allow-env`. @default none */
  readonly permissions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `script`, whose imports are relative to the project's root, and gives what it printed. */
export async function runScript(
  script: string,
  options: RunScriptOptions = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command("deno", {
    args: ["run", "--no-lock", "--no-prompt", "--ext=ts", ...options.permissions ?? [], "-"],
    cwd: ROOT,
    env: { ...options.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const output = await child.output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}
