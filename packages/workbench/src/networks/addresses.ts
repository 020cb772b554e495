// Addresses of networks: choosing a range that collides with nothing, and the gateway's place in it. Pure.
import { type Refusal, refusal } from "@mimic/base";
import type { Segment, VlanSpec } from "@mimic/model";

/** An IPv4 range as numbers: `from` and `to` are its first and last address. */
export interface Range4 {
  readonly from: number;
  readonly to: number;
  readonly prefix: number;
}

export const toNumber = (address: string): number => address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
export const toText = (number: number): string => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");

/** “10.77.0.0/24”; undefined for anything that is not IPv4. */
export function readRange(text: string): Range4 | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})(?:\/(\d{1,2}))?$/.exec(text);
  if (!match) return undefined;
  const prefix = match[2] === undefined ? 32 : Number(match[2]);
  if (prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  const from = Math.floor(toNumber(match[1] as string) / size) * size;
  return { from, to: from + size - 1, prefix };
}

export const overlaps = (a: Range4, b: Range4): boolean => a.from <= b.to && b.from <= a.to;

const segmentRange = ({ v4 }: Pick<Segment, "v4">): Range4 | undefined => (v4 ? readRange(`${v4.address}/${v4.prefix}`) : undefined);
export const rangesOf = (vlans: readonly VlanSpec[]): readonly Range4[] =>
  vlans.flatMap(({ segment }) => (segment && segmentRange(segment)) ?? []);

/** Ranges to choose from, the unusual first: 10.77.x, then 172.29.x (RFC 1918), each a /24. */
function* candidates(): Generator<Range4> {
  for (const stem of ["10.77", "172.29", "10.177"]) for (let n = 0; n < 256; n++) yield readRange(`${stem}.${n}.0/24`) as Range4;
}

/** A range that none of `taken` touches; undefined when all are taken. */
export function chooseRange(taken: readonly Range4[]): Range4 | undefined {
  for (const range of candidates()) if (!taken.some((other) => overlaps(range, other))) return range;
  return undefined;
}

/** A person's wish for a range, or the refusal that says with what it collides. */
export function checkRange(
  wish: string,
  networks: readonly { name: string; vlans: readonly VlanSpec[] }[],
  host: readonly Range4[],
): Range4 | Refusal {
  const range = readRange(wish);
  if (!range || range.prefix < 8 || range.prefix > 29)
    return refusal("network.bad_subnet", `“${wish}” is no range for a network.`, "Write it as 10.77.5.0/24; from /8 to /29.");
  const other = networks.find(({ vlans }) => rangesOf(vlans).some((taken) => overlaps(taken, range)));
  if (other)
    return refusal(
      "network.subnet_taken",
      `${wish} overlaps with the addresses of the network “${other.name}”.`,
      "Choose another range, or leave it to Mimic.",
    );
  if (host.some((taken) => overlaps(taken, range)))
    return refusal(
      "network.subnet_on_host",
      `${wish} overlaps with a network that this computer itself is on, so one of the two could not be reached.`,
      "Choose another range, or leave it to Mimic.",
    );
  return range;
}

/** Forty bits of the network's own id make its IPv6 prefix unique (RFC 4193 §3.2). */
function globalId(networkId: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const char of networkId) hash = BigInt.asUintN(64, (hash ^ BigInt(char.charCodeAt(0))) * 0x100000001b3n);
  return (hash & 0xffffffffffn).toString(16).padStart(10, "0");
}

/** The gateway is the first address; DHCP gives out from the tenth on, or from the second in a small range. */
export function segmentFor(networkId: string, vlan: number, range: Range4): NonNullable<VlanSpec["segment"]> {
  const id = globalId(networkId);
  const stem = `fd${id.slice(0, 2)}:${id.slice(2, 6)}:${id.slice(6, 10)}:${vlan.toString(16)}`;
  const first = range.to - range.from > 40 ? 10 : 2;
  return {
    v4: {
      address: toText(range.from + 1),
      prefix: range.prefix,
      pool: { from: toText(range.from + first), to: toText(range.to - 1) },
      leaseSeconds: 86_400,
    },
    v6: { prefix: `${stem}::`, address: `${stem}::1` },
    reservations: [],
  };
}

/** Locally administered and unicast, from the id's chance: of a card (52:54:00, as QEMU's own), of a gateway (02:6d:6d). */
export const macFromId = (id: string, turn = 0): string => macOf("52:54:00", id, turn);
export const gatewayMac = (networkId: string): string => macOf("02:6d:6d", networkId, 0);

function macOf(stem: string, id: string, turn: number): string {
  let hash = 0x811c9dc5;
  for (const char of `${id}#${turn}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return `${stem}:${[16, 8, 0].map((shift) => ((hash >>> shift) & 0xff).toString(16).padStart(2, "0")).join(":")}`;
}
