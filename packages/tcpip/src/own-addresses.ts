// The addresses that an endpoint owns, and what follows from them. Few: looking through them costs next to nothing.
import { type IpAddress, wordAt } from "./address.ts";
import type { OwnAddress } from "./options.ts";
import type { Packet } from "./packet.ts";

export class OwnAddresses {
  all: readonly OwnAddress[];

  constructor(all: readonly OwnAddress[]) {
    this.all = all;
  }

  has(address: IpAddress): boolean {
    return this.all.some((own) => own.address.equals(address));
  }

  /** Ours to speak to that address with: on the same prefix, or any of that version. */
  toSpeakTo(address: IpAddress): IpAddress | undefined {
    const near = this.all.find((own) => address.isInPrefix(own.address, own.prefixLength));
    return (near ?? this.all.find((own) => own.address.version === address.version))?.address;
  }

  isMeant(packet: Packet): boolean {
    return this.all.some(({ address }) => packet.isTo(address));
  }

  /** To a group, or to all on the link or on one of our prefixes. */
  isGroup(packet: Packet): boolean {
    const first = packet.bytes[packet.destinationAt] as number;
    if (packet.version === 6) return first === 0xff;
    if (first >= 224) return true;
    const destination = wordAt(packet.bytes, packet.destinationAt);
    return this.all.some(({ address, prefixLength }) => {
      const host = prefixLength >= 31 ? 0 : 0xffff_ffff >>> prefixLength;
      return address.version === 4 && host !== 0 && (address.w3 | host) === destination;
    });
  }
}
