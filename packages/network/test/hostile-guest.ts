// Frames of a guest that means harm, for a gateway: what a guest says to it, changed at random places, mostly with lengths and
// checksums put right again, so that they get deep; and TCP and fragments that follow what the gateway answers.
import { seededChance } from "@mimic/testkit";
import {
  BROADCAST_MAC,
  checksumOf,
  concatBytes,
  dhcpOption,
  dhcpType,
  emptyDnsMessage,
  multicastMacOfIpv6,
  parseIpv4,
  parseIpv6,
  parseMac,
  pseudoHeaderSum,
  readU16,
  readU32,
  serializeArp,
  serializeDhcp,
  serializeDhcpv6,
  serializeDnsMessage,
  serializeEthernet,
  serializeIcmp,
  serializeIcmpv6,
  serializeIpv4Packet,
  serializeIpv6Packet,
  serializeNdp,
  serializeTcp,
  serializeUdp,
  TPID_CUSTOMER,
  writeU16,
} from "@mimic/wire";

export interface Host {
  readonly mac: Uint8Array;
  readonly v4: Uint8Array;
  readonly v6: Uint8Array;
}

const host = (mac: string, v4: string, v6: string): Host => ({
  mac: parseMac(mac) as Uint8Array,
  v4: parseIpv4(v4) as Uint8Array,
  v6: parseIpv6(v6) as Uint8Array,
});
export const GATEWAY = host("52:54:00:00:00:fe", "10.77.0.1", "fd12:3456:789a:1::1");
export const HOSTILE = host("52:54:00:00:00:01", "10.77.0.10", "fd12:3456:789a:1::10");
export const NEIGHBOUR = host("52:54:00:00:00:02", "10.77.0.11", "fd12:3456:789a:1::11");
export const OUTSIDE = host("00:00:00:00:00:00", "93.184.216.34", "2606:2800:220:1::34");

const v6 = (text: string): Uint8Array => parseIpv6(text) as Uint8Array;
const [ALL_ROUTERS, DHCP_SERVERS, OTHER_VLAN] = [v6("ff02::2"), v6("ff02::1:2"), parseIpv4("10.77.5.15") as Uint8Array];
const NOBODY = new Uint8Array(4);
const EVERYBODY = new Uint8Array(4).fill(255);

/** What one host says to the gateway, each frame good. */
export class Speaker {
  readonly #self: Host;

  constructor(self: Host) {
    this.#self = self;
  }

