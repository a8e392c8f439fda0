/**
 * Region scopes: which region a transport code stands for.
 *
 * @module
 */
import { hashtagKey, hashtagName } from "./channels.ts";
import { hmacSha256, type MacKey, macKey } from "./hash.ts";
import type { PacketFrame } from "./packet.ts";

/** The regions that an operator knows, in the order of the configuration. */
export type RegionScopes = readonly { readonly name: string; readonly mac: MacKey }[];

/** Makes scopes of names; `#` is put in front, empty and repeated ones are left out. */
export function createRegionScopes(hashRegions: readonly string[] = []): RegionScopes {
  const names = new Set<string>();
  for (const region of hashRegions) {
    const name = hashtagName(region);
    if (name !== undefined) names.add(name);
  }
  return [...names].map((name) => ({ name, mac: macKey(hashtagKey(name)) }));
}

/**
 * The scope of a packet by its first transport code: the name of the region, `""` when no known
 * region gives that code, null when the packet has no scope. The code is the first two bytes of
 * HMAC-SHA256 over payload type and payload; 0000 and FFFF are reserved, and give way to their
 * neighbours.
 */
export function scopeOf(scopes: RegionScopes, frame: PacketFrame): string | null {
  if (frame.transportCodes === null || frame.transportCodes.code1 === "0000") return null;
  if (frame.payload.length === 0) return "";
  const type = Uint8Array.of(frame.payloadType);
  const wanted = frame.bytes[1]! | (frame.bytes[2]! << 8);
  for (const { name, mac } of scopes) {
    if (transportCode(mac, type, frame.payload) === wanted) return name;
  }
  return "";
}

/** The code of a payload in a region, 1–65534; it travels little-endian. */
export function transportCode(mac: MacKey, type: Uint8Array, payload: Uint8Array): number {
  const digest = hmacSha256(mac, type, payload);
  const code = digest[0]! | (digest[1]! << 8);
  return code === 0 ? 1 : code === 0xffff ? 0xfffe : code;
}
