/** What is going to happen in the simulation, in the order of time. @module */

/** A binary heap by time; what was put in first comes first among equals. */
export class EventQueue<T> {
  readonly #heap: { atMs: number; order: number; event: T }[] = [];
  #order = 0;

  /** Time of the next event; Infinity when there is none. */
  get nextAtMs(): number {
    return this.#heap[0]?.atMs ?? Infinity;
  }

  /** Puts an event in. */
  push(atMs: number, event: T): void {
    const heap = this.#heap;
    const entry = { atMs, order: this.#order++, event };
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Takes the next event out; undefined when there is none. */
  pop(): { readonly atMs: number; readonly event: T } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(
  a: { atMs: number; order: number },
  b: { atMs: number; order: number },
): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