  frame(etherType: number, payload: Uint8Array, destination = GATEWAY.mac, vlan = 0): Uint8Array {
    const tags = vlan === 0 ? [] : [{ tpid: TPID_CUSTOMER, priority: 0, dropEligible: false, vlan }];
    return serializeEthernet({ destination, source: this.#self.mac, tags, etherType, payload });
  }

  ip(version: 4 | 6, protocol: number, payload: Uint8Array, destination: Uint8Array, more: object = {}): Uint8Array {
    const to = destination[0] === 0xff ? multicastMacOfIpv6(destination) : GATEWAY.mac;
    return version === 4
      ? this.frame(0x0800, serializeIpv4Packet({ source: this.#self.v4, destination, protocol, payload, ...more }))
      : this.frame(0x86dd, serializeIpv6Packet({ source: this.#self.v6, destination, protocol, payload, hopLimit: 255, ...more }), to);
  }

  source(version: 4 | 6): Uint8Array {
    return version === 4 ? this.#self.v4 : this.#self.v6;
  }

  udp(version: 4 | 6, [sourcePort, destinationPort]: readonly [number, number], payload: Uint8Array, to: Uint8Array): Uint8Array {
    return this.ip(version, 17, serializeUdp({ sourcePort, destinationPort, payload }, this.source(version), to), to);
  }

  tcp(version: 4 | 6, parts: Parameters<typeof serializeTcp>[0], to: Uint8Array): Uint8Array {
    return this.ip(version, 6, serializeTcp(parts, this.source(version), to), to);
  }

  arp(): Uint8Array {
    const { mac: senderMac, v4: senderIp } = this.#self;
    return this.frame(0x0806, serializeArp({ operation: 1, senderMac, senderIp, targetMac: new Uint8Array(6), targetIp: GATEWAY.v4 }));
  }

  echo(version: 4 | 6, to: Uint8Array): Uint8Array {
    if (version === 4) return this.ip(4, 1, serializeIcmp({ type: 8, code: 0, rest: 0x10001, body: new Uint8Array(32) }), to);
    return this.ip(6, 58, serializeIcmpv6({ type: 128, code: 0, rest: 7, body: new Uint8Array(16) }, this.#self.v6, to), to);
  }

  dns(version: 4 | 6, name: string, type = 1): Uint8Array {
    const questions = [{ name, type, class: 1 }];
    const query = serializeDnsMessage({ ...emptyDnsMessage, id: 9, recursionDesired: true, questions });
    return this.udp(version, [40_000, 53], query, version === 4 ? GATEWAY.v4 : GATEWAY.v6);
  }

  dhcp(type: number, options: readonly (readonly [number, Uint8Array])[] = [], wantsBroadcast = true): Uint8Array {
    const message = serializeDhcp({
      operation: "request",
      hardwareType: 1,
      hops: 0,
      transactionId: 7,
      seconds: 0,
      wantsBroadcast,
      clientAddress: NOBODY,
      yourAddress: NOBODY,
      nextServer: NOBODY,
      relayAddress: NOBODY,
      clientHardware: this.#self.mac,
      serverName: "",
      bootFile: "",
      options: new Map([[dhcpOption.messageType, Uint8Array.of(type)], ...options]),
    });
    const payload = serializeUdp({ sourcePort: 68, destinationPort: 67, payload: message }, NOBODY, EVERYBODY);
    return this.frame(0x0800, serializeIpv4Packet({ source: NOBODY, destination: EVERYBODY, protocol: 17, payload }), BROADCAST_MAC);
  }

  solicit(): Uint8Array {
    const options = [{ option: "sourceLinkLayer" as const, mac: this.#self.mac }];
    const payload = serializeNdp({ kind: "neighborSolicitation", target: GATEWAY.v6, options });
    return heal(
      this.frame(
        0x86dd,
        serializeIpv6Packet({ source: this.#self.v6, destination: GATEWAY.v6, protocol: 58, payload, hopLimit: 255 }),
        multicastMacOfIpv6(GATEWAY.v6),
      ),
    );
  }
}

const hostile = new Speaker(HOSTILE);

function goodFrames(): readonly Uint8Array[] {
  const requested = [dhcpOption.requestedAddress, HOSTILE.v4] as const;
  const dhcpv6 = serializeDhcpv6({ type: 11, transactionId: 5, options: [{ code: 6, data: Uint8Array.of(0, 23) }] });
  const advertisement = serializeNdp({
    kind: "neighborAdvertisement",
    isRouter: false,
    isSolicited: true,
    isOverride: true,
    target: HOSTILE.v6,
    options: [{ option: "targetLinkLayer", mac: HOSTILE.mac }],
  });
  const quoted = hostile.udp(4, [53, 40_000], new Uint8Array(8), GATEWAY.v4).subarray(14);
  return [
    hostile.arp(),
    hostile.echo(4, GATEWAY.v4),
    hostile.echo(4, OUTSIDE.v4),
    hostile.echo(6, GATEWAY.v6),
    hostile.echo(6, OUTSIDE.v6),
    hostile.dhcp(dhcpType.discover),
    hostile.dhcp(dhcpType.request, [requested, [dhcpOption.hostName, new TextEncoder().encode("hello")]]),
    hostile.dhcp(dhcpType.request, [[dhcpOption.requestedAddress, NEIGHBOUR.v4]]),
    hostile.dhcp(dhcpType.decline, [requested]),
    hostile.dhcp(dhcpType.decline, [[dhcpOption.requestedAddress, NEIGHBOUR.v4]]),
    hostile.dhcp(dhcpType.release),
    hostile.dhcp(dhcpType.inform),
    hostile.dns(4, "hello.home.mimic"),
    hostile.dns(4, "world.home.mimic", 28),
    hostile.dns(4, "example.org", 28),
    hostile.dns(6, "hello.home.mimic"),
    hostile.dns(6, "example.com", 65),
    hostile.solicit(),
    hostile.ip(6, 58, advertisement, GATEWAY.v6),
    hostile.ip(6, 58, serializeNdp({ kind: "routerSolicitation", options: [] }), ALL_ROUTERS),
    hostile.udp(6, [546, 547], dhcpv6, DHCP_SERVERS),
    hostile.udp(4, [5000, 5000], new Uint8Array(20), OTHER_VLAN),
    hostile.udp(4, [5000, 5000], new Uint8Array(20), OUTSIDE.v4),
    hostile.udp(6, [5000, 5000], new Uint8Array(20), OUTSIDE.v6),
    hostile.udp(4, [5000, 9], new Uint8Array(20), GATEWAY.v4),
    hostile.ip(4, 1, serializeIcmp({ type: 3, code: 3, rest: 0, body: quoted }), GATEWAY.v4),
    hostile.ip(4, 1, serializeIcmp({ type: 3, code: 4, rest: 600, body: quoted }), GATEWAY.v4),
    hostile.ip(4, 47, new Uint8Array(40), OUTSIDE.v4),
    hostile.frame(0x0800, hostile.echo(4, GATEWAY.v4).subarray(14), GATEWAY.mac, 5),
  ];
}

/** Makes lengths and checksums right again, as far as the frame still is what it was. */
function heal(frame: Uint8Array): Uint8Array {
  const at = frame[12] === 0x81 ? 18 : 14;
  const isV4 = frame[at - 2] === 8 && frame[at - 1] === 0;
  const ends = isV4 ? 20 : 40;
  if (frame.length < at + ends + 8 || !(isV4 || frame[at - 2] === 0x86)) return frame;
  writeU16(frame, at + (isV4 ? 2 : 4), frame.length - at - (isV4 ? 0 : 40));
  if (isV4) {
    frame[at] = 0x45;
    writeU16(frame, at + 10, 0);
    writeU16(frame, at + 10, checksumOf(frame, at, 20));
  } else frame[at] = 0x60;
  const [protocol, here] = [frame[at + (isV4 ? 9 : 6)] as number, at + ends];
  const place = { 1: 2, 58: 2, 17: 6, 6: 16 }[protocol];
  if (place === undefined || here + place + 2 > frame.length) return frame;
  if (protocol === 17) writeU16(frame, here + 4, frame.length - here);
  writeU16(frame, here + place, 0);
  const from = at + (isV4 ? 12 : 8);
  const to = at + (isV4 ? 16 : 24);
  const pseudo =
    protocol === 1 ? 0 : pseudoHeaderSum(frame.subarray(from, to), frame.subarray(to, at + ends), protocol, frame.length - here);
  writeU16(frame, here + place, checksumOf(frame, here, frame.length - here, pseudo) || 0xffff);
  return frame;
}

/** The guards of a switch would not let it through: it speaks as the neighbour. (No change reaches the MAC addresses.) */
function speaksAsNeighbour(frame: Uint8Array): boolean {
  const isAt = (bytes: Uint8Array, at: number): boolean => bytes.every((byte, i) => frame[at + i] === byte);
  for (const at of [14, 18]) {
    const isSender = isAt(NEIGHBOUR.v4, at + 12) || isAt(NEIGHBOUR.v4, at + 14);
    if (isSender || isAt(NEIGHBOUR.v6, at + 8) || isAt(NEIGHBOUR.v6, at + 48)) return true;
  }
  return false;
}

interface Conversation {
  readonly version: 4 | 6;
  readonly ports: readonly [number, number];
  readonly to: Uint8Array;
  sequence: number;
  acknowledgement: number;
}

/** Bounded: a gateway that is asked for very many connections at once may refuse all others of that guest. */
const CONVERSATIONS = 40;

export class HostileGuest {
  readonly #chance: () => number;
  readonly #good = goodFrames();
  readonly #conversations: Conversation[] = [];
  #ports = 0;
  readonly #pieces = { 4: 0, 6: 0 };

  constructor(seed: number) {
    this.#chance = seededChance(seed);
  }

  #below(limit: number): number {
    return Math.floor(this.#chance() * limit);
  }

  /** The next frame, of any kind. */
  frame(): Uint8Array {
    for (;;) {
      const kind = this.#below(10);
      const good = kind < 4 ? this.#tcp() : kind === 4 ? this.#piece() : (this.#good[this.#below(this.#good.length)] as Uint8Array);
      const frame = this.#change(good, kind < 5 ? 3 : 1);
      if (!speaksAsNeighbour(frame)) return frame;
    }
  }

  /** Of `calm` frames one is changed: the others lead on what is begun. */
  #change(from: Uint8Array, calm: number): Uint8Array {
    if (this.#below(calm) > 0) return from;
    const whole = this.#below(3) === 0 ? concatBytes(from, new Uint8Array(this.#below(64))) : from.slice();
    const frame = this.#below(5) === 0 ? whole.subarray(0, this.#below(whole.length + 1)) : whole;
    for (let changes = this.#below(5); changes > 0; changes--) {
      const at = 12 + this.#below(Math.max(0, frame.length - 12));
      if (at < frame.length) frame[at] = this.#below(3) === 0 ? 255 : this.#below(256);
    }
    return this.#below(5) > 0 ? heal(frame) : frame;
  }

  #tcp(): Uint8Array {
    const known = this.#conversations[this.#below(CONVERSATIONS)];
    if (known === undefined || this.#below(20) === 0) return this.#open();
    const flags = this.#below(3) > 0 ? 0x18 : this.#below(64) & (this.#below(4) > 0 ? ~0x06 : 0xff);
    const payload = new Uint8Array(this.#below(3) === 0 ? 0 : this.#below(400)).fill(this.#below(256));
    const parts = {
      sourcePort: known.ports[0],
      destinationPort: known.ports[1],
      // Where it is, shortly beside it, or anywhere.
      sequence:
        (this.#below(6) > 0 ? known.sequence : this.#below(4) > 0 ? known.sequence + this.#below(3000) - 300 : this.#below(2 ** 32)) >>> 0,
      acknowledgement: (this.#below(8) > 0 ? known.acknowledgement : this.#below(2 ** 32)) >>> 0,
      flags,
      window: this.#below(4) > 0 ? 60_000 : this.#below(65_536),
      payload,
      options: this.#below(6) > 0 ? {} : { sack: [[this.#below(2 ** 32), this.#below(2 ** 32)] as const] },
    };
    if (parts.sequence === known.sequence && flags & 0x10) known.sequence = (known.sequence + payload.length) >>> 0;
    return hostile.tcp(known.version, parts, known.to);
  }

  #open(): Uint8Array {
    const version = this.#below(2) === 0 ? 4 : 6;
    const isDns = this.#below(4) === 0;
    const to = isDns ? (version === 4 ? GATEWAY.v4 : GATEWAY.v6) : version === 4 ? OUTSIDE.v4 : OUTSIDE.v6;
    const ports = [10_000 + (this.#ports++ % 20_000), isDns ? 53 : 80] as const;
    const sequence = this.#below(2 ** 32);
    this.#conversations[this.#below(CONVERSATIONS)] = { version, ports, to, sequence: (sequence + 1) >>> 0, acknowledgement: 0 };
    const options =
      this.#below(2) === 0 ? {} : { mss: this.#below(1500), sackPermitted: this.#below(2) === 0, windowScale: this.#below(20) };
    const parts = { sourcePort: ports[0], destinationPort: ports[1], sequence, acknowledgement: 0, flags: 2, window: 60_000, options };
    return hostile.tcp(version, parts, to);
  }

  /** Datagrams in three pieces: most come one after the other, some overlap, and some never come. */
  #piece(): Uint8Array {
    const version = this.#below(2) === 0 ? 4 : 6;
    const to = version === 4 ? OUTSIDE.v4 : OUTSIDE.v6;
    const whole = serializeUdp({ sourcePort: 6000, destinationPort: 7, payload: new Uint8Array(1192) }, hostile.source(version), to);
    const number = this.#pieces[version]++;
    const isStray = this.#below(8) === 0;
    const [start, length] = isStray ? [8 * this.#below(150), 8 * (1 + this.#below(80))] : [400 * (number % 3), 400];
    const [payload, moreFragments] = [whole.subarray(start, start + length), start + length < whole.length];
    const identification = Math.floor(number / 3) & 0xffff;
    const more =
      version === 4
        ? { identification, fragmentOffset: start, moreFragments }
        : { fragment: { identification, offset: start, moreFragments } };
    return hostile.ip(version, 17, payload, to, more);
  }

  /** What the gateway said to it: conversations go on from there. */
  hears(frame: Uint8Array): void {
    const isV4 = frame[12] === 8 && frame[13] === 0;
    if (frame[isV4 ? 23 : 20] !== 6) return;
    const at = isV4 ? 34 : 54;
    if (frame.length < at + 20) return;
    const [port, toPort] = [readU16(frame, at), readU16(frame, at + 2)];
    const known = this.#conversations.find((one) => one?.ports[0] === toPort && one.ports[1] === port);
    if (known === undefined) return;
    const data = frame.length - at - ((frame[at + 12] as number) >> 4) * 4;
    const flags = frame[at + 13] as number;
    known.acknowledgement = (readU32(frame, at + 4) + Math.max(0, data) + (flags & 3 ? 1 : 0)) >>> 0;
  }
}
