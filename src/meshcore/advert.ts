/**
 * ADVERT: who a node is, where it is, and its signature.
 *
 * @module
 */
import { encodeHex } from "./hex.ts";
import { cutUtf8, lenientUtf8 } from "./utf8.ts";

/** Public key, timestamp and signature: what an advert has at least. */
export const MIN_ADVERT_BYTES = 100;
/** Bytes that the firmware keeps of a name. */
const MAX_NAME_BYTES = 32;
const SENSOR = 4;

/** The flags of an advert, named as CoreScope names them. */
export interface AdvertFlags {
  /** The whole byte, 0–255: the type in its low four bits, a bit for each optional field above. */
  readonly raw: number;
  /**
   * Type of the node, 0–15: 0 none, 1 chat, 2 repeater, 3 room server, 4 sensor; the rest is free.
   */
  readonly type: number;
  /** Type 1: a person's device. {@linkcode advertRole} calls it a companion. */
  readonly chat: boolean;
  /** Type 2: forwards what others send. */
  readonly repeater: boolean;
  /** Type 3: a room server, which keeps messages for those who log in. */
  readonly room: boolean;
  /** Type 4: battery and temperature may stand behind its name. */
  readonly sensor: boolean;
  /** Bit 0x10: eight bytes of position follow. Set, too, when they are cut off. */
  readonly hasLocation: boolean;
  /** Bit 0x20: {@linkcode Advert.feat1} follows. */
  readonly hasFeat1: boolean;
  /** Bit 0x40: {@linkcode Advert.feat2} follows. */
  readonly hasFeat2: boolean;
  /** Bit 0x80: a name follows, up to a zero byte or the end. */
  readonly hasName: boolean;
}

/** An advert as it was read; undefined: it says nothing of that. */
export interface Advert {
  /** Lower-case hex. */
  readonly publicKey: string;
  /** Unix seconds by the node's clock. */
  readonly timestamp: number;
  /** Lower-case hex. */
  readonly signature: string;
  /** Undefined for an advert without application data, which {@linkcode advertRole} allows for. */
  readonly flags: AdvertFlags | undefined;
  /** Degrees, as sent: it may be out of range, which {@linkcode advertFault} looks for. */
  readonly lat: number | undefined;
  /** As {@linkcode Advert.lat}. */
  readonly lon: number | undefined;
  /** Without control characters, at most 32 bytes; `""` when there is none. */
  readonly name: string;
  /** A number that MeshCore keeps for later features, 0–65535; nobody gives it a meaning yet. */
  readonly feat1: number | undefined;
  /** As {@linkcode Advert.feat1}. */
  readonly feat2: number | undefined;
  /** Millivolts, 1–10000. */
  readonly batteryMv: number | undefined;
  /** Degrees Celsius, −50–100. */
  readonly temperatureC: number | undefined;
}

/** Reads the payload of an ADVERT; undefined when it is too short to be one. */
export function parseAdvert(payload: Uint8Array<ArrayBuffer>): Advert | undefined {
  if (payload.length < MIN_ADVERT_BYTES) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return {
    publicKey: encodeHex(payload.subarray(0, 32)),
    timestamp: view.getUint32(32, true),
    signature: encodeHex(payload.subarray(36, MIN_ADVERT_BYTES)),
    ...parseAppData(payload.subarray(MIN_ADVERT_BYTES)),
  };
}

type AppData = Omit<Advert, "publicKey" | "timestamp" | "signature">;

function parseAppData(data: Uint8Array<ArrayBuffer>): AppData {
  const nothing = {
    flags: undefined,
    lat: undefined,
    lon: undefined,
    name: "",
    feat1: undefined,
    feat2: undefined,
    batteryMv: undefined,
    temperatureC: undefined,
  };
  if (data.length === 0) return nothing;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const flags = readFlags(data[0]!);
  let at = 1;
  const has = (bytes: number) => data.length >= at + bytes;
  let lat, lon, feat1, feat2, batteryMv, temperatureC;
  let name = "";
  if (flags.hasLocation && has(8)) {
    lat = view.getInt32(at, true) / 1e6;
    lon = view.getInt32(at + 4, true) / 1e6;
    at += 8;
  }
  if (flags.hasFeat1 && has(2)) {
    feat1 = view.getUint16(at, true);
    at += 2;
  }
  if (flags.hasFeat2 && has(2)) {
    feat2 = view.getUint16(at, true);
    at += 2;
  }
  if (flags.hasName) {
    const nul = data.indexOf(0, at);
    const end = nul < 0 ? data.length : nul;
    name = cleanName(data.subarray(at, end));
    at = end;
    while (at < data.length && data[at] === 0) at++;
  }
  if (flags.sensor && has(4)) {
    const millivolts = view.getUint16(at, true);
    const hundredths = view.getInt16(at + 2, true);
    if (millivolts > 0 && millivolts <= 10_000) batteryMv = millivolts;
    if (hundredths >= -5000 && hundredths <= 10_000) temperatureC = hundredths / 100;
  }
  return { flags, lat, lon, name, feat1, feat2, batteryMv, temperatureC };
}

function readFlags(raw: number): AdvertFlags {
  const type = raw & 0x0f;
  return {
    raw,
    type,
    chat: type === 1,
    repeater: type === 2,
    room: type === 3,
    sensor: type === SENSOR,
    hasLocation: (raw & 0x10) !== 0,
    hasFeat1: (raw & 0x20) !== 0,
    hasFeat2: (raw & 0x40) !== 0,
    hasName: (raw & 0x80) !== 0,
  };
}

function cleanName(bytes: Uint8Array<ArrayBuffer>): string {
  // deno-lint-ignore no-control-regex
  const text = lenientUtf8(bytes).replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");
  return cutUtf8(text, MAX_NAME_BYTES);
}

/** Role of a node by its advert; an advert without flags is a companion's. */
export function advertRole(flags: AdvertFlags | undefined): string {
  const type = flags?.type ?? 1;
  return (["none", "companion", "repeater", "room", "sensor"] as const)[type] ?? `type-${type}`;
}

/** Why an advert is refused before its signature is looked at. */
export type AdvertFault = "zero_public_key" | "bad_latitude" | "bad_longitude";

/** Refuses what no node can be; undefined when all is well. */
export function advertFault(advert: Advert): AdvertFault | undefined {
  if (/^0+$/.test(advert.publicKey)) return "zero_public_key";
  if (advert.lat !== undefined && Math.abs(advert.lat) > 90) return "bad_latitude";
  if (advert.lon !== undefined && Math.abs(advert.lon) > 180) return "bad_longitude";
  return undefined;
}

/**
 * Checks an advert's Ed25519 signature over public key, timestamp and application data.
 *
 * @param payload at least {@linkcode MIN_ADVERT_BYTES} bytes
 * @returns false also for a key that is none; never rejects
 */
export async function verifyAdvert(payload: Uint8Array<ArrayBuffer>): Promise<boolean> {
  if (payload.length < MIN_ADVERT_BYTES) return false;
  const signed = new Uint8Array(payload.length - 64);
  signed.set(payload.subarray(0, 36));
  signed.set(payload.subarray(MIN_ADVERT_BYTES), 36);
  try {
    const raw = payload.slice(0, 32);
    const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify(
      "Ed25519",
      key,
      payload.slice(36, MIN_ADVERT_BYTES),
      signed,
    );
  } catch {
    return false;
  }
}
