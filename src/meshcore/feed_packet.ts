/** A record as the live feed shows it. @module */
import type { FeedPacket } from "../capture/page_view.ts";
import type { MeshcoreRecord } from "./record.ts";

/** Characters of a text that are shown. */
const MAX_TEXT = 300;

/** Who heard it. */
interface Hearer {
  readonly id: string;
  readonly name: string | null;
}

/** The packet of a record; `type` and `decrypt` are its labels. */
export function feedPacketOf(
  record: MeshcoreRecord,
  labels: { readonly type: string; readonly decrypt: string; readonly readable: boolean },
): FeedPacket {
  const base = {
    network: "meshcore",
    at: record.receivedAt,
    source: record.source,
    type: labels.type,
    decrypt: labels.decrypt,
    readable: labels.readable,
  };
  switch (record.kind) {
    case "packet":
      return {
        ...base,
        ...heardBy(record.observer),
        ...reception(record.observation),
        ...decodedContent(record.transmission.decodedJson, record.transmission.fromPubkey),
        hops: record.hops.length,
      };
    case "companion":
      return {
        ...base,
        ...heardBy(record.observer),
        ...reception(record.observation),
        ...decodedContent(record.transmission.decodedJson, null),
      };
    case "refused":
      return {
        ...base,
        ...heardBy(record.observer),
        ...(record.nodePubkey === null ? {} : { from: record.nodePubkey }),
        text: record.text.slice(0, MAX_TEXT),
      };
    case "status": {
      const facts = [record.status, record.model, record.firmware, record.radio];
      return {
        ...base,
        from: record.observer.id,
        ...(record.observer.name === null ? {} : { fromName: record.observer.name }),
        text: facts.filter((fact) => fact !== null && fact !== "").join(", ").slice(0, MAX_TEXT),
      };
    }
    case "client_reception":
      return {
        ...base,
        from: record.heardKey,
        heardBy: record.rxPubkey,
        ...(record.clientName === null ? {} : { heardByName: record.clientName }),
        ...reception(record),
        text: `heard ${record.heardBy === "advert" ? "by its advert" : "as last hop"}`,
      };
  }
}

/** Sender, channel, text and position of what `decoded_json` holds. Never throws. */
export function decodedContent(
  decodedJson: string,
  fromPubkey: string | null,
): Pick<FeedPacket, "from" | "fromName" | "channel" | "text" | "position"> {
  let decoded: Record<string, unknown> = {};
  try {
    const value: unknown = JSON.parse(decodedJson);
    if (typeof value === "object" && value !== null) decoded = value as Record<string, unknown>;
  } catch {
    // Written by another program: what it means is not known.
  }
  const text = (name: string) => {
    const value = decoded[name];
    return typeof value === "string" && value !== "" ? value.slice(0, MAX_TEXT) : undefined;
  };
  const number = (name: string) => {
    const value = decoded[name];
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  };
  const type = text("type") ?? "";
  const name = type === "ADVERT" ? text("name") : text("sender");
  const channel = text("channel") ?? (text("channelHashHex") && `hash ${text("channelHashHex")}`);
  const lat = number("lat");
  const lon = number("lon");
  const position = lat === undefined || lon === undefined || (lat === 0 && lon === 0)
    ? undefined
    : [lat, lon] as const;
  return {
    ...(fromPubkey === null ? {} : { from: fromPubkey }),
    ...(name === undefined ? {} : { fromName: name }),
    ...(channel === undefined ? {} : { channel }),
    ...(position === undefined ? {} : { position }),
    text: sentence(type, text, number),
  };
}

function sentence(
  type: string,
  text: (name: string) => string | undefined,
  number: (name: string) => number | undefined,
): string {
  switch (type) {
    case "CHAN":
    case "DM": {
      const said = text("text") ?? "";
      const sender = `${text("sender") ?? ""}: `;
      // The sender stands in a column of its own.
      return said.startsWith(sender) ? said.slice(sender.length) : said;
    }
    case "ADVERT": {
      const lat = number("lat");
      const lon = number("lon");
      const place = lat === undefined || lon === undefined
        ? undefined
        : `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
      return [text("name") ?? "without a name", place].filter(Boolean).join(", ");
    }
    case "GRP_TXT":
    case "GRP_DATA":
      return text("decryptionStatus")?.replaceAll("_", " ") ?? "";
    default: {
      const ends = [text("srcHash"), text("destHash")].filter(Boolean).join(" → ");
      return text("error") ?? ends;
    }
  }
}

function heardBy(observer: Hearer | null): Pick<FeedPacket, "heardBy" | "heardByName"> {
  if (observer === null) return {};
  return {
    heardBy: observer.id,
    ...(observer.name === null ? {} : { heardByName: observer.name }),
  };
}

/** What was measured at the reception. */
export function reception(
  measured: { readonly snr: number | null; readonly rssi: number | null },
): Pick<FeedPacket, "snr" | "rssi"> {
  return {
    ...(measured.snr === null ? {} : { snr: measured.snr }),
    ...(measured.rssi === null ? {} : { rssi: measured.rssi }),
  };
}
