/** How what is heard of a node is merged into what is known of it. @module */
import { displayWords } from "./meshpipe_names.ts";
import type { NodeUpdate } from "./record.ts";

/** A row of `node_info`, under its columns' names. */
export interface NodeRow {
  /** Node number, 32 bits. */
  node_id: number;
  /** `!` and the number in 8 hex digits. */
  hex_id: string | null;
  /** Name that the node gives itself. */
  long_name: string | null;
  /** Up to four characters, as shown on maps. */
  short_name: string | null;
  /** Name of the hardware; a number in a database that was meshpipe's. */
  hw_model: string | number | null;
  /** Name of the role; a number in a database that was meshpipe's. */
  role: string | number | null;
  /** Channel of the last NODEINFO. */
  primary_channel: string | null;
  /** 1 for a licensed radio amateur. */
  is_licensed: number | null;
  /** `aa:bb:cc:dd:ee:ff`. */
  mac_address: string | null;
  /** Seconds since the epoch. */
  first_seen: number | null;
  /** Seconds since the epoch. */
  last_updated: number | null;
  /** `User.id`, by custom the same as `hex_id`. */
  user_id: string | null;
  /** Name of the hardware (meshpipe's column). */
  hw_model_name: string | null;
  /** Name of the role (meshpipe's column). */
  role_name: string | null;
  /** dB, of the last packet that brought news of the node. */
  snr: number | null;
  /** Seconds since the epoch. */
  last_heard: number | null;
  /** 1 where that packet had crossed MQTT before. */
  via_mqtt: number | null;
  /** Channel number of that packet. */
  channel: number | null;
  /** Hops that it had taken; null: unknown. */
  hops_away: number | null;
  /** Enum name of the LoRa region, such as `EU_868`. */
  region: string | null;
  /** The same in words for a page. */
  region_name: string | null;
  /** Version of the firmware, as the node gives it. */
  firmware_version: string | null;
  /** Enum name of the modem preset, such as `LONG_FAST`. */
  modem_preset: string | null;
  /** The same in words for a page. */
  modem_preset_name: string | null;
}

/** Columns of {@linkcode NodeRow}; those of `node_info` that are missing here are left alone. */
export const nodeColumns = [
  "node_id",
  "hex_id",
  "long_name",
  "short_name",
  "hw_model",
  "role",
  "primary_channel",
  "is_licensed",
  "mac_address",
  "first_seen",
  "last_updated",
  "user_id",
  "hw_model_name",
  "role_name",
  "snr",
  "last_heard",
  "via_mqtt",
  "channel",
  "hops_away",
  "region",
  "region_name",
  "firmware_version",
  "modem_preset",
  "modem_preset_name",
] as const satisfies readonly (keyof NodeRow)[];

/** True for a node number: 32 bits. A gateway id of more than 8 hex digits is none. */
export function isNodeId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= 0xffff_ffff;
}

/** `!%08x` of a node number. */
export function hexIdOf(nodeId: number): string {
  return `!${nodeId.toString(16).padStart(8, "0")}`;
}

/** A node of which nothing is known but that it is there, first heard at `seenAt` (seconds). */
export function newNode(nodeId: number, seenAt: number): NodeRow {
  const empty = Object.fromEntries(nodeColumns.map((name) => [name, null])) as unknown as NodeRow;
  return {
    ...empty,
    node_id: nodeId,
    hex_id: hexIdOf(nodeId),
    first_seen: seenAt,
    last_updated: seenAt,
  };
}

/** The row after `update`. A new object; what does not change is kept. */
export function mergeNode(known: NodeRow | undefined, update: NodeUpdate): NodeRow {
  const row = known === undefined
    ? newNode(update.nodeId, update.seenAt)
    : { ...known, hex_id: hexIdOf(known.node_id) };
  row.first_seen = Math.min(row.first_seen ?? update.seenAt, update.seenAt);
  row.last_updated = Math.max(row.last_updated ?? update.seenAt, update.seenAt);
  row.last_heard = Math.max(row.last_heard ?? 0, Math.floor(update.seenAt));
  // A User.id that disagrees with the sender is not believed, so there is one value it can have.
  if (update.origin === "nodeinfo") row.user_id = row.hex_id;
  row.long_name = update.longName || row.long_name;
  row.short_name = update.shortName || row.short_name;
  row.mac_address = update.macAddress || row.mac_address;
  if (update.origin === "nodeinfo") {
    row.primary_channel = update.primaryChannel || row.primary_channel;
  }
  mergeHardware(row, update);
  if (update.role !== undefined) {
    row.role = update.role;
    row.role_name = displayWords(update.role);
  }
  row.is_licensed = flag(update.isLicensed) ?? row.is_licensed;
  row.snr = update.snr ?? row.snr;
  row.via_mqtt = flag(update.viaMqtt) ?? row.via_mqtt;
  row.channel = update.channel ?? row.channel;
  row.hops_away = update.hopsAway ?? row.hops_away;
  if (isSet(update.region)) {
    row.region = update.region;
    row.region_name = displayWords(update.region);
  }
  row.firmware_version = update.firmwareVersion || row.firmware_version;
  if (update.modemPreset !== undefined && update.modemPreset !== "") {
    row.modem_preset = update.modemPreset;
    row.modem_preset_name = displayWords(update.modemPreset);
  }
  return row;
}

/**
 * Malla writes `Unknown` for hardware that a NODEINFO does not name, also over a name that was known.
 * A MapReport that leaves it out says nothing of it.
 */
function mergeHardware(row: NodeRow, update: NodeUpdate): void {
  if (update.hwModel === undefined) return;
  if (update.hwModel !== "Unknown" && isSet(update.hwModel)) {
    row.hw_model = update.hwModel;
    row.hw_model_name = displayWords(update.hwModel);
  } else if (update.origin === "nodeinfo" || row.hw_model === null) {
    row.hw_model = "Unknown";
    row.hw_model_name = null;
  }
}

function isSet(name: string | undefined): name is string {
  return name !== undefined && name !== "" && name !== "UNSET";
}

function flag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
