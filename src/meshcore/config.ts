/** The MeshCore part of the configuration. @module */
import * as z from "zod/mini";
import type { NetworkConfigSection } from "../config/section.ts";
import {
  characters,
  group,
  integer,
  list,
  matching,
  numeric,
  object,
} from "../config/schema_parts.ts";
import { setting } from "../config/setting.ts";
import { checkArea } from "./area_check.ts";
import { corescopeDialect } from "./corescope_dialect.ts";
import { readCorescope } from "./corescope_settings.ts";

const name = () => characters(1, 200);
const latitude = numeric(-90, 90);
const longitude = numeric(-180, 180);

/** Days of a retention, 0 for ever. */
const days = (byDefault: number, title: string, description: string) =>
  setting(z._default(integer(0, 100_000), byDefault), {
    title,
    description: `${description} 0: never.`,
    unit: "days",
    example: byDefault === 0 ? 30 : byDefault,
  });

/** Degrees of a side of the box. */
const side = (degrees: z.ZodMiniNumber<number>, title: string, example: number) =>
  setting(z.optional(degrees), {
    title,
    description: "One side of a box, in degrees. It counts when all four sides are given.",
    unit: "°",
    example,
  });

const retention = group({
  node_days: days(7, "Nodes", "Nodes not heard for this long move to `inactive_nodes`."),
  observer_days: days(14, "Observers", "Observers not heard for this long are marked inactive."),
  metrics_days: days(
    30,
    "Metrics",
    "Figures of observers and dropped packets older than this are deleted.",
  ),
  packet_days: days(0, "Packets", "Packets older than this are deleted, with their receptions."),
  client_rx_days: days(0, "Client receptions", "Those older than this are deleted."),
}, { title: "Retention", description: "How long things are kept." });

const geoFilter = group({
  polygon: setting(
    z._default(
      list(
        z.tuple([latitude, longitude]).register(z.globalRegistry, {
          "x-allowed": "[latitude, longitude]",
        }),
        10_000,
      ),
      [],
    ),
    {
      title: "Polygon",
      description:
        "Corners of the area as `[latitude, longitude]`. From three corners on it wins over the box.",
      example: [[38, -122.8], [38, -121.5], [37, -121.5]],
      allowed: "a list of [latitude, longitude] in degrees",
    },
  ),
  buffer_km: setting(z._default(numeric(0, 20_000), 0), {
    title: "Margin",
    description: "Distance outside the polygon that still belongs to the area.",
    unit: "km",
    example: 20,
  }),
  lat_min: side(latitude, "Southern side", 37),
  lat_max: side(latitude, "Northern side", 38),
  lon_min: side(longitude, "Western side", -122.8),
  lon_max: side(longitude, "Eastern side", -121.5),
}, {
  title: "Area",
  description: "The operator's area. Nodes without a position always belong to it.",
});

const statsFile = group({
  path: setting(z.optional(characters(1, 4096)), {
    title: "Statistics file",
    description:
      "File that is written every second for CoreScope's server (its `CORESCOPE_INGESTOR_STATS`). A symbolic link in its place is replaced, never followed. Without it, none is written.",
    example: "/var/lib/corescope/ingestor-stats.json",
    defaultText: "none is written",
  }),
  mode: setting(z._default(matching(/^0?[0-7]{3}$/), "0600"), {
    title: "Permissions of the file",
    description:
      "Octal permissions. `0600` can be read by the same user only; a server of another user needs `0644`, or `0640` with a common group.",
    example: "0640",
    allowed: "three octal digits, such as 0640",
  }),
}, {
  title: "Statistics file",
  description: "What CoreScope's server shows of its ingestor.",
});

