// Which moments may be cleared away now. Deleting one can leave layers that then have to become one; while machines run
// their own QEMUs do that beside the guest. What needs more than a little of it, or cannot be done at all before a machine
// is off, waits. Pure: the merges are played through on paper, with the rule that `nextMerge` is.
import { type Chain, type Merge, nextMerge } from "./plan-merge.ts";

/** At once. Four seconds at the speed at which running machines do it. */
export const CHEAP_BYTES = 256 * 1024 ** 2;

export interface Clearing {
  readonly goes: readonly string[];
  readonly waits: readonly string[];
}

/** `wanted`: ids of moments, in the order in which they are tried. `sizes`: what a layer holds in bytes; 0 when left out. */
export function planClearing(chains: readonly Chain[], wanted: readonly string[], sizes: ReadonlyMap<string, number>): Clearing {
  const goes: string[] = [];
  const waits: string[] = [];
  let now = chains;
  for (const id of wanted) {
    const without = now.filter((chain) => chain.moment !== id);
    if (isCheap(chains, without, sizes)) {
      now = without;
      goes.push(id);
    } else waits.push(id);
  }
  return { goes, waits };
}

/** Against what is to be done anyhow: only what all that goes puts on top counts. */
function isCheap(before: readonly Chain[], after: readonly Chain[], sizes: ReadonlyMap<string, number>): boolean {
  const [had, has] = [playMerges(before, sizes), playMerges(after, sizes)];
  if (has.liveBytes - had.liveBytes > CHEAP_BYTES) return false;
  const stuck = (chains: readonly Chain[], done: number): number => playMerges(chains.map(asIfOff), sizes).count - done;
  return stuck(after, has.count) <= stuck(before, had.count);
}

const asIfOff = (chain: Chain): Chain => (chain.holder === undefined ? chain : { ...chain, fixed: false, holder: undefined });

interface Played {
  readonly count: number;
  /** What QEMUs of running machines have to move. */
  readonly liveBytes: number;
}

function playMerges(chains: readonly Chain[], sizes: ReadonlyMap<string, number>): Played {
  const holds = new Map(sizes);
  let now = chains;
  let count = 0;
  let liveBytes = 0;
  for (let merge = nextMerge(now); merge !== undefined; merge = nextMerge(now)) {
    const { layer, into, holder } = merge;
    const bytes = holds.get(layer.id) ?? 0;
    if (holder !== undefined) liveBytes += bytes;
    holds.set(into, (holds.get(into) ?? 0) + bytes);
    now = merged(now, merge);
    count++;
  }
  return { count, liveBytes };
}

const merged = (chains: readonly Chain[], { layer }: Merge): readonly Chain[] =>
  chains.map((chain) =>
    chain.layers.some(({ id }) => id === layer.id) ? { ...chain, layers: chain.layers.filter(({ id }) => id !== layer.id) } : chain,
  );
