// What the network's own DNS knows for sure: machines by their names, the plan's records, and both backwards. Worked out anew
// when the plan or a lease changes; looking up is a map.
import type { DnsRecord } from "@mimic/model";
import {
  type DnsRecordOnWire,
  dataOfText,
  dnsClass,
  dnsType,
  foldName,
  type IpRange,
  isDnsName,
  isWithin,
  nameData,
  parentOf,
  reverseName,
  type Soa,
  soaData,
} from "@mimic/wire";

/** A machine, or the gateway, by the first label of its name. */
export interface NamedHost {
  readonly name: string;
  readonly addresses: readonly Uint8Array[];
}

export interface ZoneSource {
  /** “home.mimic”; "" = machines have no names here. */
  readonly domain: string;
  readonly hosts: readonly NamedHost[];
  readonly records: readonly DnsRecord[];
  /** The segments: their addresses are ours backwards too. */
  readonly ranges: readonly IpRange[];
  readonly serial: number;
}

/** Short, since a machine may be gone or have another address a moment later. */
const HOST_TTL_SECONDS = 30;
const NEGATIVE_TTL_SECONDS = 10;
const PRIMARY = "gateway";

export interface Zone {
  readonly domain: string;
  /** By folded name. A name without records of its own may stand here too, because there is something below it. */
  readonly byName: ReadonlyMap<string, readonly DnsRecordOnWire[]>;
  readonly soa: (owner: string) => DnsRecordOnWire;
  /** Names below which we know everything: the domain, and the segments backwards. */
  readonly apexes: readonly string[];
}

export function makeZone(source: ZoneSource): Zone {
  const { domain } = source;
  const byName = new Map<string, DnsRecordOnWire[]>();
  const add = (name: string, type: number, data: Uint8Array, ttlSeconds: number): void => {
    const key = foldName(name);
    const record = { name: key, type, class: dnsClass.IN, ttlSeconds, data };
    byName.set(key, [...(byName.get(key) ?? []), record]);
    for (let above = parentOf(key); above !== "" && !byName.has(above) && isWithin(above, domain); above = parentOf(above))
      byName.set(above, []);
  };
  const primary = domain === "" ? PRIMARY : `${PRIMARY}.${domain}`;
  const soa: Soa = {
    primary,
    mailbox: domain === "" ? "nobody" : `nobody.${domain}`,
    serial: source.serial >>> 0,
    refreshSeconds: 3600,
    retrySeconds: 600,
    expireSeconds: 86_400,
    negativeTtlSeconds: NEGATIVE_TTL_SECONDS,
  };
  const soaFor = (owner: string): DnsRecordOnWire => ({
    name: owner,
    type: dnsType.SOA,
    class: dnsClass.IN,
    ttlSeconds: NEGATIVE_TTL_SECONDS,
    data: soaData(soa),
  });
  const apexes = [...(domain === "" ? [] : [foldName(domain)]), ...source.ranges.map(apexOf)];
  for (const apex of apexes) {
    byName.set(apex, [...(byName.get(apex) ?? []), soaFor(apex)]);
    add(apex, dnsType.NS, nameData(primary), HOST_TTL_SECONDS);
  }
  for (const host of source.hosts) addHost(host, domain, add);
  for (const record of source.records) {
    const data = isDnsName(record.name) ? dataOfText(record.type, record.value) : undefined;
    if (data) add(record.name, dnsType[record.type], data, record.ttlSeconds);
  }
  return { domain: foldName(domain), byName, soa: soaFor, apexes };
}

type Add = (name: string, type: number, data: Uint8Array, ttlSeconds: number) => void;

function addHost(host: NamedHost, domain: string, add: Add): void {
  const name = domain === "" ? host.name : `${host.name}.${domain}`;
  if (!isDnsName(name)) return;
  for (const address of host.addresses) {
    add(name, address.length === 4 ? dnsType.A : dnsType.AAAA, address, HOST_TTL_SECONDS);
    add(reverseName(address), dnsType.PTR, nameData(name), HOST_TTL_SECONDS);
  }
}

/** The name under arpa below which all addresses of the range stand; a prefix within a byte or nibble is rounded to the wider one. */
function apexOf({ base, prefix }: IpRange): string {
  const bitsPerLabel = base.length === 4 ? 8 : 4;
  const labels = reverseName(base).split(".");
  const hidden = base.length * (8 / bitsPerLabel) - Math.floor(prefix / bitsPerLabel);
  return labels.slice(hidden).join(".");
}
