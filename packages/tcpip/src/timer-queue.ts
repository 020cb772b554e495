// Whose time has come? A binary heap of things with a due time. Due times move on with nearly every packet, so the heap
// keeps what it knew: an entry that fires too early is only put back where it belongs.

export interface Timed {
  /** Infinity = nothing is due. */
  dueMs: number;
  /** The heap's own: the place (-1 = not in it) and the due time that the place is for. */
  heapAt: number;
  heapMs: number;
  onDue(nowMs: number): void;
}

export class TimerQueue {
  readonly #heap: Timed[] = [];

  /** When something may be due, at the earliest. */
  get nextMs(): number {
    return this.#heap[0]?.heapMs ?? Infinity;
  }

  /** To be called whenever `dueMs` may have become earlier. */
  update(item: Timed): void {
    if (item.heapAt < 0) {
      if (item.dueMs === Infinity) return;
      item.heapAt = this.#heap.length;
      item.heapMs = item.dueMs;
      this.#heap.push(item);
      this.#up(item);
    } else if (item.dueMs < item.heapMs) {
      item.heapMs = item.dueMs;
      this.#up(item);
    }
  }

  remove(item: Timed): void {
    const at = item.heapAt;
    if (at < 0) return;
    item.heapAt = -1;
    const last = this.#heap.pop() as Timed;
    if (last === item) return;
    this.#put(last, at);
    this.#up(last);
    this.#down(last);
  }

  run(nowMs: number): void {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.heapMs > nowMs) return;
      if (first.dueMs <= nowMs) {
        this.remove(first);
        first.onDue(nowMs);
        this.update(first);
      } else if (first.dueMs === Infinity) {
        this.remove(first);
      } else {
        first.heapMs = first.dueMs;
        this.#down(first);
      }
    }
  }

  #put(item: Timed, at: number): void {
    this.#heap[at] = item;
    item.heapAt = at;
  }

  #up(item: Timed): void {
    let at = item.heapAt;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.#heap[parentAt] as Timed;
      if (parent.heapMs <= item.heapMs) break;
      this.#put(parent, at);
      at = parentAt;
    }
    this.#put(item, at);
  }

  #down(item: Timed): void {
    let at = item.heapAt;
    for (;;) {
      let childAt = 2 * at + 1;
      let child = this.#heap[childAt];
      if (child === undefined) break;
      const other = this.#heap[childAt + 1];
      if (other !== undefined && other.heapMs < child.heapMs) {
        child = other;
        childAt++;
      }
      if (child.heapMs >= item.heapMs) break;
      this.#put(child, at);
      at = childAt;
    }
    this.#put(item, at);
  }
}
