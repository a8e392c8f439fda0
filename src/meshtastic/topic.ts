/**
 * What a Meshtastic topic says. Gateways publish to `<root>/2/<type>/<channel>/<gateway>`, where the
 * root may be any number of segments deep (`msh/EU_868`, `msh/US/CA/Fresno`, `msh`).
 *
 * @module
 */

/** How a topic is to be treated; `unwanted` is none of Meshtastic's protocol 2. */
export type TopicKind = "envelope" | "map" | "json" | "stat" | "unwanted";

/** A topic taken apart. */
export interface MeshtasticTopic {
  /** What is published under such a topic. */
  readonly kind: TopicKind;
  /** The segment after the protocol version: `e`, `c`, `map`, `json`, `stat`; null when unwanted. */
  readonly messageType: string | null;
  /** The channel segment; null where there is none. */
  readonly channelName: string | null;
}

const KINDS: ReadonlyMap<string, TopicKind> = new Map([
  ["e", "envelope"],
  ["c", "envelope"],
  ["map", "map"],
  ["json", "json"],
  ["stat", "stat"],
]);

const UNWANTED: MeshtasticTopic = { kind: "unwanted", messageType: null, channelName: null };

/**
 * Finds the protocol version `2` that is followed by a known type, at any depth: Malla and meshpipe
 * take a fixed segment, which is wrong for every region with a sub-region.
 */
export function parseTopic(topic: string): MeshtasticTopic {
  const segments = topic.split("/");
  for (let i = 0; i + 1 < segments.length; i++) {
    if (segments[i] !== "2") continue;
    const messageType = segments[i + 1]!;
    const kind = KINDS.get(messageType);
    if (kind === undefined) continue;
    return { kind, messageType, channelName: channelOf(segments, i + 2, kind) };
  }
  return UNWANTED;
}

function channelOf(segments: readonly string[], start: number, kind: TopicKind): string | null {
  if (kind === "stat") return null;
  // The last segment is the gateway. A channel's name may hold a slash, so it may be several.
  const end = segments.at(-1)!.startsWith("!") ? segments.length - 1 : segments.length;
  return segments.slice(start, end).join("/") || null;
}
