// A guest that is nothing but frames at a port of a switch: asks for an address and for a name, and says how long each took from
// the first frame sent to the last one needed. Speaks as fast as answers come, so that what is measured is who answers.
import { connect, type Socket } from "node:net";
import {
  ARP_OPERATION,
  BROADCAST_MAC,
  type DhcpMessage,
  dhcpOption,
  dhcpType,
  dhcpTypeOf,
  dnsClass,
  dnsType,
  ETHER_TYPE,
  emptyDnsMessage,
  equalBytes,
  IP_PROTOCOL,
  ipText,
  noIpv4Address,
  parseArp,
  parseDhcp,
  parseDnsMessage,
  parseEthernet,
  parseIpv4Packet,
  parseMac,
  parseUdp,
  serializeArp,
  serializeDhcp,
  serializeDnsMessage,
  serializeEthernet,
  serializeIpv4Packet,
  serializeUdp,
} from "@mimic/wire";

const EVERYBODY = Uint8Array.of(255, 255, 255, 255);
const PATIENCE_MS = 10_000;

interface Datagram {
  readonly fromMac: Uint8Array;
  readonly from: Uint8Array;
  readonly sourcePort: number;
  readonly payload: Uint8Array;
}

export interface Leased {
  readonly address: Uint8Array;
  readonly server: Uint8Array;
  readonly serverMac: Uint8Array;
  readonly tookMs: number;
}

export class LeaseClient implements Disposable {
  readonly #socket: Socket;
  readonly #mac: Uint8Array;
  #held: Buffer = Buffer.alloc(0);
  #address: Uint8Array = noIpv4Address;
  #heard: (datagram: Datagram) => void = () => {};

  private constructor(socket: Socket, mac: Uint8Array) {
    this.#socket = socket;
    this.#mac = mac;
    socket.on("data", (bytes: Buffer) => this.#took(bytes));
    socket.on("error", () => {});
  }

  /** The switch listens at `path`; it may still be about to. */
  static async dial(path: string, mac: string): Promise<LeaseClient> {
    for (;;) {
      const socket = connect(path);
      const isJoined = await new Promise<boolean>((resolve) =>
        socket.once("connect", () => resolve(true)).once("error", () => resolve(false)),
      );
      if (isJoined) return new LeaseClient(socket, parseMac(mac) ?? new Uint8Array(6));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async lease(): Promise<Leased> {
    const began = performance.now();
    const offer = await this.#exchange(dhcpType.discover, dhcpType.offer, []);
    const server = offer.message.options.get(dhcpOption.serverIdentifier) ?? noIpv4Address;
    const wanted: [number, Uint8Array][] = [
      [dhcpOption.requestedAddress, offer.message.yourAddress.slice()],
      [dhcpOption.serverIdentifier, server.slice()],
    ];
    const ack = await this.#exchange(dhcpType.request, dhcpType.ack, wanted);
    const tookMs = performance.now() - began;
    this.#address = ack.message.yourAddress.slice();
    return { address: ack.message.yourAddress.slice(), server: server.slice(), serverMac: ack.fromMac.slice(), tookMs };
  }

  /** Milliseconds until the name's address is known; throws when there is none. */
  async resolve({ address, server, serverMac }: Leased, name: string): Promise<number> {
    const query = serializeDnsMessage({
      ...emptyDnsMessage,
      id: 7,
      recursionDesired: true,
      questions: [{ name, type: dnsType.A, class: dnsClass.IN }],
    });
    const began = performance.now();
    const answer = this.#next(({ sourcePort, payload }) => {
      const message = sourcePort === 53 ? parseDnsMessage(payload) : undefined;
      return message && !("malformed" in message) ? message : undefined;
    });
    this.#send({ to: serverMac, from: address, destination: server, ports: [40_000, 53], payload: query });
    const record = (await answer).answers.find(({ type }) => type === dnsType.A);
    if (!record) throw new Error(`${name} was not resolved by ${ipText(server)}`);
    return performance.now() - began;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #exchange(type: number, wanted: number, options: [number, Uint8Array][]): Promise<{ message: DhcpMessage; fromMac: Uint8Array }> {
    const answer = this.#next(({ sourcePort, payload, fromMac }) => {
      const message = sourcePort === 67 ? parseDhcp(payload) : undefined;
      return message && !("malformed" in message) && dhcpTypeOf(message) === wanted ? { message, fromMac } : undefined;
    });
    const asked = new Map<number, Uint8Array>([[dhcpOption.messageType, Uint8Array.of(type)], ...options]);
    const message: DhcpMessage = {
      ...{ operation: "request", hardwareType: 1, hops: 0, transactionId: 77, seconds: 0, wantsBroadcast: true },
      ...{ clientAddress: noIpv4Address, yourAddress: noIpv4Address, nextServer: noIpv4Address, relayAddress: noIpv4Address },
      ...{ clientHardware: this.#mac, serverName: "", bootFile: "", options: asked },
    };
    this.#send({ to: BROADCAST_MAC, from: noIpv4Address, destination: EVERYBODY, ports: [68, 67], payload: serializeDhcp(message) });
    return answer;
  }

