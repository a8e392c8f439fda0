/** @module */
import { sameBytes } from "./decrypt_memo.ts";
import type { FieldBytes } from "./messages.ts";
import { type EnvelopeHeader, envelopeHeader } from "./packet_row.ts";
import { decodeText } from "./text.ts";

/** Slots; two headers that fall into one take turns. */
const SLOTS = 512;

/** Longer ids are read each time, which bounds the memory. */
const MAX_BYTES = 64;

interface Slot {
  readonly gateway: FieldBytes;
  readonly channel: FieldBytes;
  readonly header: EnvelopeHeader;
}

/** A mesh has few gateways and channels, and each envelope names one of both. */
export class HeaderCache {
  readonly #slots = new Array<Slot | undefined>(SLOTS).fill(undefined);

  /** The header of an envelope's `gateway_id` and `channel_id`. Equal ones are the same object. */
  get(gateway: FieldBytes, channel: FieldBytes): EnvelopeHeader {
    const cacheable = gateway.length <= MAX_BYTES && channel.length <= MAX_BYTES;
    const index = cacheable ? hash(channel, hash(gateway, 17)) & (SLOTS - 1) : 0;
    const slot = cacheable ? this.#slots[index] : undefined;
    if (
      slot !== undefined && sameBytes(slot.gateway, gateway) && sameBytes(slot.channel, channel)
    ) return slot.header;
    const header = envelopeHeader(decodeText(gateway), decodeText(channel));
    // Copies: views would pin the whole message.
    if (cacheable) {
      this.#slots[index] = { gateway: gateway.slice(), channel: channel.slice(), header };
    }
    return header;
  }
}

function hash(bytes: FieldBytes, seed: number): number {
  let value = seed;
  for (let i = 0; i < bytes.length; i++) value = Math.imul(value ^ bytes[i]!, 0x01000193);
  return value ^ (value >>> 15);
}
