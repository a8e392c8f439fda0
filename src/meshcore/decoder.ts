/**
 * The MeshCore decoder: messages in, records out.
 *
 * @module
 */
import type { Message } from "../capture/message.ts";
import type { Decoded, Network } from "../capture/network.ts";
import { RecentMap } from "../capture/recent_map.ts";
import { verifyAdvert } from "./advert.ts";
import { type ChannelKeyRing, createChannelKeyRing } from "./channels.ts";
import { createFilters, type FilterOptions } from "./filters.ts";
import type { GeoFilter } from "./geo_filter.ts";
import {
  type AdvertReading,
  type DropReason,
  type MessageOptions,
  type MessageReading,
  readMessage,
} from "./message.ts";
import type { MeshcoreRecord } from "./record.ts";
import { createRegionScopes, type RegionScopes } from "./regions.ts";

/** What an operator may say of decoding. */
export interface MeshcoreDecoderOptions extends FilterOptions {
  /** Channel keys. Default: the built-in Public channel alone. */
  readonly keys?: ChannelKeyRing;
  /** Region scopes. Default: none. */
  readonly regions?: RegionScopes;
  /** Checks the signatures of adverts. Default: true. */
  readonly validateSignatures?: boolean;
  /** Accepts `meshcore/client/<public key>/packets`. Default: false. */
  readonly clientRxCoverage?: boolean;
  /** The operator's area. Default: everywhere. */
  readonly geoFilter?: GeoFilter;
  /** What becomes of adverts from outside the area. Default: flag. */
  readonly foreignAdverts?: "flag" | "drop";
}

/**
 * Verdicts that are remembered, and at most as many again: an advert is heard by many observers, one
 * after the other.
 */
const REMEMBERED_SIGNATURES = 1024;

/** Payloads that are remembered, and at most as many again; each takes 1 to 2 KB. */
const REMEMBERED_PAYLOADS = 1024;

/** Topics that are remembered, and at most as many again: an observer publishes to two or three. */
const REMEMBERED_TOPICS = 1024;

/** Makes the decoder. It keeps nothing between batches but what may be forgotten at any time. */
export function createMeshcoreDecoder(
  options: MeshcoreDecoderOptions = {},
): Network<MeshcoreRecord> {
  const messageOptions: MessageOptions = {
    keys: options.keys ?? createChannelKeyRing(),
    regions: options.regions ?? createRegionScopes(),
    validateSignatures: options.validateSignatures ?? true,
    clientRxCoverage: options.clientRxCoverage ?? false,
    geoFilter: options.geoFilter,
    foreignAdverts: options.foreignAdverts ?? "flag",
    filters: createFilters(options),
    readings: new RecentMap(REMEMBERED_PAYLOADS),
    topics: new RecentMap(REMEMBERED_TOPICS),
  };
  const signatures = new RecentMap<string, Promise<boolean>>(REMEMBERED_SIGNATURES);
  const verify = (payload: Uint8Array<ArrayBuffer>, key: string): Promise<boolean> => {
    let verdict = signatures.get(key);
    if (verdict === undefined) signatures.set(key, verdict = verifyAdvert(payload));
    return verdict;
  };

  return {
    name: "meshcore",
    async decode(batch) {
      // All signatures of a batch are begun before the first is waited for.
      const readings = batch.map((message) => readGuarded(message, messageOptions));
      const verdicts = readings.map((reading) =>
        reading.kind === "advert" ? verify(reading.payload, reading.payloadHex) : undefined
      );
      const decoded: Decoded<MeshcoreRecord>[] = [];
      for (const [i, reading] of readings.entries()) {
        decoded.push(
          reading.kind === "done" ? reading.decoded : finishGuarded(reading, await verdicts[i]!),
        );
      }
      return decoded;
    },
  };
}

function readGuarded(message: Message, options: MessageOptions): MessageReading {
  try {
    return readMessage(message, options);
  } catch (error) {
    return { kind: "done", decoded: failed(error) };
  }
}

function finishGuarded(advert: AdvertReading, signatureValid: boolean): Decoded<MeshcoreRecord> {
  try {
    return advert.finish(signatureValid);
  } catch (error) {
    return failed(error);
  }
}

/** A fault of ours must not take the batch with it: it costs one message, counted and explained. */
function failed(error: unknown): Decoded<MeshcoreRecord> {
  const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: "drop", reason: "internal_error" satisfies DropReason, detail };
}
