/**
 * A batch of records on its way to the storage thread. Packets, of which a busy mesh has thousands,
 * cross as packed rows: to copy them as objects took a third of the time of storing them. The rest
 * crosses as it is.
 *
 * @module
 */
import type { BatchWriter } from "../storage/commit_batch.ts";
import { type Cell, type PackedRows, RowPacker, unpackRow } from "../storage/packed_rows.ts";
import { PackedBatch } from "../storage/packed_batch.ts";
import type {
  MeshcoreRecord,
  NodeUpdate,
  PacketRecord,
  StoredPacket,
  StoredRecord,
} from "./record.ts";

/** What crosses. */
export interface EncodedMeshcore {
  /** Number of records. */
  readonly size: number;
  /** The packets, in order. */
  readonly packets: PackedRows;
  /** Every other record, with its number in the batch. */
  readonly others: readonly (readonly [index: number, record: MeshcoreRecord])[];
  /** What adverts say of their nodes, with the number of their record in the batch. */
  readonly nodes: readonly (readonly [index: number, node: NodeUpdate])[];
}

/** Cells of a packet, in the order of {@linkcode packetCells}. */
const COLUMNS = 22;

/** Packs records as they are added. */
export class MeshcoreBatch extends PackedBatch<MeshcoreRecord> {
  readonly #packer: RowPacker;
  #others: [number, MeshcoreRecord][] = [];
  #nodes: [number, NodeUpdate][] = [];
  readonly #cells: Cell[] = new Array(COLUMNS).fill(null);
  #size = 0;

  /** Room for `capacity` records. */
  constructor(capacity: number) {
    super(capacity);
    this.#packer = new RowPacker(capacity, COLUMNS);
  }

  /** As {@linkcode PackedBatch.size}. */
  override get size(): number {
    return this.#size;
  }

  /** As {@linkcode PackedBatch.add}. */
  override add(record: MeshcoreRecord): void {
    const index = this.#size;
    if (record.kind !== "packet") this.#others.push([index, record]);
    else {
      packetCells(record, this.#cells);
      this.#packer.add(this.#cells);
      if (record.node !== null) this.#nodes.push([index, record.node]);
    }
    this.#size++;
  }

  /** As {@linkcode PackedBatch.clear}. */
  protected override clear(): void {
    this.#packer.clear();
    this.#others = [];
    this.#nodes = [];
    this.#size = 0;
  }

  /** As {@linkcode PackedBatch.encode}. */
  override encode(): EncodedMeshcore {
    return {
      size: this.#size,
      packets: this.#packer.finish(),
      others: this.#others,
      nodes: this.#nodes,
    };
  }
}

/**
 * The records of a batch as they were packed; what nobody reads of a packet has not crossed. Each is
 * made when it is asked for: thousands beside each other would cost the garbage collector more than
 * making them.
 */
export class BatchReader {
  readonly #batch: EncodedMeshcore;
  readonly #others: ReadonlyMap<number, MeshcoreRecord>;
  readonly #nodes: ReadonlyMap<number, NodeUpdate>;
  readonly #cells: unknown[] = new Array(COLUMNS).fill(null);
  /** Record that the next row of packets may belong to, when they are asked for in order. */
  #next = 0;
  #row = 0;

  /** Reads `batch`, which must stay as it is. */
  constructor(batch: EncodedMeshcore) {
    this.#batch = batch;
    this.#others = new Map(batch.others);
    this.#nodes = new Map(batch.nodes);
  }

