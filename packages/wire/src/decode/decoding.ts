// What a decoder writes into while it goes through a frame from the outside inwards: layers with fields, and the one line
// that the frame has in a list. All text in it is harmless; every number of layers and fields is bounded.
import { plain } from "@mimic/base";

export interface DecodedField {
  readonly name: string;
  /** Harmless text. */
  readonly value: string;
  /** Where it stands in the frame, and how many bytes it has. */
  readonly at: number;
  readonly length: number;
}

export interface DecodedLayer {
  /** Short and stable, as Wireshark calls it: “ip”, “tcp”, “dns”. */
  readonly key: string;
  /** For people: “IPv4”. */
  readonly name: string;
  readonly at: number;
  readonly length: number;
  readonly fields: readonly DecodedField[];
  /** What is wrong with it, in words. */
  readonly problem: string | undefined;
}

export interface DecodedFrame {
  readonly layers: readonly DecodedLayer[];
  /** The innermost protocol that could be read, for people: “TCP”, “DNS”. */
  readonly protocol: string;
  /** IP addresses where there are some, else MAC addresses. */
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
  /** VLANs of its tags, the outermost first. */
  readonly vlans: readonly number[];
  /** What the frame says, in a few words: “SYN”, “who has 10.0.2.2? Tell 10.0.2.15”. */
  readonly info: string;
  /** The first problem of its layers. */
  readonly problem: string | undefined;
}

export const MAX_LAYERS = 32;
export const MAX_FIELDS = 80;

export class Layer {
  readonly key: string;
  readonly name: string;
  readonly at: number;
  length: number;
  readonly fields: DecodedField[] = [];
  problem: string | undefined;
  /** Only the beginning is here, as one may expect: of a fragmented packet, or of one that an error is about. */
  readonly isPart: boolean;

  constructor(key: string, name: string, at: number, length: number, isPart: boolean) {
    this.key = key;
    this.name = name;
    this.at = at;
    this.length = length;
    this.isPart = isPart;
  }

  /** `value` may come from a guest: it is made harmless and cut. */
  field(name: string, value: string | number, at: number, length: number): this {
    if (this.fields.length < MAX_FIELDS) this.fields.push({ name, value: plain(String(value), 200), at, length });
    return this;
  }

  wrong(problem: string): this {
    this.problem ??= plain(problem, 200);
    return this;
  }

  /** Less is here than should be; no problem where only a part was expected. */
  cutOff(words = ""): this {
    return this.isPart ? this : this.wrong(`cut off${words}`);
  }
}

/** Where decoders hand on to the next layer; put together in decode-frame.ts, so that decoders need not know each other. */
export interface Steps {
  /** By EtherType. */
  readonly network: (decoding: Decoding, etherType: number, at: number, end: number) => void;
  /** By IP protocol number. */
  readonly transport: (decoding: Decoding, protocol: number, at: number, end: number) => void;
  /** By TCP or UDP port. */
  readonly application: (decoding: Decoding, transport: "tcp" | "udp", at: number, end: number) => void;
}

/** Addresses of the IP packet that is being read: checksums cover them. */
export interface Addresses {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

export class Decoding {
  readonly bytes: Uint8Array;
  /** Of the frame as it was on the wire. */
  readonly wireLength: number;
  readonly steps: Steps;
  readonly layers: Layer[] = [];
  readonly vlans: number[] = [];
  protocol = "Ethernet";
  source = "";
  destination = "";
  sourcePort: number | undefined;
  destinationPort: number | undefined;
  info = "";
  addresses: Addresses | undefined;
  /** The ports of the segment or datagram that is being read. */
  ports: readonly [number, number] = [0, 0];
  /** Inside another packet (an ICMP error's, a tunnel's): it has layers, and the frame's own line stays as it is. */
  isInside = false;
  /** Only the beginning of what is read now is here. */
  isPart: boolean;
  /** Bytes of the IP packet's payload that are not here. */
  missing = 0;

  constructor(bytes: Uint8Array, wireLength: number, steps: Steps) {
    this.bytes = bytes;
    this.wireLength = Math.max(wireLength, bytes.length);
    this.isPart = this.wireLength > bytes.length;
    this.steps = steps;
  }

  /** Undefined when the frame has more layers than anybody looks at. */
  layer(key: string, name: string, at: number, length: number): Layer {
    const layer = new Layer(key, name, at, Math.max(0, Math.min(length, this.bytes.length - at)), this.isPart);
    if (this.layers.length < MAX_LAYERS) this.layers.push(layer);
    return layer;
  }

  get isFull(): boolean {
    return this.layers.length >= MAX_LAYERS;
  }

  /** The frame's line: the innermost that speaks has the word. */
  says(protocol: string, info: string): void {
    if (this.isInside) return;
    this.protocol = protocol;
    this.info = plain(info, 160);
  }

  /** Reads what is inside of another packet, which does not speak for the frame. */
  inside(options: { readonly isPart: boolean }, read: () => void): void {
    const { isInside, isPart, addresses, ports, missing } = this;
    this.isInside = true;
    this.isPart ||= options.isPart;
    read();
    this.isInside = isInside;
    this.isPart = isPart;
    this.addresses = addresses;
    this.ports = ports;
    this.missing = missing;
  }

  /** What its parser does not take: broken, or only the beginning of it is here. */
  unreadable(layer: Layer, name: string, why: string): void {
    if (layer.isPart) {
      this.says(name, "only its beginning is here");
      return;
    }
    layer.wrong(why.replaceAll("_", " "));
    this.says(name, "malformed");
  }

  /** Reads the beginning of what came in fragments. */
  part(read: () => void): void {
    const { isPart } = this;
    this.isPart = true;
    read();
    this.isPart = isPart;
  }
}

export const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, "0")}`;

/** “1 byte”, “18 bytes”. */
export const bytesText = (count: number): string => `${count} byte${count === 1 ? "" : "s"}`;

/** “7 (ICMP echo)” or “7”. */
export const named = (value: number, names: Readonly<Record<number, string>>): string =>
  names[value] === undefined ? String(value) : `${value} (${names[value]})`;
