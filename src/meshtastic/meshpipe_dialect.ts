/** meshpipe-go's configuration file. @module */
import type { Dialect } from "../config/section.ts";
import { COMMON_KEYS, ownKey } from "./peer_keys.ts";

const served = (key: string, meaning: string, byDefault: string) =>
  ownKey(key, "served", meaning, byDefault);
const unserved = (key: string, meaning: string, byDefault: string) =>
  ownKey(key, "unserved", meaning, byDefault);

/** Keys and defaults of meshpipe's `config.yaml`. */
export const meshpipeDialect: Dialect = {
  name: "meshpipe",
  title: "meshpipe",
  keys: [
    ...COMMON_KEYS,
    served("capture_store_raw", "meshtastic.store_raw", "true"),
    served("observability_address", "observability.address", ":2112"),
    served(
      "maintenance_interval_minutes",
      "storage.maintenance_interval_minutes (0 means the default, as in meshpipe)",
      "360",
    ),
    served(
      "max_envelope_bytes",
      "meshtastic.max_envelope_bytes (0 means no limit, as in meshpipe)",
      "262144",
    ),
    served(
      "wal_autocheckpoint_pages",
      "storage.wal_autocheckpoint_pages",
      "1000 (ours counts where it is not given)",
    ),
    served("journal_size_limit_bytes", "storage.journal_size_limit_bytes", "67108864"),
    served("sqlite_cache_kib", "storage.cache_kib", "8192"),
    unserved("sqlite_disable_mmap", "memory-mapped reading is never used", "true"),
    unserved("grpc_enabled", "there is no gRPC server", "false"),
    unserved("grpc_listen_address", "there is no gRPC server", ":7443"),
    unserved("grpc_auth_token", "there is no gRPC server", "unset"),
    unserved("grpc_max_page_size", "there is no gRPC server", "500"),
  ],
  environment: "`MESHPIPE_` and the key in capitals; it wins over the same variable of `MALLA_`.",
};
