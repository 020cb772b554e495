// The live packet list: pcap-ng bytes in, decoded rows out, and the bytes of the last few thousand packets kept for those who
// want to look closer. Bounded in packets and in memory; what was lost on the way is told.
import { decodeFrame } from "@mimic/wire";
import { type CapturedPacket, type CaptureItem, CaptureReader } from "../pcap/index.ts";

/** A line of the list. Everything in it is harmless text. */
export interface LiveRow {
  /** Counts from 1. */
  readonly seq: number;
  /** Milliseconds since 1970, with fractions. */
  readonly atMs: number;
  /** The port's id, or its name where the capture has no id. */
  readonly port: string;
  /** in = the switch received it from the port's owner; out = it was sent to it. */
  readonly direction: "in" | "out";
  /** Bytes on the wire. */
  readonly length: number;
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  /** The rest in a line: “51234 → 445 SYN”. */
  readonly words: string;
  /** The reason in words, when it was dropped. */
  readonly dropped?: string;
}

export interface RowLayer {
  readonly name: string;
  /** Where it is in the frame's bytes. */
  readonly from: number;
  readonly to: number;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
}

export interface LiveNews {
  readonly rows: readonly LiveRow[];
  /** Frames since the news before that the capture lost, or that were too many. */
  readonly missed: number;
  /** The capture is broken and says nothing more: why, as a stable word. */
  readonly broken: string | undefined;
}

interface Kept {
  readonly seq: number;
  readonly frame: Uint8Array;
  readonly length: number;
}

const DROPPED = "dropped: ";

export class LivePackets {
  readonly #reader = new CaptureReader();
  readonly #ports: string[] = [];
  readonly #ring: (Kept | undefined)[];
  readonly #maxBytes: number;
  #keptBytes = 0;
  /** The oldest packet that is still kept. */
  #oldest = 1;
  #seq = 0;

  /** `keep`: packets whose bytes are kept, up to `maxBytes` in all. */
  constructor({ keep = 2000, maxBytes = 16 * 1024 ** 2 }: { readonly keep?: number; readonly maxBytes?: number } = {}) {
    this.#ring = new Array(keep);
    this.#maxBytes = maxBytes;
  }

  /** The rows of the packets that the bytes complete. Packets beyond `mostRows` are not decoded but counted as missed. */
  push(bytes: Uint8Array, { mostRows = Number.POSITIVE_INFINITY }: { readonly mostRows?: number } = {}): LiveNews {
    const rows: LiveRow[] = [];
    let missed = 0;
    let broken: string | undefined;
    for (const item of this.#reader.push(bytes)) {
      if (item.kind === "packet") {
        missed += item.lost;
        if (rows.length < mostRows) rows.push(this.#rowOf(item));
        else missed++;
      } else if (item.kind === "malformed") broken = item.malformed;
      else this.#learn(item);
    }
    return { rows, missed, broken };
  }

  /** A packet's bytes and layers, outermost first; undefined when it is no longer kept. */
  look(seq: number): { readonly bytes: Uint8Array; readonly layers: readonly RowLayer[] } | undefined {
    const kept = this.#ring[seq % this.#ring.length];
    if (kept?.seq !== seq) return undefined;
    const layers = decodeFrame(kept.frame, kept.length).layers.map(({ name, at, length, fields, problem }) => ({
      name,
      from: at,
      to: at + length,
      fields: [
        ...(problem === undefined ? [] : [{ name: "Problem", value: problem }]),
        ...fields.map((field) => ({ name: field.name, value: field.value })),
      ],
    }));
    return { bytes: kept.frame, layers };
  }

  #learn(item: CaptureItem): void {
    if (item.kind !== "interface") return;
    const isId = /^(nic|prt)_[0-9a-z]{26}$/.test(item.description ?? "");
    this.#ports[item.id] = (isId ? item.description : item.name) ?? `port ${item.id}`;
  }

  #rowOf(packet: CapturedPacket): LiveRow {
    const seq = ++this.#seq;
    this.#keep({ seq, frame: packet.frame.slice(), length: packet.originalLength });
    const decoded = decodeFrame(packet.frame, packet.originalLength);
    const dropped = packet.comments.find((comment) => comment.startsWith(DROPPED))?.slice(DROPPED.length);
    const ports = decoded.sourcePort === undefined ? "" : `${decoded.sourcePort} → ${decoded.destinationPort}`;
    const tags = decoded.vlans.length === 0 ? "" : `(VLAN ${decoded.vlans.join(" in ")})`;
    return {
      seq,
      atMs: Number(packet.atNs / 1000n) / 1000,
      port: this.#ports[packet.interfaceId] ?? "",
      direction: packet.direction === "outbound" ? "out" : "in",
      length: packet.originalLength,
      from: decoded.source,
      to: decoded.destination,
      protocol: decoded.protocol,
      words: [ports, decoded.info, tags].filter((part) => part !== "").join(" "),
      ...(dropped !== undefined && { dropped }),
    };
  }

  #keep(kept: Kept): void {
    const place = kept.seq % this.#ring.length;
    this.#forget(place);
    this.#ring[place] = kept;
    this.#keptBytes += kept.frame.length;
    for (; this.#keptBytes > this.#maxBytes && this.#oldest < kept.seq; this.#oldest++)
      this.#forget(this.#oldest % this.#ring.length, this.#oldest);
  }

  #forget(place: number, onlySeq?: number): void {
    const old = this.#ring[place];
    if (old === undefined || (onlySeq !== undefined && old.seq !== onlySeq)) return;
    this.#keptBytes -= old.frame.length;
    this.#ring[place] = undefined;
  }
}
