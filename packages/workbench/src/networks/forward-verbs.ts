// Forwards: a port of this computer that leads to a port of a machine.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import type { Forward, NetworkView } from "@mimic/model";
import type { Context } from "../context.ts";
import { findMachine } from "../context.ts";
import type { ForwardWish, OfNetwork } from "../network-workbench.ts";
import { edit } from "./edit.ts";

export async function addForward(context: Context, wish: ForwardWish): Promise<NetworkView | Refusal> {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const id = context.ports.ids.make("fwd") as string;
  return await edit(context, wish.network, `forward to ${actor.record.name}`, (now) => {
    const nic = actor.record.hardware.nics.find(({ network }) => network === now.id);
    if (!nic)
      return refusal(
        "forward.not_plugged_in",
        `“${actor.record.name}” is not plugged into “${now.name}”.`,
        `Plug it in: mimic net plug ${actor.record.name} ${now.name}`,
      );
    if (now.kind === "isolated" || now.kind === "bare")
      return refusal(
        "forward.no_way_in",
        `“${now.name}” is ${now.kind === "bare" ? "a bare switch" : "isolated"}: nothing outside reaches its machines.`,
        "Use a network of kind nat, host-only or routed.",
      );
    if (now.kind === "bridged")
      return refusal(
        "forward.not_needed",
        `Machines on “${now.name}” have addresses of your LAN: whoever is there reaches them without a forward.`,
        `Ask the machine for its address: mimic exec ${actor.record.name} -- ip addr`,
      );
    const forward: Forward = {
      id,
      protocol: wish.protocol ?? "tcp",
      hostAddress: wish.hostAddress ?? "127.0.0.1",
      hostPort: wish.hostPort ?? 0,
      nic: nic.id,
      guestPort: wish.guestPort,
      isAutomatic: false,
    };
    // One that came by itself makes way.
    const others = now.forwards.filter((other) => !(other.isAutomatic && other.nic === nic.id && other.guestPort === wish.guestPort));
    return takenBy(context, forward) ?? { ...now, forwards: [...others, forward] };
  });
}

/** Two forwards from one port of this computer: refused before the system refuses it. */
export function takenBy(context: Context, wish: Forward): Refusal | undefined {
  if (wish.hostPort === 0) return undefined;
  const isAny = (address: string) => address === "0.0.0.0" || address === "::";
  for (const network of context.networks.all()) {
    const other = network.forwards.find(
      ({ protocol, hostPort, hostAddress, isAutomatic }) =>
        !isAutomatic &&
        protocol === wish.protocol &&
        hostPort === wish.hostPort &&
        (hostAddress === wish.hostAddress || isAny(hostAddress) || isAny(wish.hostAddress)),
    );
    if (other)
      return refusal(
        "forward.port_taken",
        `Port ${wish.hostPort} of this computer is forwarded on the network “${network.name}” already.`,
        "Choose another port, or 0 for any free one.",
      );
  }
  return undefined;
}

export async function removeForward(context: Context, input: OfNetwork & { forward: string }): Promise<NetworkView | Refusal> {
  let words = "";
  let gone: Forward | undefined;
  const view = await edit(context, input.network, "forward removed", (now) => {
    const wanted = input.forward;
    gone = now.forwards.find(({ id, hostPort }) => id === wanted || (hostPort !== 0 && String(hostPort) === wanted));
    if (!gone)
      return refusal(
        "forward.unknown",
        `“${now.name}” has no forward “${wanted.slice(0, 60)}”.`,
        `See its forwards: mimic net forward ${now.name}`,
      );
    words = `port ${gone.hostPort || "of chance"} of this computer leads to port ${gone.guestPort} no longer`;
    return { ...now, forwards: now.forwards.filter((forward) => forward !== gone) };
  });
  if (!isRefusal(view) && gone)
    context.events.publish({ kind: "forward.removed", networkId: view.id, forwardId: (gone as Forward).id, words });
  return view;
}
