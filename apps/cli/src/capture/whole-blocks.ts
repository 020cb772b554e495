// pcap-ng as it comes over a connection, cut anywhere, into runs of whole blocks. (pcapng §3.1: each block says its length
// in its second word; what the daemon sends is little-endian.)

const HEAD = 8;
/** No honest block is longer; the daemon's are much shorter. */
const LONGEST = 16 * 1024 ** 2;

export class WholeBlocks {
  #rest: Uint8Array = new Uint8Array(0);

  /** As many whole blocks as there are now, possibly none (length 0). Throws when the bytes are no pcap-ng. */
  push(bytes: Uint8Array): Uint8Array {
    const all = this.#rest.length === 0 ? bytes : joined(this.#rest, bytes);
    const view = new DataView(all.buffer, all.byteOffset, all.length);
    let end = 0;
    while (all.length - end >= HEAD) {
      const length = view.getUint32(end + 4, true);
      if (length < 12 || length > LONGEST) throw new Error("what came is no capture");
      if (length > all.length - end) break;
      end += length;
    }
    this.#rest = Uint8Array.from(all.subarray(end));
    return all.subarray(0, end);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** The blocks from the first on that fit into so many bytes. */
export function blocksWithin(blocks: Uint8Array, most: number): Uint8Array {
  if (blocks.length <= most) return blocks;
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.length);
  let end = 0;
  for (;;) {
    const next = end + view.getUint32(end + 4, true);
    if (next > most) return blocks.subarray(0, end);
    end = next;
  }
}
