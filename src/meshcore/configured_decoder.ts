/** The decoder as the configuration wants it. @module */
import type { Network } from "../capture/network.ts";
import type { DecoderContext } from "../network_descriptor.ts";
import { readChannelKeysFile } from "./channel_keys_file.ts";
import { type ChannelKeyRing, createChannelKeyRing } from "./channels.ts";
import type { MeshcoreConfig } from "./config.ts";
import { createMeshcoreDecoder } from "./decoder.ts";
import type { SourceFilter } from "./filters.ts";
import type { GeoFilter } from "./geo_filter.ts";
import type { MeshcoreRecord } from "./record.ts";
import { createRegionScopes } from "./regions.ts";

/** Names of unusable keys that are told; the rest is a number. */
const MAX_NAMES = 10;

/** Makes the decoder, reading the file of channel keys, and says how many keys came from where. */
export function configuredDecoder(
  config: MeshcoreConfig,
  context: DecoderContext,
): Network<MeshcoreRecord> {
  const keys = configuredKeys(config, context);
  logKeys(keys, context);
  const regions = createRegionScopes(config.hash_regions);
  const geoFilter = geoFilterOf(config.geo_filter);
  return createMeshcoreDecoder({
    keys,
    regions,
    validateSignatures: config.validate_signatures,
    clientRxCoverage: config.client_rx_coverage,
    foreignAdverts: config.foreign_adverts,
    observerBlacklist: config.observer_blacklist,
    observerIataWhitelist: config.observer_iata_whitelist,
    sources: Object.fromEntries(context.sources.map((one) => [one.name, sourceFilter(one)])),
    ...(geoFilter === undefined ? {} : { geoFilter }),
  });
}

/** The configured channel keys, those of the file included. */
export function configuredKeys(config: MeshcoreConfig, context: DecoderContext): ChannelKeyRing {
  return createChannelKeyRing({
    rainbow: readChannelKeysFile(config.channel_keys_file, context.readFile, context.log),
    hashChannels: config.hash_channels,
    channelKeys: Object.fromEntries(config.channel_keys.map(({ name, key }) => [name, key])),
  });
}

/** What the configuration says of one source. */
function sourceFilter(source: Readonly<Record<string, unknown>>): SourceFilter {
  const { iata_filter: wanted, region } = source;
  return {
    ...(Array.isArray(wanted) ? { iataFilter: wanted.map(String) } : {}),
    ...(typeof region === "string" ? { region } : {}),
  };
}

/** The area; undefined where none is configured. */
export function geoFilterOf(area: MeshcoreConfig["geo_filter"]): GeoFilter | undefined {
  const { polygon, lat_min, lat_max, lon_min, lon_max } = area;
  if (polygon.length >= 3) return { polygon, bufferKm: area.buffer_km };
  if (
    lat_min === undefined || lat_max === undefined || lon_min === undefined || lon_max === undefined
  ) return undefined;
  return { latMin: lat_min, latMax: lat_max, lonMin: lon_min, lonMax: lon_max };
}

function logKeys(keys: ChannelKeyRing, { log }: DecoderContext): void {
  const { builtin, rainbow, hash_channels, channel_keys } = keys.counts;
  log.info("channel keys", {
    keys: keys.size,
    builtin,
    channel_keys_file: rainbow,
    hash_channels,
    channel_keys,
  });
  if (keys.rejected.length === 0) return;
  log.warn("keys that are no 16 bytes in hexadecimal are left out", {
    count: keys.rejected.length,
    names: keys.rejected.slice(0, MAX_NAMES).map((one) => one.name),
  });
}
