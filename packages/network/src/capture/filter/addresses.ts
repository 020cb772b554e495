// Addresses in filters: hosts, nets and MACs, as tests at the places where frames carry them.
import { ETHER_TYPE, ipv4Mask, parseIpv4, parseIpv6, parseMac } from "@mimic/wire";
import { FilterProblem } from "./problem.ts";
import { isEtherType, NETWORK_AT } from "./protocols.ts";
import type { Qualifiers } from "./state.ts";
import { and, anyOf, bytesAt, type Direction, directed, type Test } from "./tests.ts";
import type { Token } from "./tokens.ts";

interface AddressQuestion {
  readonly value: Token;
  readonly qualifiers: Qualifiers;
  readonly shift: number;
}

interface Masked {
  readonly address: Uint8Array;
  readonly mask: Uint8Array | undefined;
}

export function macTest(value: Token, direction: Direction): Test {
  // As the field does, single digits are taken too: “0:1:2:3:4:5”.
  const padded = value.text.replace(/(^|[:-])([0-9a-f])(?=$|[:-])/gi, "$10$2");
  const mac = parseMac(padded);
  if (mac === undefined)
    throw new FilterProblem(value, `“${value.text}” is no MAC address.`, "MAC addresses are such as 52:54:00:12:34:56.");
  return directed(direction, bytesAt(6, mac), bytesAt(0, mac));
}

export function hostTest({ value, qualifiers, shift }: AddressQuestion): Test {
  const v4 = parseIpv4(value.text);
  if (v4 !== undefined) return ipv4Test({ address: v4, mask: undefined }, value, qualifiers, shift);
  const v6 = parseIpv6(value.text);
  if (v6 !== undefined) return ipv6Test({ address: v6, mask: undefined }, value, qualifiers, shift);
  if (parseMac(value.text) !== undefined) {
    throw new FilterProblem(value, `“${value.text}” is a MAC address.`, `Write “ether host ${value.text}”.`);
  }
  if (value.text.includes("/")) throw new FilterProblem(value, `“${value.text}” is a range, not a host.`, `Write “net ${value.text}”.`);
  throw new FilterProblem(
    value,
    `“${value.text}” is no IP address; names are not looked up.`,
    "Write the address, such as 10.0.2.15 or fd00::1.",
  );
}

export function netTest(question: AddressQuestion & { readonly mask: Token | undefined }): Test {
  const { value, mask, qualifiers, shift } = question;
  const [text, prefixText] = value.text.split("/") as [string, string | undefined];
  const v6 = text.includes(":") ? parseIpv6(text) : undefined;
  if (v6 !== undefined) {
    if (mask !== undefined) throw new FilterProblem(mask, "An IPv6 range has no mask.", "Write its length behind a slash: “fd00::/8”.");
    return ipv6Test(masked(value, v6, prefixMask(value, prefixText ?? "128", 16)), value, qualifiers, shift);
  }
  const parts = /^\d{1,3}(\.\d{1,3}){0,3}$/.test(text) ? text.split(".").map(Number) : [];
  if (parts.length === 0 || parts.some((part) => part > 255)) {
    throw new FilterProblem(value, `“${value.text}” is no range of addresses.`, "Ranges are such as 10.0.2.0/24 or fd00::/8.");
  }
  const address = Uint8Array.from({ length: 4 }, (_, index) => parts[index] ?? 0);
  if (mask !== undefined) {
    const given = parseIpv4(mask.text);
    if (given === undefined) throw new FilterProblem(mask, `“${mask.text}” is no netmask.`, "Netmasks are such as 255.255.255.0.");
    return ipv4Test(masked(value, address, given), value, qualifiers, shift);
  }
  const whole = prefixText === undefined ? ipv4Mask(parts.length * 8) : prefixMask(value, prefixText, 4);
  return ipv4Test(masked(value, address, whole), value, qualifiers, shift);
}

function prefixMask(value: Token, prefixText: string, size: number): Uint8Array {
  const prefix = Number(prefixText);
  if (prefix > size * 8) throw new FilterProblem(value, `“/${prefixText}” is longer than the address.`, `At most /${size * 8}.`);
  return Uint8Array.from({ length: size }, (_, index) => (0xff00 >> Math.min(8, Math.max(0, prefix - index * 8))) & 0xff);
}

function masked(value: Token, address: Uint8Array, mask: Uint8Array): Masked {
  if (address.some((byte, index) => (byte & ~(mask[index] as number)) !== 0)) {
    throw new FilterProblem(
      value,
      `“${value.text}” has bits behind its length, so it is no range.`,
      "Set them to zero, or take “host” in place of “net”.",
    );
  }
  return { address, mask };
}

function ipv4Test({ address, mask }: Masked, value: Token, { protocol, direction }: Qualifiers, shift: number): Test {
  const inIp = pairAt(ETHER_TYPE.ipv4, [12, 16], { address, mask }, direction, shift);
  const inArp = pairAt(ETHER_TYPE.arp, [14, 24], { address, mask }, direction, shift);
  const inRarp = pairAt(ETHER_TYPE.rarp, [14, 24], { address, mask }, direction, shift);
  if (protocol === undefined) return anyOf(inIp, inArp, inRarp);
  if (protocol === "ip") return inIp;
  if (protocol === "arp") return inArp;
  if (protocol === "rarp") return inRarp;
  throw wrongFamily(value, protocol, "an IPv4");
}

function ipv6Test(wanted: Masked, value: Token, { protocol, direction }: Qualifiers, shift: number): Test {
  if (protocol === undefined || protocol === "ip6") return pairAt(ETHER_TYPE.ipv6, [8, 24], wanted, direction, shift);
  throw wrongFamily(value, protocol, "an IPv6");
}

function pairAt(type: number, places: readonly [number, number], { address, mask }: Masked, direction: Direction, shift: number): Test {
  const [source, destination] = places.map((place) =>
    and(isEtherType(shift, type), bytesAt(NETWORK_AT + shift + place, address, mask)),
  ) as [Test, Test];
  return directed(direction, source, destination);
}

const wrongFamily = (value: Token, protocol: string, family: string): FilterProblem =>
  new FilterProblem(value, `“${protocol}” does not go with ${family} address.`, `Write “${protocol} and host ${value.text}”.`);
