/** Entry of the storage thread of a Meshtastic database. @module */
import { StorageBackend } from "../storage/storage_backend.ts";
import { serveStorage } from "../storage/storage_thread.ts";
import { MeshtasticWriter } from "./batch_writer.ts";
import { openMeshtasticDatabase } from "./open_store.ts";
import type { EncodedMeshtastic } from "./store_batch.ts";
import type { StoreInfo, ThreadOptions } from "./store.ts";

serveStorage<EncodedMeshtastic, ThreadOptions, StoreInfo>(
  (options, onJobError, onJobDone, onLongStep) => {
    const { derivedTables, maintenanceEveryMs } = options;
    const { database, origin, jobs, applied } = openMeshtasticDatabase(options);
    try {
      const withDetails = derivedTables === "auto" ? origin === "meshpipe" : derivedTables;
      const writer = new MeshtasticWriter(database.db, withDetails);
      const once = jobs.filter((job) => job.everyMs === 0).map((job) => job.name);
      const parts = { database, writer, jobs, maintenanceEveryMs };
      const backend = new StorageBackend<EncodedMeshtastic>(
        parts,
        onJobError,
        onJobDone,
        onLongStep,
      );
      return { backend, info: { origin, derivedTables: withDetails, applied, jobs: once } };
    } catch (error) {
      database[Symbol.dispose]();
      throw error;
    }
  },
);