  #next<T>(wanted: (datagram: Datagram) => T | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const late = setTimeout(() => reject(new Error("no answer came")), PATIENCE_MS);
    this.#heard = (datagram) => {
      const found = wanted(datagram);
      if (found === undefined) return;
      clearTimeout(late);
      resolve(found);
    };
    return promise;
  }

  #send({
    to,
    from,
    destination,
    ports,
    payload,
  }: {
    to: Uint8Array;
    from: Uint8Array;
    destination: Uint8Array;
    ports: [number, number];
    payload: Uint8Array;
  }): void {
    const datagram = serializeUdp({ sourcePort: ports[0], destinationPort: ports[1], payload }, from, destination);
    const packet = serializeIpv4Packet({ source: from, destination, protocol: IP_PROTOCOL.udp, payload: datagram });
    const frame = serializeEthernet({ destination: to, source: this.#mac, etherType: ETHER_TYPE.ipv4, payload: packet });
    this.#put(frame);
  }

  /** Who answers to our address asks for us first, where it does not know us from the question. */
  #answerArp(payload: Uint8Array): void {
    const arp = parseArp(payload);
    if ("malformed" in arp || arp.operation !== ARP_OPERATION.request || !equalBytes(arp.targetIp, this.#address)) return;
    const reply = {
      operation: ARP_OPERATION.reply,
      senderMac: this.#mac,
      senderIp: this.#address,
      targetMac: arp.senderMac,
      targetIp: arp.senderIp,
    };
    this.#put(
      serializeEthernet({ destination: arp.senderMac, source: this.#mac, etherType: ETHER_TYPE.arp, payload: serializeArp(reply) }),
    );
  }

  #put(frame: Uint8Array): void {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(frame.length);
    this.#socket.write(Buffer.concat([head, frame]));
  }

  #took(bytes: Buffer): void {
    this.#held = Buffer.concat([this.#held, bytes]);
    while (this.#held.length >= 4) {
      const end = 4 + this.#held.readUInt32BE(0);
      if (end > this.#held.length) return;
      this.#look(this.#held.subarray(4, end));
      this.#held = this.#held.subarray(end);
    }
  }

  #look(frame: Uint8Array): void {
    const ethernet = parseEthernet(frame);
    if ("malformed" in ethernet) return;
    if (ethernet.etherType === ETHER_TYPE.arp) this.#answerArp(ethernet.payload);
    if (ethernet.etherType !== ETHER_TYPE.ipv4) return;
    const packet = parseIpv4Packet(ethernet.payload);
    if ("malformed" in packet || packet.protocol !== IP_PROTOCOL.udp) return;
    const udp = parseUdp(packet.payload, packet.source, packet.destination);
    if (!("malformed" in udp))
      this.#heard({ fromMac: ethernet.source, from: packet.source, sourcePort: udp.sourcePort, payload: udp.payload });
  }
}
