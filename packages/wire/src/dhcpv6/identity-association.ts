// IA_NA and the addresses in it (RFC 8415 §21.4, §21.6): what a client asks for when it wants an address from a server.
import { readU32, writeU32 } from "../bytes.ts";
import { type Dhcpv6Option, dhcpv6Option, parseDhcpv6Options, serializeDhcpv6Options } from "./message.ts";

export interface IaAddress {
  /** 16 bytes. */
  readonly address: Uint8Array;
  readonly preferredSeconds: number;
  readonly validSeconds: number;
}

export interface IaNa {
  readonly iaid: number;
  readonly t1Seconds: number;
  readonly t2Seconds: number;
  readonly addresses: readonly IaAddress[];
  /** Everything else inside, such as a status. */
  readonly options: readonly Dhcpv6Option[];
}

/** The data of an IA_NA option; undefined when it is none. */
export function readIaNa(data: Uint8Array): IaNa | undefined {
  const inner = data.length < 12 ? undefined : parseDhcpv6Options(data.subarray(12));
  if (!inner) return undefined;
  const addresses: IaAddress[] = [];
  for (const { code, data: address } of inner) {
    if (code !== dhcpv6Option.iaAddress) continue;
    if (address.length < 24) return undefined;
    addresses.push({ address: address.subarray(0, 16), preferredSeconds: readU32(address, 16), validSeconds: readU32(address, 20) });
  }
  return {
    iaid: readU32(data, 0),
    t1Seconds: readU32(data, 4),
    t2Seconds: readU32(data, 8),
    addresses,
    options: inner.filter(({ code }) => code !== dhcpv6Option.iaAddress),
  };
}

export function iaNaData(ia: IaNa): Uint8Array {
  const addresses = ia.addresses.map(({ address, preferredSeconds, validSeconds }) => {
    const data = new Uint8Array(24);
    data.set(address.subarray(0, 16));
    writeU32(data, 16, preferredSeconds);
    writeU32(data, 20, validSeconds);
    return { code: dhcpv6Option.iaAddress, data };
  });
  const inner = serializeDhcpv6Options([...addresses, ...ia.options]);
  const bytes = new Uint8Array(12 + inner.length);
  writeU32(bytes, 0, ia.iaid);
  writeU32(bytes, 4, ia.t1Seconds);
  writeU32(bytes, 8, ia.t2Seconds);
  bytes.set(inner, 12);
  return bytes;
}
