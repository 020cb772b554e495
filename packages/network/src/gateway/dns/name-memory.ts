// Which names our DNS gave which addresses for: so that a firewall rule by name fits exactly the addresses that guests were
// told, and the trace can say a name. Bounded; kept somewhat longer than the answer, since guests keep answers too.
import { type DnsRecordOnWire, dnsType, foldName, hexOf, isWithin } from "@mimic/wire";

const GRACE_MS = 3_600_000;
const MOST_ADDRESSES = 20_000;
const MOST_NAMES_EACH = 32;

export class NameMemory {
  readonly #byAddress = new Map<string, Map<string, number>>();

  /** Remembers an answer: all names on the way (the one asked for, and its aliases) mean each of the addresses. */
  remember(asked: string, answers: readonly DnsRecordOnWire[], nowMs: number): void {
    const names = new Set([foldName(asked), ...answers.filter(({ type }) => type === dnsType.CNAME).map(({ name }) => foldName(name))]);
    for (const record of answers) {
      if (record.type !== dnsType.A && record.type !== dnsType.AAAA) continue;
      names.add(foldName(record.name));
      const untilMs = nowMs + record.ttlSeconds * 1000 + GRACE_MS;
      for (const name of names) this.#put(hexOf(record.data), name, untilMs);
    }
  }

  /** Names of the address that still hold, the newest last. */
  namesOf(address: Uint8Array, nowMs: number): string[] {
    const names = this.#byAddress.get(hexOf(address));
    return names ? Array.from(names).flatMap(([name, untilMs]) => (untilMs > nowMs ? [name] : [])) : [];
  }

  /** “example.org” is that name; “*.example.org” everything below it, and not itself. */
  isNamed(address: Uint8Array, pattern: string, nowMs: number): boolean {
    return this.namesOf(address, nowMs).some((name) =>
      pattern.startsWith("*.") ? name !== foldName(pattern.slice(2)) && isWithin(name, pattern.slice(2)) : name === foldName(pattern),
    );
  }

  #put(address: string, name: string, untilMs: number): void {
    const names = this.#byAddress.get(address) ?? new Map<string, number>();
    names.delete(name);
    names.set(name, untilMs);
    dropOldest(names, MOST_NAMES_EACH);
    this.#byAddress.delete(address);
    this.#byAddress.set(address, names);
    dropOldest(this.#byAddress, MOST_ADDRESSES);
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
