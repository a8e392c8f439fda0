/** Exit codes of every command. @module */

/** 0 ok, 1 failed, 2 usage or configuration, 3 differs. */
export const EXIT = { ok: 0, failed: 1, usage: 2, differs: 3 } as const;

/** One of {@linkcode EXIT}. */
export type ExitCode = typeof EXIT[keyof typeof EXIT];
