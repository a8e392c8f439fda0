/** Names of protobuf enums as plain tables, which cross to the storage thread. @module */
import type { EnumNames } from "./enum_names.ts";
import messages from "../../proto/messages.json" with { type: "json" };

/** The tables that the store needs, from `proto/`. */
export function enumNames(): EnumNames {
  const { PortNum, HardwareModel, Config } = messages.nested.meshtastic.nested;
  return {
    portnum: byNumber(PortNum.values),
    hardwareModel: byNumber(HardwareModel.values),
    role: byNumber(Config.nested.DeviceConfig.nested.Role.values),
  };
}

function byNumber(values: Readonly<Record<string, number>>): Record<number, string> {
  return Object.fromEntries(Object.entries(values).map(([text, number]) => [number, text]));
}
