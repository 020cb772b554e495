// What a gateway cannot do; each code has its line in docs/errors.md.
import { MimicError } from "@mimic/base";

export const cannotConnect = (where: string, detail?: string): MimicError =>
  new MimicError("network.cannot_connect", `No connection to ${where} came to be.`, {
    hint: "See that the machine runs, has an address on this network (mimic net lease ls), and listens at that port.",
    detail,
  });

export const noWayToGuests = (network: string): MimicError =>
  new MimicError("network.no_gateway_stack", `The gateway of the network “${network}” makes no connections here.`, {
    hint: "Use a network of the daemon: networks in a browser page carry frames only.",
  });
