/** The Meshtastic part of the configuration. @module */
import * as z from "zod/mini";
import type { NetworkConfigSection } from "../config/section.ts";
import { characters, group, integer, judged, list, object } from "../config/schema_parts.ts";
import { setting } from "../config/setting.ts";
import { mallaDialect } from "./malla_dialect.ts";
import { meshpipeDialect } from "./meshpipe_dialect.ts";
import { readPeers } from "./peer_settings.ts";
import { pskFault } from "./psk_text.ts";

const psk = () => judged(pskFault);
const PSK_ALLOWED = "base64 of 1 to 32 bytes";

const schema = group({
  database: setting(z._default(characters(1, 4096), "meshtastic.db"), {
    title: "Database",
    description:
      "SQLite file, relative to the working directory. A database of Malla or meshpipe is taken over in place. The directory must be writable too.",
    example: "/var/lib/meshcapture/meshtastic.db",
    allowed: "a path",
  }),
  channels: setting(
    z._default(
      list(
        object({
          name: setting(z.optional(characters(1, 64)), {
            title: "Channel name",
            description:
              "Name of the channel as the radios have it. Without it, the key is tried on any channel.",
            example: "MyPrivate",
            defaultText: "any channel",
          }),
          psk: setting(psk(), {
            title: "Channel key",
            description:
              "Pre-shared key as the Meshtastic app shows it, in every form of the firmware: 1 byte (`AQ==` is the default key), up to 16 bytes (AES-128), up to 32 bytes (AES-256).",
            example: "AQ==",
            secret: true,
            allowed: PSK_ALLOWED,
          }),
        }, { title: "Channel", description: "One channel and its key." }),
        1000,
      ),
      [],
    ),
    {
      title: "Channels",
      description: "Keys of encrypted channels, beside the default key.",
      example: [{ name: "MyPrivate", psk: "AQ==" }],
    },
  ),
  default_psk: setting(z._default(psk(), "AQ=="), {
    title: "Default key",
    description: "Key of channels that are not listed. `AQ==` is the firmware's default key.",
    example: "AQ==",
    secret: true,
    allowed: PSK_ALLOWED,
  }),
  store_raw: setting(z._default(z.boolean(), true), {
    title: "Keep envelopes",
    description:
      "Whether the whole MQTT payload is kept beside what was read from it. Without it, Malla's pages lose replies and reactions, and nothing can be decrypted later with a key that is found then.",
    example: true,
  }),
  max_envelope_bytes: setting(z._default(integer(64, 268_435_455), 262_144), {
    title: "Largest envelope",
    description: "Longer payloads are dropped before decoding, and counted.",
    unit: "bytes",
    example: 65_536,
  }),
  indexes: setting(z._default(z.enum(["full", "minimal"]), "full"), {
    title: "Indexes",
    description:
      "`full`: the indexes of Malla's web UI. `minimal`: those that capture needs, for a machine where no web UI opens the file; stores several times as fast.",
    example: "minimal",
  }),
  derived_tables: setting(z._default(z.union([z.literal("auto"), z.boolean()]), "auto"), {
    title: "Derived tables",
    description:
      "Whether texts, positions, telemetry, traceroutes and the like are also written to the tables that meshpipe has for them. `auto`: where the database has these tables already.",
    example: true,
  }),
  retention_hours: setting(z._default(integer(0, 1_000_000), 0), {
    title: "Retention",
    description:
      "Packets older than this are deleted, a few at a time. 0: nothing is ever deleted.",
    unit: "h",
    example: 8760,
  }),
}, {
  title: "Meshtastic",
  description: "Database, keys and tables of the Meshtastic network.",
});

/** Settings of the Meshtastic network, after loading. */
export type MeshtasticConfig = z.output<typeof schema>;

/** What the Meshtastic network contributes to the configuration. */
export const meshtasticConfigSection = {
  name: "meshtastic",
  title: "Meshtastic",
  schema,
  defaultTopics: ["msh/#"],
  dialects: [mallaDialect, meshpipeDialect],
  fileVariables: ["MESHPIPE_CONFIG_FILE", "MALLA_CONFIG_FILE"],
  readPeers,
} as const satisfies NetworkConfigSection;