const schema = group({
  database: setting(z._default(characters(1, 4096), "meshcore.db"), {
    title: "Database",
    description:
      "SQLite file, relative to the working directory. A database of CoreScope is taken over in place. The directory must be writable too.",
    example: "/var/lib/meshcapture/meshcore.db",
    allowed: "a path",
  }),
  channel_keys: setting(
    z._default(
      list(
        object({
          name: setting(name(), {
            title: "Channel name",
            description:
              "Name of the channel. `Public` replaces the well-known key; `public` is one more key of it.",
            example: "Attic",
          }),
          key: setting(matching(/^\s*[0-9a-fA-F]{32}\s*$/), {
            title: "Channel key",
            description: "Secret of the channel, 16 bytes in hexadecimal.",
            example: "8b3387e9c5cdea6ac9e5edbaa115cd72",
            secret: true,
            allowed: "32 hexadecimal digits",
          }),
        }, { title: "Channel", description: "One channel and its key." }),
        10_000,
      ),
      [],
    ),
    {
      title: "Channel keys",
      description:
        "Keys of channels, strongest of all. The key of the Public channel is known without it.",
      example: [{ name: "Attic", key: "000102030405060708090a0b0c0d0e0f" }],
    },
  ),
  hash_channels: setting(z._default(list(name(), 100_000), []), {
    title: "Hashtag channels",
    description: "Channels whose key follows from their name. `#` is put in front where missing.",
    example: ["#test", "#bot"],
  }),
  channel_keys_file: setting(z.optional(characters(1, 4096)), {
    title: "File of channel keys",
    description:
      "JSON file read at the start: names with their keys (CoreScope's `channel-rainbow.json`) or a plain list of hashtag names. Weaker than the two settings above. A missing file is a warning.",
    example: "channel-rainbow.json",
    defaultText: "none",
  }),
  hash_regions: setting(z._default(list(name(), 10_000), []), {
    title: "Regions",
    description:
      "Regions whose transport codes are recognised, for the scope of packets. `#` is put in front where missing.",
    example: ["sjc", "bay"],
  }),
  validate_signatures: setting(z._default(z.boolean(), true), {
    title: "Check signatures",
    description: "Whether an advert whose signature is wrong is refused.",
    example: true,
  }),
  client_rx_coverage: setting(z._default(z.boolean(), false), {
    title: "Client coverage",
    description:
      "Whether phones may report what they hear and where, on `meshcore/client/<public key>/packets`.",
    example: true,
  }),
  observer_blacklist: setting(z._default(list(name(), 100_000), []), {
    title: "Blocked observers",
    description: "Ids of observers whose messages are dropped; upper and lower case are the same.",
    example: ["b1b1b1b1"],
  }),
  observer_iata_whitelist: setting(z._default(list(name(), 10_000), []), {
    title: "Allowed regions",
    description:
      "Regions (the second level of the topic) whose messages are kept, for all sources. None: all.",
    example: ["SJC", "SFO"],
  }),
  geo_filter: geoFilter,
  foreign_adverts: setting(z._default(z.enum(["flag", "drop"]), "flag"), {
    title: "Adverts from outside",
    description:
      "What becomes of the advert of a node outside of `geo_filter`: kept with a mark, or dropped.",
    example: "drop",
  }),
  metrics_sample_interval_seconds: setting(z._default(integer(1, 86_400), 300), {
    title: "Interval of metrics",
    description: "One row of figures is kept for each observer and interval.",
    unit: "s",
    example: 60,
  }),
  neighbor_edges_max_age_days: setting(z._default(integer(1, 100_000), 5), {
    title: "Age of neighbours",
    description: "Neighbourhoods that were not seen for this long are forgotten.",
    unit: "days",
    example: 30,
  }),
  prune_requests: setting(z._default(z.boolean(), true), {
    title: "Prune requests",
    description:
      "Whether nodes are deleted that CoreScope's server asks to delete, by files in `prune-requests` beside the database.",
    example: false,
  }),
  incremental_vacuum_pages: setting(z._default(integer(0, 10_000_000), 1024), {
    title: "Pages given back",
    description: "Free pages that are given back to the file system after old rows were deleted.",
    unit: "pages",
    example: 4096,
  }),
  retention,
  stats_file: statsFile,
}, {
  title: "MeshCore",
  description: "Database, keys and tables of the MeshCore network.",
});

/** Settings of the MeshCore network, after loading. */
export type MeshcoreConfig = z.output<typeof schema>;

const sourceShape = {
  iata_filter: setting(z.optional(list(name(), 10_000)), {
    title: "Regions of this source",
    description:
      "MeshCore only: regions (the second level of the topic) whose packets are kept; observers' status is kept from everywhere.",
    example: ["SJC", "SFO"],
    defaultText: "all",
  }),
  region: setting(z.optional(name()), {
    title: "Region of this source",
    description: "MeshCore only: region of observers whose topic names none.",
    example: "SJC",
    defaultText: "none",
  }),
};

/** What the MeshCore network contributes to the configuration. */
export const meshcoreConfigSection = {
  name: "meshcore",
  title: "MeshCore",
  schema,
  sourceShape,
  // A transmission is known by its hash, a reception by observer and path.
  repeats: "merged",
  check: ({ geo_filter: area }) => checkArea(area),
  defaultTopics: ["meshcore/#"],
  dialects: [corescopeDialect],
  fileVariables: [],
  readPeers: readCorescope,
} as const satisfies NetworkConfigSection;
