// What can go wrong with networks as such; each code has its line in docs/errors.md.
import { MimicError } from "@mimic/base";

export const unknownNetwork = (network: string): MimicError =>
  new MimicError("network.not_carried", `The switch carries no network ${network}.`, {
    hint: "Start a machine on it, or look at the networks with “mimic net ls”.",
  });

export const unknownPort = (port: string): MimicError =>
  new MimicError("network.unknown_port", `The network has no port ${port}.`, { hint: "“mimic net show NAME” lists its ports." });

export const noGateway = (network: string): MimicError =>
  new MimicError("network.no_gateway", `The network ${network} has no gateway, so nothing of this computer can reach into it.`, {
    hint: "Give one of its VLANs addresses, or use a machine on the network.",
  });

export const switchSilent = (why: string, detail?: string): MimicError =>
  new MimicError("network.switch_failed", `The switch process ${why}.`, {
    hint: "Machines go on without a network until it runs again; “mimic doctor” says what it lacks.",
    detail,
  });
