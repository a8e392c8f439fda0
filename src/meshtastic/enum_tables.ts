/** Names of protobuf enums as plain tables, which cross to the storage thread. @module */
import type { EnumNames } from "./enum_names.ts";
import { parseProtoFiles } from "./protobuf.ts";

/** The tables that the store needs, from `proto/`. */
export function enumNames(): EnumNames {
  const root = parseProtoFiles();
  const table = (name: string): Record<number, string> => {
    const { values } = root.lookupEnum(`meshtastic.${name}`);
    return Object.fromEntries(Object.entries(values).map(([text, number]) => [number, text]));
  };
  return {
    portnum: table("PortNum"),
    hardwareModel: table("HardwareModel"),
    role: table("Config.DeviceConfig.Role"),
  };
}
