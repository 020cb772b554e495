// Which frozen layers can become one with the layer above them: those that nothing ends at, and that only one stands on.
// Pure. A chain is written top to bottom; machines write into a file above their first layer.
import type { LayerRef } from "@mimic/model";

export interface Chain {
  /** The file above the layers that is written to; undefined = it ends at its first layer (a moment, a template). */
  readonly head: string | undefined;
  readonly layers: readonly LayerRef[];
  /** Never touched: its bytes were sealed (templates), or it cannot be changed now (it runs). */
  readonly fixed: boolean;
}

export interface Merge {
  /** What goes. */
  readonly layer: LayerRef;
  /** What takes its content: a layer, or a machine's own file. */
  readonly into: string;
  readonly intoIsHead: boolean;
  /** What is under both; empty when nothing of the layers is. */
  readonly below: readonly LayerRef[];
}

/** The next merge that is worth doing; undefined when there is none. */
export function nextMerge(chains: readonly Chain[]): Merge | undefined {
  const above = new Map<string, Set<string>>();
  const ends = new Set<string>();
  const fixed = new Set<string>();
  for (const { head, layers, fixed: isFixed } of chains) {
    const all = [...(head === undefined ? [] : [head]), ...layers.map(({ id }) => id)];
    if (isFixed) for (const id of all) fixed.add(id);
    const first = layers[0];
    if (head === undefined && first) ends.add(first.id);
    for (const [index, { id }] of layers.entries()) {
      const upper = index === 0 ? head : layers[index - 1]?.id;
      const set = above.get(id) ?? new Set<string>();
      if (upper !== undefined) set.add(upper);
      above.set(id, set);
    }
  }
  for (const { head, layers } of chains)
    for (const [index, layer] of layers.entries()) {
      const into = index === 0 ? head : layers[index - 1]?.id;
      if (into === undefined || fixed.has(into) || fixed.has(layer.id) || ends.has(layer.id) || above.get(layer.id)?.size !== 1) continue;
      return { layer, into, intoIsHead: index === 0, below: layers.slice(index + 1) };
    }
  return undefined;
}
