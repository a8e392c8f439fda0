/** @module */
import { writeState } from "../storage/capture_state.ts";
import { storageFailure } from "../storage/storage_failure.ts";
import { transaction } from "../storage/transaction.ts";
import type { EnumNames } from "./enum_names.ts";
import { returnMeshpipeNodes } from "./meshpipe_nodes.ts";
import { returnMeshpipePackets, REWRITTEN_UP_TO } from "./meshpipe_packets.ts";
import { openMeshtasticDatabase, ORIGIN } from "./open_store.ts";

/** What was given back. */
export interface MigrateBackSummary {
  /** Rows of `packet_history` that were rewritten. */
  readonly packets: number;
  /** Rows of `node_info` that were rewritten. */
  readonly nodes: number;
}

/**
 * Gives a database back to another program: its numbers and texts, so that it starts on the file and
 * reads it. The service must not run. Broken off, it can be called again; opened by meshcapture, the
 * file is brought to Malla's meaning anew.
 *
 * @param onProgress told the id of the last packet that is done.
 * @throws {StorageError} when the database is in use or refused.
 */
export function migrateBack(
  path: string,
  to: "meshpipe",
  names: EnumNames,
  nowMs: number,
  onProgress: (doneUpToId: number) => void = () => {},
): MigrateBackSummary {
  const { database } = openMeshtasticDatabase({
    path,
    settings: {},
    indexes: "minimal",
    retentionHours: 0,
    enumNames: names,
    nowSeconds: nowMs / 1000,
  });
  try {
    const { db } = database;
    // First the mark, so that a later start begins anew however far this one comes.
    transaction(db, () => {
      writeState(db, ORIGIN, to);
      writeState(db, REWRITTEN_UP_TO, 0);
    });
    const packets = returnMeshpipePackets(db, names, onProgress);
    const nodes = transaction(db, () => returnMeshpipeNodes(db, names));
    return { packets, nodes };
  } catch (error) {
    throw storageFailure(error, `${path} cannot be given back`);
  } finally {
    database[Symbol.dispose]();
  }
}
