/**
 * Which messages an operator wants.
 *
 * @module
 */

/** What is configured for one source. */
export interface SourceFilter {
  /** Regions whose packets are kept, by the topic; status is kept from everywhere. Default: all. */
  readonly iataFilter?: readonly string[];
  /** Region of an observer whose topic names none. Default: none. */
  readonly region?: string;
}

/** What is configured for all sources. */
export interface FilterOptions {
  /** Observer ids whose messages are dropped; the case does not matter. Default: none. */
  readonly observerBlacklist?: readonly string[];
  /** Regions whose messages are kept; the case does not matter. Default: all. */
  readonly observerIataWhitelist?: readonly string[];
  /** By the name of the source. Default: none. */
  readonly sources?: Readonly<Record<string, SourceFilter>>;
}

/** {@linkcode FilterOptions}, ready to be asked. */
export interface Filters {
  /**
   * Whether an observer is unwanted whatever it sends, its status and client receptions included.
   */
  isBlacklisted(observerId: string): boolean;
  /** By the global whitelist. */
  isRegionAllowed(iata: string): boolean;
  /** By the source's own filter. CoreScope heeds the case there, and there alone. */
  isPacketWanted(source: string, iata: string): boolean;
  /** The source's region; `""` when it has none. */
  regionOf(source: string): string;
}

/** Prepares the filters. */
export function createFilters(options: FilterOptions): Filters {
  const blacklist = normalized(options.observerBlacklist);
  const whitelist = normalized(options.observerIataWhitelist);
  const sources = new Map(
    Object.entries(options.sources ?? {}).map(([name, filter]) => [
      name,
      { wanted: normalized(filter.iataFilter), region: filter.region ?? "" },
    ]),
  );
  return {
    isBlacklisted: (id) => blacklist.size > 0 && blacklist.has(normalize(id)),
    isRegionAllowed: (iata) => whitelist.size === 0 || whitelist.has(normalize(iata)),
    isPacketWanted: (source, iata) => {
      const wanted = sources.get(source)?.wanted;
      return wanted === undefined || wanted.size === 0 || wanted.has(normalize(iata));
    },
    regionOf: (source) => sources.get(source)?.region ?? "",
  };
}

function normalize(text: string): string {
  return text.trim().toUpperCase();
}

function normalized(list: readonly string[] = []): ReadonlySet<string> {
  return new Set(list.map(normalize).filter((text) => text !== ""));
}
