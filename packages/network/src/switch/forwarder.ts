// Hands runs of frames on, as it was decided: to one port, to a group, to all. What may not pass between two ports does not.
// Bytes are copied only where a tag changes between way in and way out.
import type { DropReason } from "@mimic/model";
import { DROPPED, FIRST_GROUP, FLOOD, formOf, ROUTERS, targetOf, vlanOf } from "./decision.ts";
import type { Drops } from "./drops.ts";
import type { Exits } from "./exits.ts";
import type { Layout } from "./layout.ts";
import type { GroupTable } from "./multicast.ts";
import { RECORD_HEAD } from "./ports.ts";
import type { RunMemory } from "./run-buffer.ts";
import type { SwitchPort } from "./switch-port.ts";
import type { VlanTallies } from "./tally.ts";
import { FORM, type Form, formAtExit, isMember, mayMeet } from "./vlan.ts";

export interface ForwarderParts {
  readonly layout: Layout;
  readonly groups: GroupTable;
  readonly drops: Drops;
  readonly exits: Exits;
  readonly tallies: VlanTallies;
}

export class Forwarder {
  readonly #layout: Layout;
  readonly #groups: GroupTable;
  readonly #drops: Drops;
  readonly #exits: Exits;
  readonly #tallies: VlanTallies;

  constructor({ layout, groups, drops, exits, tallies }: ForwarderParts) {
    this.#layout = layout;
    this.#groups = groups;
    this.#drops = drops;
    this.#exits = exits;
    this.#tallies = tallies;
  }

  /** `decision` is the one of each of the run's frames. */
  forward(
    port: SwitchPort,
    decision: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    frames: number,
    memory: RunMemory | undefined,
  ): void {
    const target = targetOf(decision);
    if (target === DROPPED) return;
    const vlan = vlanOf(decision);
    const form = formOf(decision);
    this.#tallies.count(vlan, frames, to - from - frames * RECORD_HEAD);
    if (port.taps.length > 0) showReceived(port, vlan, bytes, from, to, frames);
    if (target >= FIRST_GROUP) {
      this.#flood(port, decision, bytes, from, to, frames, memory);
      return;
    }
    const dst = this.#layout.at(target) as SwitchPort;
    const problem = whyNotPass(port, dst, vlan);
    if (problem === undefined) this.#pass(port, dst, vlan, form, bytes, from, to, frames, memory);
    else this.#drops.run(port, problem, bytes, from, to, vlan);
  }

  /** To all, or to those of a group. Whoever may not get it does not, and nothing is counted: it was not for them alone. */
  #flood(
    port: SwitchPort,
    decision: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    frames: number,
    memory: RunMemory | undefined,
  ): void {
    const target = targetOf(decision);
    const vlan = vlanOf(decision);
    const form = formOf(decision);
    for (const dst of this.#layout.flood(vlan)) {
      if (
        target === ROUTERS
          ? !this.#groups.isRouterPort(vlan, dst.index)
          : target !== FLOOD && !this.#groups.has(target - FIRST_GROUP, dst.index)
      )
        continue;
      if (whyNotPass(port, dst, vlan) === undefined) this.#pass(port, dst, vlan, form, bytes, from, to, frames, memory);
    }
  }

  #pass(
    port: SwitchPort,
    dst: SwitchPort,
    vlan: number,
    form: Form,
    bytes: Uint8Array,
    from: number,
    to: number,
    frames: number,
    memory: RunMemory | undefined,
  ): void {
    const { services } = this.#layout;
    const formOut = formAtExit(dst.vlans, vlan, services.size > 0 && services.has(vlan));
    // A customer's own tags must not be taken for ours by whoever is at a plain port.
    const isChanged = form !== formOut || (port.vlans.isTunnel && !dst.vlans.isTunnel && formOut === FORM.plain);
    if (isChanged) this.#exits.copy(port, dst, vlan, form, formOut, bytes, from, to);
    else this.#exits.send(dst, vlan, bytes, from, to, frames, memory, port);
  }

  /** A frame of the switch's own (untagged in `record`) out of one port. */
  sendOwn(port: SwitchPort, vlan: number, record: Uint8Array): void {
    const formOut = formAtExit(port.vlans, vlan, this.#layout.services.has(vlan));
    if (formOut === FORM.plain) this.#exits.send(port, vlan, record, 0, record.length, 1, undefined, undefined);
    else this.#exits.copy(port, port, vlan, FORM.plain, formOut, record, 0, record.length);
  }
}

/** Why frames of this VLAN, once they came in at the one, do not leave by the other; undefined = they do. */
export function whyNotPass(port: SwitchPort, dst: SwitchPort, vlan: number): DropReason | undefined {
  if (dst === port) return "sameSegment";
  if (!dst.wish.isUp) return "portDown";
  if (dst.outlet === undefined) return "noPeer";
  if (!mayMeet(port.vlans.privateGroup, dst.vlans.privateGroup)) return "privateVlan";
  if (dst.isListening || (dst.shutVlans.size > 0 && dst.shutVlans.has(vlan))) return "loopBlocked";
  if (!isMember(dst.vlans, vlan)) return "vlanNotAllowed";
  return undefined;
}

// Apart from the hot path, which stays small enough to be compiled in one piece.
function showReceived(port: SwitchPort, vlan: number, bytes: Uint8Array, from: number, to: number, frames: number): void {
  for (const tap of port.taps) tap.passed(port, "received", vlan, bytes, from, to, frames);
}
