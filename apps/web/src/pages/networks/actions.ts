// What one can do with each thing: one list for the panel, the menu on the picture and the rows of the table, each
// with its words, the command that does the same, and why not when it cannot be done.

import { isGood } from "@mimic/model";
import { shownName } from "../../queries.ts";
import type { AskFor } from "./ask.ts";
import { type CableThing, plugIn, removeNic, removePort, setCable, setQuality } from "./changes.ts";
import { netCommands } from "./commands.ts";
import { gatewayId, type NicThing, nicsOf, type Thing, type World } from "./things.ts";
import { make } from "./undo.ts";

export interface Action {
  readonly id: string;
  readonly words: string;
  /** Why it cannot be done now. */
  readonly why?: string | undefined;
  readonly command?: string | undefined;
  readonly run: () => void;
}

/** Where the page can go; given by the page. */
export interface Ways {
  readonly ask: AskFor;
  /** Shows a thing in the panel. */
  readonly look: (id: string) => void;
  readonly openMachine: (name: string) => void;
  readonly openNetwork: (name: string, tab?: string, port?: string) => void;
}

function cableActions(thing: CableThing, ways: Ways): Action[] {
  const { isUp, quality } = thing.kind === "nic" ? thing.nic : thing.port;
  const network = thing.network;
  const noCable = network ? undefined : "It has no cable.";
  return [
    {
      id: "cable",
      words: isUp ? "Pull the cable" : "Put the cable back in",
      why: noCable,
      command: netCommands.cable(thing, !isUp),
      run: () => void make(setCable(thing, !isUp)),
    },
    { id: "mode", words: "Set its VLAN…", why: noCable, run: () => ways.ask({ what: "mode", thing }) },
    {
      id: "quality",
      words: isGood(quality) ? "Make the link bad…" : "Change how bad the link is…",
      why: noCable,
      run: () => ways.ask({ what: "quality", thing }),
    },
    ...(isGood(quality)
      ? []
      : [
          {
            id: "good",
            words: "Make the link good again",
            command: netCommands.quality(thing, "perfect"),
            run: () => void make(setQuality(thing, { profile: "perfect" })),
          },
        ]),
    { id: "guards", words: "Change its guards…", why: noCable, run: () => ways.ask({ what: "guards", thing }) },
    {
      id: "traffic",
      words: "Watch its traffic",
      why: noCable,
      command: network && netCommands.capture(network, thing.kind === "nic" ? thing.machine.name : thing.port.label),
      run: () => network && ways.openNetwork(network.name, "traffic", thing.id),
    },
  ];
}

function nicActions(thing: NicThing, ways: Ways): Action[] {
  const { machine, network } = thing;
  return [
    { id: "plug", words: network ? "Plug it in elsewhere…" : "Plug it in…", run: () => ways.ask({ what: "plug", machine, nic: thing }) },
    ...cableActions(thing, ways),
    {
      id: "unplug",
      words: "Take the cable away",
      why: network ? undefined : "It has no cable.",
      command: netCommands.unplug(thing),
      run: () => void make(plugIn(thing, { network: null, mode: thing.nic.port })),
    },
    { id: "removeNic", words: "Take the card out", command: netCommands.takeOut(thing), run: () => void make(removeNic(thing)) },
  ];
}