  /** Record `index`, 0 to less than the size; to ask for them in order is the fastest. */
  at(index: number): StoredRecord {
    if (index !== this.#next) {
      const before = this.#batch.others.reduce((sum, [other]) => sum + (other < index ? 1 : 0), 0);
      this.#row = index - before;
    }
    this.#next = index + 1;
    const other = this.#others.get(index);
    if (other !== undefined) return other;
    unpackRow(this.#batch.packets, this.#row++, this.#cells);
    return packetOf(this.#cells, this.#nodes.get(index) ?? null);
  }
}

/** Writes packed batches by means of a writer of records. */
export class PackedWriter implements BatchWriter<EncodedMeshcore> {
  readonly #inner: BatchWriter<readonly StoredRecord[]>;
  #batch: EncodedMeshcore | undefined;
  #reader: BatchReader | undefined;

  /** `inner` writes the records. */
  constructor(inner: BatchWriter<readonly StoredRecord[]>) {
    this.#inner = inner;
  }

  size(batch: EncodedMeshcore): number {
    return batch.size;
  }

  write(batch: EncodedMeshcore, index: number): void {
    if (batch !== this.#batch || this.#reader === undefined) {
      this.#reader = new BatchReader(batch);
      this.#batch = batch;
    }
    this.#inner.write([this.#reader.at(index)], 0);
  }

  flush(): void {
    this.#inner.flush();
  }

  counts(): Record<string, number> {
    return this.#inner.counts();
  }

  committed(): void {
    this.#inner.committed();
    this.#batch = undefined;
    this.#reader = undefined;
  }

  rolledBack(): void {
    // The reader is kept: the batch's records are tried again one by one.
    this.#inner.rolledBack();
  }
}

function packetCells(record: PacketRecord, cells: Cell[]): void {
  const { transmission, observation, observer } = record;
  let at = 0;
  cells[at++] = record.receivedAt;
  cells[at++] = record.retained;
  cells[at++] = transmission.hash;
  cells[at++] = transmission.rawHex;
  cells[at++] = transmission.routeType;
  cells[at++] = transmission.payloadType;
  cells[at++] = transmission.payloadVersion;
  cells[at++] = transmission.decodedJson;
  cells[at++] = transmission.channelHash;
  cells[at++] = transmission.scopeName;
  cells[at++] = transmission.fromPubkey;
  cells[at++] = observation.direction;
  cells[at++] = observation.snr;
  cells[at++] = observation.rssi;
  cells[at++] = observation.score;
  cells[at++] = observation.pathJson;
  cells[at++] = observation.rawHex;
  // Hops are hex, and never empty.
  cells[at++] = record.hops.join();
  cells[at++] = record.clockSkewSeconds;
  cells[at++] = observer === null ? null : observer.id;
  cells[at++] = observer === null ? null : observer.name;
  cells[at] = observer === null ? null : observer.iata;
}

function packetOf(cells: readonly unknown[], node: NodeUpdate | null): StoredPacket {
  let at = 0;
  const text = () => cells[at++] as string;
  const number = () => cells[at++] as number;
  const textOrNull = () => cells[at++] as string | null;
  const numberOrNull = () => cells[at++] as number | null;
  // Evaluated in the order in which they are written here, which is that of the cells.
  return {
    kind: "packet",
    receivedAt: number(),
    retained: number() === 1,
    transmission: {
      hash: text(),
      rawHex: text(),
      routeType: number(),
      payloadType: number(),
      payloadVersion: number(),
      decodedJson: text(),
      channelHash: textOrNull(),
      scopeName: textOrNull(),
      fromPubkey: textOrNull(),
    },
    observation: {
      direction: textOrNull(),
      snr: numberOrNull(),
      rssi: numberOrNull(),
      score: numberOrNull(),
      pathJson: text(),
      rawHex: text(),
    },
    hops: hopsOf(text()),
    clockSkewSeconds: numberOrNull(),
    observer: observerOf(textOrNull(), textOrNull(), textOrNull()),
    node,
  };
}

function hopsOf(joined: string): readonly string[] {
  return joined === "" ? [] : joined.split(",");
}

function observerOf(
  id: string | null,
  name: string | null,
  iata: string | null,
): StoredPacket["observer"] {
  return id === null ? null : { id, name, iata };
}
