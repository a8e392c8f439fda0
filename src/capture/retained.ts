/**
 * The retained payloads that are kept already. A broker that speaks MQTT 3.1.1 sends them anew at
 * every subscription.
 *
 * @module
 */

/** Topics that are remembered of a source at most; anybody may publish a retained message. */
export const MAX_RETAINED_TOPICS = 100_000;

/** Digest of the last retained payload by topic. */
export class RetainedMemory {
  /** The topics whose payloads came last are last. */
  readonly #digests: Map<string, bigint>;

  /** `known`: digests of the last retained payloads kept, by topic, oldest first. */
  constructor(known: ReadonlyMap<string, bigint>) {
    this.#digests = new Map(known);
  }

  /**
   * Whether `digest` is that of the last retained payload taken for `topic`. A new one is
   * remembered: whoever asks is about to take it. Known does not mean committed: what is taken may
   * still be in the queue, so an acknowledgement of the known one has to wait its turn behind it.
   */
  isKnown(topic: string, digest: bigint): boolean {
    if (this.#digests.get(topic) === digest) return true;
    this.#digests.delete(topic);
    this.#digests.set(topic, digest);
    if (this.#digests.size > MAX_RETAINED_TOPICS) {
      for (const oldest of this.#digests.keys()) {
        this.#digests.delete(oldest);
        break;
      }
    }
    return false;
  }
}
