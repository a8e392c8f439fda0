/** Entry of the storage thread of a MeshCore database. @module */
import { StorageBackend } from "../storage/storage_backend.ts";
import { serveStorage } from "../storage/storage_thread.ts";
import { openMeshcoreDatabase } from "./open_store.ts";
import { type EncodedMeshcore, PackedWriter } from "./store_batch.ts";
import type { StoreInfo, ThreadOptions } from "./store.ts";

serveStorage<EncodedMeshcore, ThreadOptions, StoreInfo>(
  (options, onJobError, onJobDone, onLongStep) => {
    const { database, origin, writer, jobs, applied } = openMeshcoreDatabase(options);
    try {
      const { maintenanceEveryMs } = options;
      const once = jobs.filter((job) => job.everyMs === 0).map((job) => job.name);
      const parts = { database, writer: new PackedWriter(writer), jobs, maintenanceEveryMs };
      const backend = new StorageBackend(parts, onJobError, onJobDone, onLongStep);
      return { backend, info: { origin, applied, jobs: once } };
    } catch (error) {
      database[Symbol.dispose]();
      throw error;
    }
  },
);
