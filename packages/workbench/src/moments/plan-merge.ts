// Which frozen layers can become one with the layer above them: those that nothing ends at, and that only one stands on.
// Pure. A chain is written top to bottom; machines write into a file above their first layer.
import type { LayerRef } from "@mimic/model";

export interface Chain {
  /** The file above the layers that is written to; undefined = it ends at its first layer (a moment, a template). */
  readonly head: string | undefined;
  /** Where that file lies; undefined = the data directory. */
  readonly storage?: string | undefined;
  readonly layers: readonly LayerRef[];
  /** Never touched: its bytes were sealed (templates), or it cannot be changed now (it sleeps, something works on it). */
  readonly fixed: boolean;
  /** The machine that has these files open: only its own QEMU can change them, and only while no other has them open. */
  readonly holder?: string | undefined;
  /** The image under the lowest layer. */
  readonly base?: string | undefined;
  /** The moment that remembers it. */
  readonly moment?: string | undefined;
}

export interface Merge {
  /** What goes. */
  readonly layer: LayerRef;
  /** What takes its content: a layer, or a machine's own file. */
  readonly into: string;
  readonly intoIsHead: boolean;
  /** Where that lies. */
  readonly storage: string | undefined;
  /** What is under both; empty when nothing of the layers is. */
  readonly below: readonly LayerRef[];
  /** The running machine that has both open and does it itself; undefined = nobody has them open. */
  readonly holder: string | undefined;
  /** The image under all of them. */
  readonly base: string | undefined;
}

/** The next merge that is worth doing; undefined when there is none. */
export function nextMerge(chains: readonly Chain[]): Merge | undefined {
  const { above, ends, fixed, holders } = survey(chains);
  for (const { head, layers, base, storage: ownStorage } of chains)
    for (const [index, layer] of layers.entries()) {
      const into = index === 0 ? head : layers[index - 1]?.id;
      const storage = index === 0 ? ownStorage : layers[index - 1]?.storage;
      if (into === undefined || fixed.has(into) || fixed.has(layer.id) || ends.has(layer.id) || above.get(layer.id)?.size !== 1) continue;
      const open = new Set([...(holders.get(into) ?? []), ...(holders.get(layer.id) ?? [])]);
      if (open.size > 1) continue;
      return { layer, into, intoIsHead: index === 0, storage, below: layers.slice(index + 1), holder: [...open][0], base };
    }
  return undefined;
}

interface Survey {
  /** Layer → what stands on it directly. */
  readonly above: ReadonlyMap<string, ReadonlySet<string>>;
  /** Layers that something ends at. */
  readonly ends: ReadonlySet<string>;
  readonly fixed: ReadonlySet<string>;
  /** File → the running machines that have it open. */
  readonly holders: ReadonlyMap<string, ReadonlySet<string>>;
}

function survey(chains: readonly Chain[]): Survey {
  const above = new Map<string, Set<string>>();
  const ends = new Set<string>();
  const fixed = new Set<string>();
  const holders = new Map<string, Set<string>>();
  const note = (map: Map<string, Set<string>>, key: string, value: string | undefined): void => {
    const set = map.get(key) ?? new Set<string>();
    if (value !== undefined) set.add(value);
    map.set(key, set);
  };
  for (const { head, layers, fixed: isFixed, holder } of chains) {
    const all = [...(head === undefined ? [] : [head]), ...layers.map(({ id }) => id)];
    for (const id of all) note(holders, id, holder);
    if (isFixed) for (const id of all) fixed.add(id);
    if (head === undefined && layers[0]) ends.add(layers[0].id);
    for (const [index, { id }] of layers.entries()) note(above, id, index === 0 ? head : layers[index - 1]?.id);
  }
  return { above, ends, fixed, holders };
}
