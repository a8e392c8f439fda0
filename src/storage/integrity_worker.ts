/// <reference lib="deno.worker" />
/** Entry of the thread that checks a database, beside the one that writes it. @module */
import { DatabaseSync } from "node:sqlite";
import type { IntegrityAnswer } from "./check_integrity.ts";
import { integrityCheck } from "./maintenance.ts";
import { storageFailure } from "./storage_failure.ts";
import { errorParts } from "./thread_protocol.ts";

const worker = self as unknown as {
  onmessage: ((event: MessageEvent<string>) => void) | null;
  postMessage(answer: IntegrityAnswer): void;
};

worker.onmessage = ({ data: path }) => worker.postMessage(check(path));

/** A file so broken that the check itself fails is a finding, not a failure. */
function check(path: string): IntegrityAnswer {
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      db.exec("PRAGMA busy_timeout = 5000");
      // prepare() of Deno 2.4 does not say why it fails; exec() does.
      db.exec("PRAGMA schema_version");
      return { kind: "checked", findings: integrityCheck(db) };
    } finally {
      db.close();
    }
  } catch (error) {
    const failure = storageFailure(error, `${path} cannot be checked`);
    return failure.reason === "corrupt" || failure.reason === "not_a_database"
      ? { kind: "checked", findings: [failure.message] }
      : { kind: "failed", error: errorParts(failure) };
  }
}
