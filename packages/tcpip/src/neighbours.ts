// Who on the link has which address: ARP (RFC 826) and neighbour discovery (RFC 4861 §7.2). Asked for when something is to be
// sent; learnt also from whoever speaks to us, since the way back is the way it came.
import {
  ARP_OPERATION,
  BROADCAST_MAC,
  type NdpMessage,
  parseArp,
  parseNdp,
  serializeArp,
  serializeNdp,
  solicitedNodeOf,
} from "@mimic/wire";
import { IpAddress } from "./address.ts";

const MOST_KNOWN = 8192;
const MOST_ASKED = 256;
const MOST_WAITING = 16;
const TRIES = 3;
const TRY_MS = 1000;

type Found = (mac: Uint8Array | undefined) => void;

interface Question {
  readonly address: IpAddress;
  readonly waiting: Found[];
  tries: number;
  nextMs: number;
}

export interface NeighbourSurroundings {
  readonly mac: Uint8Array;
  nowMs(): number;
  /** Our address on the link to ask from. */
  ownFor(address: IpAddress): IpAddress | undefined;
  /** Do we answer for it? */
  isOurs(address: IpAddress): boolean;
  sendArp(payload: Uint8Array, mac: Uint8Array): void;
  sendNdp(message: Uint8Array, ends: { source: IpAddress; destination: IpAddress }, mac: Uint8Array): void;
  /** Questions wait: look after them at that time. */
  wakeBy(ms: number): void;
}

export class Neighbours {
  readonly #around: NeighbourSurroundings;
  readonly #known = new Map<number | string, Uint8Array>();
  readonly #asked = new Map<number | string, Question>();

  constructor(around: NeighbourSurroundings) {
    this.#around = around;
  }

  get waiting(): number {
    return this.#asked.size;
  }

  known(address: IpAddress): Uint8Array | undefined {
    return this.#known.get(address.key);
  }

