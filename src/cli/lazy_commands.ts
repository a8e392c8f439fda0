/**
 * The commands, each loaded when it is asked for: a health check every half minute should not cost
 * what the service costs.
 *
 * @module
 */
import type { ExitCode } from "./exit_codes.ts";

/** As `backup` of backup.ts. */
export async function backup(
  ...args: Parameters<typeof import("./backup.ts").backup>
): Promise<ExitCode> {
  return await (await import("./backup.ts")).backup(...args);
}

/** As `check` of check.ts. */
export async function check(
  ...args: Parameters<typeof import("./check.ts").check>
): Promise<ExitCode> {
  return await (await import("./check.ts")).check(...args);
}

/** As `compact` of compact.ts. */
export async function compact(
  ...args: Parameters<typeof import("./compact.ts").compact>
): Promise<ExitCode> {
  return await (await import("./compact.ts")).compact(...args);
}

/** As `decryptExplain` of decrypt_explain.ts. */
export async function decryptExplain(
  ...args: Parameters<typeof import("./decrypt_explain.ts").decryptExplain>
): Promise<ExitCode> {
  return await (await import("./decrypt_explain.ts")).decryptExplain(...args);
}

/** As `demo` of demo.ts. */
export async function demo(
  ...args: Parameters<typeof import("./demo.ts").demo>
): Promise<ExitCode> {
  return await (await import("./demo.ts")).demo(...args);
}

/** As `diff` of diff.ts. */
export async function diff(
  ...args: Parameters<typeof import("./diff.ts").diff>
): Promise<ExitCode> {
  return await (await import("./diff.ts")).diff(...args);
}

/** As `healthcheck` of healthcheck.ts. */
export async function healthcheck(
  ...args: Parameters<typeof import("./healthcheck.ts").healthcheck>
): Promise<ExitCode> {
  return await (await import("./healthcheck.ts")).healthcheck(...args);
}

/** As `init` of init.ts. */
export async function init(
  ...args: Parameters<typeof import("./init.ts").init>
): Promise<ExitCode> {
  return await (await import("./init.ts")).init(...args);
}

/** As `migrate` of migrate.ts. */
export async function migrate(
  ...args: Parameters<typeof import("./migrate.ts").migrate>
): Promise<ExitCode> {
  return await (await import("./migrate.ts")).migrate(...args);
}

/** As `record` of record.ts. */
export async function record(
  ...args: Parameters<typeof import("./record.ts").record>
): Promise<ExitCode> {
  return await (await import("./record.ts")).record(...args);
}

/** As `replay` of replay.ts. */
export async function replay(
  ...args: Parameters<typeof import("./replay.ts").replay>
): Promise<ExitCode> {
  return await (await import("./replay.ts")).replay(...args);
}

/** As `restore` of restore.ts. */
export async function restore(
  ...args: Parameters<typeof import("./restore.ts").restore>
): Promise<ExitCode> {
  return await (await import("./restore.ts")).restore(...args);
}

/** As `run` of run.ts. */
export async function run(
  ...args: Parameters<typeof import("./run.ts").run>
): Promise<ExitCode> {
  return await (await import("./run.ts")).run(...args);
}
