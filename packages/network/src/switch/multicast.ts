// IGMP and MLD snooping (RFC 4541): multicast goes only where somebody wants it. Groups are told apart by MAC, as the
// forwarding does. In a VLAN where nobody asks (no querier) members would not repeat their wish, so everything is flooded there.
import { parseMembership } from "./membership.ts";

/** RFC 3376 §8.4, §8.5; in ticks of a second. */
const MEMBER_TICKS = 260;
const QUERIER_TICKS = 255;
/** Last member query time (§8.8): others at the port may still answer. */
const LEAVE_TICKS = 3;
const MOST_GROUPS = 2000;
const MOST_GROUPS_PER_PORT = 256;

interface Group {
  readonly vlan: number;
  readonly key: number;
  /** Port index → tick at which it counts as gone. */
  readonly members: Map<number, number>;
}

export class GroupTable {
  readonly #byKey = new Map<number, number>();
  readonly #groups: (Group | undefined)[] = [];
  /** VLAN → port index → tick until which a querier (and so a multicast router) is there. */
  readonly #routers = new Map<number, Map<number, number>>();
  readonly #perPort = new Map<number, number>();
  /** Grows whenever a lookup may answer otherwise now. */
  version = 0;

  /** The group's number, or -1 when its frames go to everybody. */
  find(vlan: number, high: number, low: number): number {
    if (this.#byKey.size === 0 || !this.#routers.has(vlan) || !isSnooped(high, low)) return -1;
    return this.#byKey.get(keyOf(vlan, high, low)) ?? -1;
  }

  /** Does the port get the group's frames? */
  has(group: number, port: number): boolean {
    const found = this.#groups[group];
    return found !== undefined && (found.members.has(port) || (this.#routers.get(found.vlan)?.has(port) ?? false));
  }

  isRouterPort(vlan: number, port: number): boolean {
    return this.#routers.get(vlan)?.has(port) ?? false;
  }

  hasQuerier(vlan: number): boolean {
    return this.#routers.has(vlan);
  }

  /**
   * Reads a frame that may be about membership. Answers whether it is a report, which only routers need to hear.
   * `at` is where the IP header begins. `mayAsk`: a question makes the port a querier's. Not when others do not hear it, since they
   * will not repeat their wishes either; and not from a port that may be no router: it would hear every group.
   */
  observe(
    place: { vlan: number; port: number; tick: number; mayAsk: boolean },
    bytes: Uint8Array,
    type: number,
    at: number,
    end: number,
  ): boolean {
    const said = parseMembership(bytes, type, at, end);
    if (said === undefined) return false;
    if (said.kind === "query") {
      if (place.mayAsk) this.#heardQuerier(place);
      return false;
    }
    for (const { high, low, joins } of said.groups) {
      if (!isSnooped(high, low)) continue;
      if (joins) this.#join(place, high, low);
      else this.#leave(place, high, low);
    }
    return true;
  }

  expire(tick: number): void {
    for (const [vlan, ports] of this.#routers) {
      for (const [port, until] of ports) if (until <= tick) ports.delete(port);
      if (ports.size === 0) this.#routers.delete(vlan);
    }
    for (const [index, group] of this.#groups.entries()) {
      if (group === undefined) continue;
      for (const [port, until] of group.members) if (until <= tick) this.#part(index, group, port);
    }
    this.version++;
  }

  forgetPort(port: number): void {
    for (const [vlan, ports] of this.#routers) if (ports.delete(port) && ports.size === 0) this.#routers.delete(vlan);
    for (const [index, group] of this.#groups.entries()) if (group?.members.has(port)) this.#part(index, group, port);
    this.version++;
  }

  #heardQuerier({ vlan, port, tick }: { vlan: number; port: number; tick: number }): void {
    let ports = this.#routers.get(vlan);
    if (ports === undefined) {
      ports = new Map();
      this.#routers.set(vlan, ports);
    }
    if (!ports.has(port)) this.version++;
    ports.set(port, tick + QUERIER_TICKS);
  }

  #join({ vlan, port, tick }: { vlan: number; port: number; tick: number }, high: number, low: number): void {
    const key = keyOf(vlan, high, low);
    let index = this.#byKey.get(key);
    const count = this.#perPort.get(port) ?? 0;
    const isNew = index === undefined || !this.#groups[index]?.members.has(port);
    // Without a place for it the group stays unknown and is flooded: nobody loses frames.
    if (isNew && count >= MOST_GROUPS_PER_PORT) return;
    if (index === undefined) {
      if (this.#byKey.size >= MOST_GROUPS) return;
      index = this.#groups.indexOf(undefined);
      if (index < 0) index = this.#groups.length;
      this.#groups[index] = { vlan, key, members: new Map() };
      this.#byKey.set(key, index);
    }
    this.#groups[index]?.members.set(port, tick + MEMBER_TICKS);
    if (!isNew) return;
    this.#perPort.set(port, count + 1);
    this.version++;
  }

  #leave({ vlan, port, tick }: { vlan: number; port: number; tick: number }, high: number, low: number): void {
    const group = this.#groups[this.#byKey.get(keyOf(vlan, high, low)) ?? -1];
    if (group?.members.has(port)) group.members.set(port, tick + LEAVE_TICKS);
  }

  #part(index: number, group: Group, port: number): void {
    group.members.delete(port);
    this.#perPort.set(port, (this.#perPort.get(port) ?? 1) - 1);
    if (group.members.size > 0) return;
    this.#groups[index] = undefined;
    this.#byKey.delete(group.key);
  }
}

const keyOf = (vlan: number, high: number, low: number): number => (vlan * 2 + (high === 0x3333 ? 1 : 0)) * 0x1_0000_0000 + (low >>> 0);

/** Not snooped: 224.0.0.x (RFC 4541 §2.1.2), and of IPv6 the well-known and the solicited-node addresses, without which nothing works. */
function isSnooped(high: number, low: number): boolean {
  if (high === 0x0100) return low >>> 24 === 0x5e && (low & 0x7f_ff00) !== 0;
  return high === 0x3333 && low >>> 8 !== 0 && low >>> 24 !== 0xff;
}
