/**
 * The display texts that meshpipe writes where Malla writes enum names. Facts of its databases,
 * needed to give one back to it.
 *
 * @module
 */

/** Port numbers whose text is not made from the enum name. */
const PORT_TEXTS: Readonly<Record<number, string>> = {
  0: "Unknown",
  1: "Text message",
  2: "Remote hardware",
  3: "Position",
  4: "Node info",
  5: "Routing",
  6: "Admin",
  7: "Text message (compressed)",
  8: "Waypoint",
  9: "Audio",
  10: "Detection sensor",
  11: "Alert",
  32: "Reply",
  34: "Paxcounter",
  65: "Store & forward",
  66: "Range test",
  67: "Telemetry",
  68: "ZPS",
  71: "Neighbor info",
  72: "ATAK plugin",
  73: "Map report",
  74: "Power stress",
};

/** Texts of rows without a port, by the topic's message type. */
const TYPE_TEXTS: Readonly<Record<string, string>> = {
  stat: "Node stat",
  json: "JSON",
  map: "Map report",
};

/** An enum name as words: `TLORA_V2` → `Tlora V2`. Short words and those with digits are capitals. */
export function displayWords(enumName: string): string {
  return enumName.toLowerCase().split("_").filter((word) => word !== "").map((word) =>
    word.length <= 3 || /[0-9]/.test(word)
      ? word.toUpperCase()
      : word[0]!.toUpperCase() + word.slice(1)
  ).join(" ");
}

/** meshpipe's `portnum_name` of a row. */
export function meshpipePortText(
  portnum: number | null,
  messageType: string | null,
  enumNames: Readonly<Record<number, string>>,
): string {
  if (portnum === null || portnum === 0) {
    return TYPE_TEXTS[messageType?.toLowerCase() ?? ""] ?? PORT_TEXTS[0]!;
  }
  const text = PORT_TEXTS[portnum];
  if (text !== undefined) return text;
  const name = enumNames[portnum];
  return name === undefined ? "Unknown" : displayWords(name.replace(/_APP$/, ""));
}