export function actionsOf(thing: Thing, world: World, ways: Ways): Action[] {
  switch (thing.kind) {
    case "machine": {
      const { machine } = thing;
      const full = machine.hardware.nics.length >= 8 ? "It has eight network cards, and its board has no room for more." : undefined;
      const nics = nicsOf(world, machine);
      const only = nics.length === 1 ? nics[0] : undefined;
      return [
        { id: "open", words: `Open “${shownName(machine.name)}”`, run: () => ways.openMachine(machine.name) },
        // With one card, its cable is what one means.
        ...(only
          ? nicActions(only, ways)
          : nics.map((nic): Action => ({ id: nic.id, words: `Cable of card ${nic.number}…`, run: () => ways.look(nic.id) }))),
        { id: "addNic", words: "Add a network card…", why: full, run: () => ways.ask({ what: "plug", machine, nic: undefined }) },
      ];
    }
    case "nic":
      return nicActions(thing, ways);
    case "port":
      return [
        ...cableActions(thing, ways),
        {
          id: "removePort",
          words: thing.port.leadsTo === "network" ? "Take the link away" : "Take the port away",
          ...(thing.port.leadsTo === "lan" && { why: "It is what makes the network bridged. Pull its cable, or remove the network." }),
          command: netCommands.removePort(thing),
          run: () => void make(removePort(thing)),
        },
      ];
    case "network": {
      const { network } = thing;
      const others = world.networks.length > 1 ? undefined : "There is no other network yet.";
      const machines = network.ports.some(({ leadsTo }) => leadsTo === "machine") ? undefined : "No machine is plugged in.";
      return [
        { id: "open", words: `Open “${shownName(network.name)}”`, run: () => ways.openNetwork(network.name) },
        { id: "vlan", words: "Add a VLAN…", run: () => ways.ask({ what: "vlan", network }) },
        { id: "link", words: "Link it to another network…", why: others, run: () => ways.ask({ what: "link", network }) },
        {
          id: "forward",
          words: "Add a forward…",
          why: machines ?? forwardWhy(thing.network.kind),
          run: () => ways.ask({ what: "forward", network }),
        },
        {
          id: "rule",
          words: "Add a rule…",
          why: network.gateway ? undefined : "It has no gateway, so there is nothing to rule.",
          run: () => ways.ask({ what: "rule", network }),
        },
        { id: "mirror", words: "Mirror its traffic to a port…", run: () => ways.ask({ what: "mirror", network }) },
        { id: "tunnel", words: "Join it with another computer…", run: () => ways.ask({ what: "tunnel", network }) },
        {
          id: "traffic",
          words: "Watch its traffic",
          command: netCommands.capture(network),
          run: () => ways.openNetwork(network.name, "traffic"),
        },
        { id: "rename", words: "Rename…", run: () => ways.ask({ what: "rename", network }) },
        {
          id: "remove",
          words: "Remove the network…",
          why: network.ports.length > 0 ? "Something is plugged in. Take its cables away first." : undefined,
          command: netCommands.remove(network),
          run: () => ways.ask({ what: "remove", network }),
        },
      ];
    }
    case "gateway": {
      const { network } = thing;
      return [
        { id: "network", words: `The network “${shownName(network.name)}”`, run: () => ways.look(network.id) },
        { id: "rules", words: "Its rules", run: () => ways.openNetwork(network.name, "rules") },
        { id: "rule", words: "Add a rule…", run: () => ways.ask({ what: "rule", network }) },
        { id: "forward", words: "Add a forward…", why: forwardWhy(network.kind), run: () => ways.ask({ what: "forward", network }) },
        { id: "names", words: "Names and leases", run: () => ways.openNetwork(network.name, "names") },
        { id: "trace", words: "What would become of a packet?", run: () => ways.openNetwork(network.name, "trace") },
      ];
    }
    case "host":
    case "internet":
      return world.networks
        .filter(({ gateway }) => thing.kind === "host" || gateway?.reachesInternet)
        .map((network) => ({
          id: network.id,
          words: `Gateway of “${shownName(network.name)}”`,
          run: () => ways.look(gatewayId(network.id)),
        }));
    default:
      return thing satisfies never;
  }
}

export function forwardWhy(kind: string): string | undefined {
  if (kind === "bridged") return "Its machines have addresses of your LAN: whoever is there reaches them without a forward.";
  return kind === "isolated" || kind === "bare" ? "Nothing outside reaches its machines: it is a network for them alone." : undefined;
}
