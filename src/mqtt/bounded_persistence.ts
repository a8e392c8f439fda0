/**
 * Bounds for what aedes keeps in memory for others: messages queued for subscribers that are away
 * or slow, and retained messages. Unbounded, one forgotten subscriber would fill a small machine.
 *
 * @module
 */

/** The part of aedes' persistence that grows. */
export interface GrowingPersistence {
  /** Queues a message for subscribers that are away, or behind. */
  outgoingEnqueueCombi(subs: { clientId: string }[], packet: unknown): Promise<void>;
  /** Forgets a message that its subscriber acknowledged. */
  outgoingClearMessageId(client: { id: string }, packet: unknown): Promise<unknown>;
  /** Keeps a retained message; an empty payload removes it. */
  storeRetained(packet: { topic: string; payload: Uint8Array }): Promise<void>;
}

/** Limits of {@linkcode boundPersistence}. */
export interface PersistenceLimits {
  /** Messages queued for one subscriber; further ones are not queued for it. */
  readonly maxQueued: number;
  /** Topics with a retained message; messages for further topics are not retained. */
  readonly maxRetained: number;
}

/** Sees to it that `persistence` respects `limits`; `onDropped` hears of every message left out. */
export function boundPersistence(
  persistence: GrowingPersistence,
  limits: PersistenceLimits,
  onDropped: () => void,
): void {
  const queued = new Map<string, number>();
  const retained = new Set<string>();
  const enqueue = persistence.outgoingEnqueueCombi.bind(persistence);
  const clear = persistence.outgoingClearMessageId.bind(persistence);
  const store = persistence.storeRetained.bind(persistence);
  persistence.outgoingEnqueueCombi = (subs, packet) => {
    const room = subs.filter(({ clientId }) => {
      const count = queued.get(clientId) ?? 0;
      if (count >= limits.maxQueued) {
        onDropped();
        return false;
      }
      queued.set(clientId, count + 1);
      return true;
    });
    return enqueue(room, packet);
  };
  persistence.outgoingClearMessageId = async (client, packet) => {
    const cleared = await clear(client, packet);
    if (cleared !== undefined) {
      const count = (queued.get(client.id) ?? 1) - 1;
      if (count > 0) queued.set(client.id, count);
      else queued.delete(client.id);
    }
    return cleared;
  };
  persistence.storeRetained = async (packet) => {
    if (packet.payload.length === 0) retained.delete(packet.topic);
    else if (retained.has(packet.topic) || retained.size < limits.maxRetained) {
      retained.add(packet.topic);
    } else return onDropped();
    await store(packet);
  };
}
