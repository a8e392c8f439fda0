/** Malla's configuration file. @module */
import type { Dialect } from "../config/section.ts";
import { COMMON_KEYS, ownKey } from "./peer_keys.ts";

const web = (key: string, byDefault: string) =>
  ownKey(key, "ignored", "the web UI's; left alone", byDefault);

/** Keys and defaults of Malla's `config.yaml`, shared by its capture and its web UI. */
export const mallaDialect: Dialect = {
  name: "malla",
  title: "Malla",
  keys: [
    ...COMMON_KEYS,
    ownKey("mqtt_client_id", "served", "sources.0.client_id", "generated"),
    ownKey("data_retention_hours", "served", "meshtastic.retention_hours", "0"),
    web("home_markdown", ""),
    web("secret_key", ""),
    web("host", "0.0.0.0"),
    web("port", "5008"),
    web("debug", "false"),
    web("trusted_proxy_ips", "unset"),
    web("trusted_proxy_client_ip_header", "X-Forwarded-For"),
    web("otlp_endpoint", "unset"),
    web("gunicorn_workers", "unset"),
    web("gunicorn_threads", "1"),
  ],
  environment:
    "`MALLA_` and the key in capitals; also `CAPTURE_STORE_RAW` and `CAPTURE_IMPL` without a prefix.",
};