  learn(address: IpAddress, mac: Uint8Array): void {
    const { key } = address;
    const before = this.#known.get(key);
    if (before !== undefined && isSame(before, mac)) return;
    // Oldest first: the map keeps the order in which they came.
    if (before === undefined && this.#known.size >= MOST_KNOWN) this.#known.delete(this.#known.keys().next().value as number | string);
    this.#known.set(key, mac.slice(0, 6));
    const question = this.#asked.get(key);
    if (question === undefined) return;
    this.#asked.delete(key);
    for (const found of question.waiting) found(this.#known.get(key));
  }

  forget(address: IpAddress): void {
    this.#known.delete(address.key);
  }

  resolve(address: IpAddress, found: Found): void {
    const mac = this.known(address);
    if (mac !== undefined) {
      found(mac);
      return;
    }
    const question = this.#asked.get(address.key);
    if (question !== undefined) {
      if (question.waiting.length < MOST_WAITING) question.waiting.push(found);
      else found(undefined);
      return;
    }
    if (this.#asked.size >= MOST_ASKED) {
      found(undefined);
      return;
    }
    const asked: Question = { address, waiting: [found], tries: 0, nextMs: 0 };
    this.#asked.set(address.key, asked);
    this.#ask(asked);
  }

  /** Asks again, or gives up. */
  expire(nowMs: number): void {
    for (const [key, question] of [...this.#asked]) {
      if (question.nextMs > nowMs) {
        this.#around.wakeBy(question.nextMs);
      } else if (question.tries < TRIES) {
        this.#ask(question);
      } else {
        this.#asked.delete(key);
        for (const found of question.waiting) found(undefined);
      }
    }
  }

  #ask(question: Question): void {
    const around = this.#around;
    const { address } = question;
    question.tries++;
    question.nextMs = around.nowMs() + TRY_MS;
    around.wakeBy(question.nextMs);
    const own = around.ownFor(address);
    if (own === undefined) return;
    if (address.version === 4) {
      const request = { operation: ARP_OPERATION.request, senderMac: around.mac, senderIp: own.bytes, targetMac: new Uint8Array(6) };
      around.sendArp(serializeArp({ ...request, targetIp: address.bytes }), BROADCAST_MAC);
      return;
    }
    const group = new IpAddress(solicitedNodeOf(address.bytes));
    const options = [{ option: "sourceLinkLayer", mac: around.mac }] as const;
    const message = serializeNdp({ kind: "neighborSolicitation", target: address.bytes, options });
    around.sendNdp(message, { source: own, destination: group }, multicastMac(group));
  }

  arriveArp(bytes: Uint8Array): void {
    const packet = parseArp(bytes);
    if ("malformed" in packet) return;
    const sender = IpAddress.at(packet.senderIp, 0, 4);
    const target = IpAddress.at(packet.targetIp, 0, 4);
    const isForUs = this.#around.isOurs(target);
    // RFC 826: an entry that is there is put right in any case, a new one only when we were meant.
    if (sender.w3 !== 0 && !this.#around.isOurs(sender) && (isForUs || this.#known.has(sender.key) || this.#asked.has(sender.key))) {
      this.learn(sender, packet.senderMac);
    }
    if (packet.operation !== ARP_OPERATION.request || !isForUs || sender.w3 === target.w3) return;
    const reply = { operation: ARP_OPERATION.reply, senderMac: this.#around.mac, senderIp: target.bytes };
    this.#around.sendArp(serializeArp({ ...reply, targetMac: packet.senderMac, targetIp: sender.bytes }), packet.senderMac);
  }

  /** `source`: of the packet; its checksum is right and its hop limit was 255. */
  arriveNdp(bytes: Uint8Array, source: IpAddress, mac: Uint8Array): void {
    const message = parseNdp(bytes);
    if ("malformed" in message) return;
    if (message.kind === "neighborSolicitation") this.#solicited(message, source, mac);
    else if (message.kind === "neighborAdvertisement") this.#advertised(message, mac);
  }

  #solicited(message: NdpMessage & { kind: "neighborSolicitation" }, source: IpAddress, mac: Uint8Array): void {
    const target = IpAddress.at(message.target, 0, 16);
    if (!this.#around.isOurs(target)) return;
    // From “::” somebody asks whether the address is free (RFC 4862 §5.4): everybody hears that it is not.
    const isProbe = (source.w0 | source.w1 | source.w2 | source.w3) === 0;
    if (!isProbe) this.learn(source, linkLayerOf(message, mac));
    const answer = serializeNdp({
      kind: "neighborAdvertisement",
      isRouter: true,
      isSolicited: !isProbe,
      isOverride: true,
      target: target.bytes,
      options: [{ option: "targetLinkLayer", mac: this.#around.mac }],
    });
    const destination = isProbe ? ALL_NODES : source;
    this.#around.sendNdp(answer, { source: target, destination }, isProbe ? multicastMac(ALL_NODES) : mac);
  }

  #advertised(message: NdpMessage & { kind: "neighborAdvertisement" }, mac: Uint8Array): void {
    const target = IpAddress.at(message.target, 0, 16);
    if (this.#around.isOurs(target)) return;
    if (this.#known.has(target.key) || this.#asked.has(target.key)) this.learn(target, linkLayerOf(message, mac));
  }
}

const ALL_NODES = IpAddress.of("ff02::1");

const multicastMac = (group: IpAddress): Uint8Array => new Uint8Array([0x33, 0x33, ...group.bytes.subarray(12)]);

function linkLayerOf(message: NdpMessage, otherwise: Uint8Array): Uint8Array {
  for (const option of message.options) {
    if (option.option === "sourceLinkLayer" || option.option === "targetLinkLayer") return option.mac.length === 6 ? option.mac : otherwise;
  }
  return otherwise;
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a[5] === b[5] && a[4] === b[4] && a[3] === b[3] && a[2] === b[2] && a[1] === b[1] && a[0] === b[0];
