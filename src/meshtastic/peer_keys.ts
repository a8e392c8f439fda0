/** The settings that Malla and meshpipe have in common. @module */
import type { DialectKey } from "../config/section.ts";

/** Default of both peers' `database_file`. */
export const PEER_DATABASE = "meshtastic_history.db";
/** Default of both peers' `mqtt_topic_prefix`. */
export const PEER_TOPIC_PREFIX = "msh";
/** Default of both peers' `mqtt_topic_suffix`. */
export const PEER_TOPIC_SUFFIX = "/+/+/+/#";

const both = (key: string, meaning: string, byDefault: string): DialectKey => ({
  key,
  use: "served",
  shared: true,
  meaning,
  default: byDefault,
});

/** Keys that both peers' files have. `capture_impl` is the flag of a dual run, and ours as well. */
export const COMMON_KEYS: readonly DialectKey[] = [
  both("database_file", "meshtastic.database", PEER_DATABASE),
  both("mqtt_broker_address", "host of sources.0.url", "127.0.0.1"),
  both("mqtt_port", "port of sources.0.url", "1883"),
  both("mqtt_username", "sources.0.username", "unset"),
  both("mqtt_password", "sources.0.password", "unset"),
  both("mqtt_topic_prefix", "first half of sources.0.topics", PEER_TOPIC_PREFIX),
  both("mqtt_topic_suffix", "second half of sources.0.topics", PEER_TOPIC_SUFFIX),
  both(
    "default_channel_key",
    "meshtastic.channels, one for each key of a comma list; the default key works besides",
    "the default key",
  ),
  both("log_level", "observability.log_level", "INFO"),
  both("capture_impl", "capture_impl", "meshcapture"),
  { key: "name", use: "ignored", shared: true, meaning: "name of the web page", default: "" },
];

/** A key that only one peer has. */
export function ownKey(
  key: string,
  use: DialectKey["use"],
  meaning: string,
  byDefault: string,
): DialectKey {
  return { key, use, shared: false, meaning, default: byDefault };
}
