/** Entry of the storage thread of a MeshCore database. @module */
import { StorageBackend } from "../storage/storage_backend.ts";
import { serveStorage } from "../storage/storage_thread.ts";
import { openMeshcoreDatabase } from "./open_store.ts";
import type { MeshcoreRecord } from "./record.ts";
import type { StoreInfo, ThreadOptions } from "./store.ts";

serveStorage<readonly MeshcoreRecord[], ThreadOptions, StoreInfo>((options, onJobError) => {
  const { database, origin, writer, jobs, applied } = openMeshcoreDatabase(options);
  try {
    const { maintenanceEveryMs } = options;
    const backend = new StorageBackend({ database, writer, jobs, maintenanceEveryMs }, onJobError);
    return { backend, info: { origin, applied } };
  } catch (error) {
    database[Symbol.dispose]();
    throw error;
  }
});
