/**
 * What the status page shows of a network, in words that every network can fill. A network makes
 * these of its records and of its tables; everything in them came over the air and is to be trusted
 * by nobody.
 *
 * @module
 */

/** One packet of the live feed. */
export interface FeedPacket {
  /** Name of the network. */
  readonly network: string;
  /** Time of receipt, Unix milliseconds. */
  readonly at: number;
  /** The configured source that brought it; absent where that is not known any more. */
  readonly source?: string;
  /** Kind of content, from the network's closed set. */
  readonly type: string;
  /** Id of the node that sent it, as the network writes ids. */
  readonly from?: string;
  /** Name of that node, where the packet itself says it. */
  readonly fromName?: string;
  /** Id of the receiver; `all` for everybody. */
  readonly to?: string;
  /** Gateway or observer that heard it: its id. */
  readonly heardBy?: string;
  /** Name of that one, where the packet itself says it. */
  readonly heardByName?: string;
  /** Channel. */
  readonly channel?: string;
  /** What it says, in a line. */
  readonly text: string;
  /** How decryption went, from the network's closed set. */
  readonly decrypt?: string;
  /** False where it only says why it could not be read. */
  readonly readable: boolean;
  /** dB at the one that heard it. */
  readonly snr?: number;
  /** dBm at the one that heard it. */
  readonly rssi?: number;
  /** Hops that it had taken. */
  readonly hops?: number;
  /** Degrees north and east that it gives for its sender. */
  readonly position?: readonly [number, number];
}

/** One node of the table and the map. */
export interface PageNode {
  /** Id, as the network writes ids. */
  readonly id: string;
  /** Name that the node gives itself. */
  readonly name?: string;
  /** A shorter one. */
  readonly shortName?: string;
  /** What it does in the mesh. */
  readonly role?: string;
  /** Name of the hardware. */
  readonly hardware?: string;
  /** When it was heard last, Unix milliseconds. */
  readonly lastSeen?: number;
  /** Degrees north and east. */
  readonly position?: readonly [number, number];
}

/** Which packets are asked for; what is absent is any. */
export interface FeedFilter {
  /** Name of the network. */
  readonly network?: string;
  /** Kind of content. */
  readonly type?: string;
  /** Sender, receiver or who heard it: a part of an id or of a name that the packet holds. */
  readonly node?: string;
}

/** Whether `packet` is asked for. */
export function matchesFilter(packet: FeedPacket, filter: FeedFilter): boolean {
  if (filter.network !== undefined && packet.network !== filter.network) return false;
  if (filter.type !== undefined && packet.type !== filter.type) return false;
  if (filter.node === undefined) return true;
  const wanted = filter.node.toLowerCase();
  return [packet.from, packet.fromName, packet.to, packet.heardBy, packet.heardByName]
    .some((text) => text !== undefined && text.toLowerCase().includes(wanted));
}
