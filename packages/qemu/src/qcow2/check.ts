// May QEMU open this layer? Its header may name the layer under it and nothing else. (A header that was patched by
// someone could make QEMU read any file; QEMU gets no names anyway, this is the second wall and says so in words.)
import { type Refusal, refusal } from "@mimic/base";
import { parseQcow2Header } from "./header.ts";

export interface LayerToCheck {
  readonly path: string;
  readonly format: "qcow2" | "raw";
  /** We made it so, with a key that only we and QEMU hold. */
  readonly encrypted?: boolean | undefined;
}

/**
 * `header` = the first bytes of the layer; `below` = the layers under it, top to bottom. It may name any of them: when
 * layers are made one, the header is written a moment before the record.
 */
export function checkLayer(layer: LayerToCheck, header: Uint8Array, below: readonly LayerToCheck[]): Refusal | undefined {
  if (layer.format === "raw") return undefined;
  const parsed = parseQcow2Header(header);
  if ("malformed" in parsed) return changed(`its header is damaged (${parsed.malformed})`);
  if (parsed.dataFile !== undefined) return changed("its header sends QEMU to another file for its data");
  if (parsed.encrypted !== (layer.encrypted === true))
    return changed(parsed.encrypted ? "it is encrypted in a way that Mimic did not set up" : "it should be encrypted and is not");
  if (parsed.unknownFeatures) return changed("it uses features that Mimic does not know");
  if (parsed.backing === undefined) return undefined;
  const { backing } = parsed;
  // Only the last part is compared: the data directory may have been moved as a whole.
  const under = below.find(({ path }) => baseName(path) === baseName(backing));
  if (under === undefined) return changed("its header names another file under it");
  if (parsed.backingFormat !== undefined && parsed.backingFormat !== under.format)
    return changed("its header names another format for the image under it");
  return undefined;
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const changed = (why: string): Refusal =>
  refusal(
    "disk.changed_outside",
    `A disk was changed outside Mimic: ${why}.`,
    "Put the disk back from a backup, or look at it with qemu-img on a computer that you can spare.",
  );
