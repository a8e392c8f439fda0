/** Which packets the feed and the databases both tell of. @module */
import type { FeedPacket } from "../../capture/page_view.ts";

/**
 * `stored` without those that are among `live`, each as often as it is there. The time does not
 * tell them apart: the feed has the receipt by us, MeshCore's database that by the observer.
 */
export function without(
  stored: readonly FeedPacket[],
  live: readonly FeedPacket[],
): readonly FeedPacket[] {
  const counts = new Map<string, number>();
  for (const packet of live) counts.set(keyOf(packet), (counts.get(keyOf(packet)) ?? 0) + 1);
  return stored.filter((packet) => {
    const key = keyOf(packet);
    const left = counts.get(key) ?? 0;
    if (left > 0) counts.set(key, left - 1);
    return left === 0;
  });
}

function keyOf({ network, type, from, heardBy, text }: FeedPacket): string {
  return JSON.stringify([network, type, from, heardBy, text]);
}
