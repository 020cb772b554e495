// What is decided about a frame, in one integer, so that frames with the same decision are told by one comparison:
// where to (12 bits), the VLAN (12), the form of the frame's tag (2).
import type { Form } from "./vlan.ts";

/** In place of a port's index: every port of the VLAN. */
export const FLOOD = 4095;
/** The whole decision: nowhere, and counted already. */
export const DROPPED = 4094;
/** A membership report: only multicast routers need it (RFC 4541 §2.1.1). */
export const ROUTERS = 4093;
/** From here on: the members of a multicast group. */
export const FIRST_GROUP = 2048;

/** An ordinary port: below `FIRST_GROUP`, with room to spare. */
export const MOST_PORTS = 1026;

export const decisionOf = (target: number, vlan: number, form: Form): number => target | (vlan << 12) | (form << 24);
export const targetOf = (decision: number): number => decision & 0xfff;
export const vlanOf = (decision: number): number => (decision >> 12) & 0xfff;
export const formOf = (decision: number): Form => (decision >> 24) as Form;
