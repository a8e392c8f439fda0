/** @module */

/** Names of the protobuf enums by number, as far as the store needs them. */
export interface EnumNames {
  /** `PortNum`: 1 → `TEXT_MESSAGE_APP`. */
  readonly portnum: Readonly<Record<number, string>>;
  /** `HardwareModel`. */
  readonly hardwareModel: Readonly<Record<number, string>>;
  /** `Config.DeviceConfig.Role`. */
  readonly role: Readonly<Record<number, string>>;
}
