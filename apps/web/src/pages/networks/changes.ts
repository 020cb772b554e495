// Everything that a person can change here, each as a change with its way back. What the daemon answers is shown at once;
// events bring what else it touched.
import type { InputOf } from "@mimic/api/client";
import { plain } from "@mimic/base";
import {
  LINK_PROFILES,
  type LinkProfile,
  type MachineView,
  type NetworkView,
  type NicSpec,
  type PortGuards,
  type PortMode,
  type TwoWayQuality,
} from "@mimic/model";
import { api } from "../../api.ts";
import { networksChanged, rememberMachine, rememberNetwork } from "../../follow.ts";
import { machinesQuery, networksQuery, queryClient, shownName } from "../../queries.ts";
import type { NicThing, PortThing } from "./things.ts";
import type { Change } from "./undo.ts";
import { modeInWords } from "./words.ts";

const named = (name: string): string => `“${shownName(name)}”`;

async function takeMachine(answer: Promise<MachineView>): Promise<MachineView> {
  const machine = await answer;
  rememberMachine(machine);
  networksChanged();
  return machine;
}
async function takeNetwork(answer: Promise<NetworkView>): Promise<NetworkView> {
  const network = await answer;
  rememberNetwork(network);
  return network;
}

/** Where a cable leads and how its port is set. */
export interface Plug {
  readonly network: string | null;
  readonly mode: PortMode;
}
const networkName = (id: string | null): string => {
  const found = queryClient.getQueryData(networksQuery.queryKey)?.find((each) => each.id === id);
  return found ? named(found.name) : "a network";
};

export function plugIn({ machine, nic }: Pick<NicThing, "machine" | "nic">, to: Plug): Change {
  const put = (plug: Plug, isUp: boolean) =>
    takeMachine(api.machines.changeNic({ machine: machine.id, nic: nic.id, network: plug.network, mode: plug.mode, isUp }));
  const where = to.network === null ? "has no cable now" : `is plugged into ${networkName(to.network)}, ${modeInWords(to.mode)}`;
  return {
    done: `${named(machine.name)} ${where}.`,
    make: () => put(to, to.network === null ? nic.isUp : true),
    back: () => put({ network: nic.network, mode: nic.port }, nic.isUp),
  };
}

export type NewNic = Omit<InputOf<"machines", "addNic">, "machine">;

const nicsNow = (id: string): readonly NicSpec[] =>
  queryClient.getQueryData(machinesQuery.queryKey)?.find((each) => each.id === id)?.hardware.nics ?? [];

export function addNic(machine: MachineView, wish: NewNic): Change {
  let made: string | undefined;
  return {
    done: `${named(machine.name)} has one network card more.`,
    make: async () => {
      const before = new Set([...nicsNow(machine.id), ...machine.hardware.nics].map(({ id }) => id));
      const after = await takeMachine(api.machines.addNic({ machine: machine.id, ...wish }));
      made = after.hardware.nics.find(({ id }) => !before.has(id))?.id;
    },
    back: async () => {
      if (made) await takeMachine(api.machines.removeNic({ machine: machine.id, nic: made }));
    },
  };
}

export function removeNic({ machine, nic }: NicThing): Change {
  return {
    done: `A network card of ${named(machine.name)} is taken out.`,
    make: () => takeMachine(api.machines.removeNic({ machine: machine.id, nic: nic.id })),
    back: () =>
      takeMachine(
        api.machines.addNic({
          machine: machine.id,
          network: nic.network,
          model: nic.model,
          mac: nic.mac,
          mode: nic.port,
          isUp: nic.isUp,
          guards: nic.guards,
          quality: nic.quality,
        }),
      ),
  };
}

/** What can be set at any port, whosever it is. */
export interface PortWish {
  readonly mode?: PortMode;
  readonly isUp?: boolean;
  readonly guards?: Partial<PortGuards>;
  readonly quality?: TwoWayQuality;
  readonly profile?: LinkProfile;
}
export type CableThing = NicThing | PortThing;

const setPort = (thing: CableThing, wish: PortWish): Promise<unknown> =>
  thing.kind === "nic"
    ? takeMachine(api.machines.changeNic({ machine: thing.machine.id, nic: thing.id, ...wish }))
    : takeNetwork(api.networks.changePort({ network: thing.network.id, port: thing.id, ...wish }));

/** What a cable is called: by the machine, or by its own name. */
export const cableName = (thing: CableThing): string =>
  thing.kind === "nic" ? named(thing.machine.name) : `“${plain(thing.port.label, 63)}”`;
export const settingsOf = (thing: CableThing): { mode: PortMode; isUp: boolean; guards: PortGuards; quality: TwoWayQuality } =>
  thing.kind === "nic" ? { ...thing.nic, mode: thing.nic.port } : thing.port;

export function setCable(thing: CableThing, isUp: boolean): Change {
  return {
    done: isUp ? `The cable of ${cableName(thing)} is back in.` : `The cable of ${cableName(thing)} is pulled.`,
    make: () => setPort(thing, { isUp }),
    back: () => setPort(thing, { isUp: !isUp }),
  };
}
export function setMode(thing: CableThing, mode: PortMode): Change {
  const before = settingsOf(thing).mode;
  return {
    done: `The port of ${cableName(thing)} is ${modeInWords(mode)} now.`,
    make: () => setPort(thing, { mode }),
    back: () => setPort(thing, { mode: before }),
  };
}
export function setQuality(
  thing: CableThing,
  wish: { readonly profile: LinkProfile } | { readonly quality: TwoWayQuality; readonly isUp: true },
): Change {
  const { quality, isUp } = settingsOf(thing);
  return {
    done: `The link of ${cableName(thing)} is set: ${"profile" in wish ? LINK_PROFILES[wish.profile].words.toLowerCase() : "as you chose"}.`,
    make: () => setPort(thing, wish),
    back: () => setPort(thing, { quality, isUp }),
  };
}
export function setGuards(thing: CableThing, guards: Partial<PortGuards>): Change {
  const before = settingsOf(thing).guards;
  return {
    done: `The guards of ${cableName(thing)} are changed.`,
    make: () => setPort(thing, { guards }),
    back: () => setPort(thing, { guards: before }),
  };
}

export function removePort(thing: PortThing): Change {
  const { network, port } = thing;
  return {
    done: `“${plain(port.label, 63)}” is taken away.`,
    make: () => takeNetwork(api.networks.removePort({ network: network.id, port: port.id })).then(networksChanged),
    // A tunnel's key is not told again, so a tunnel has no way back.
    ...(port.leadsTo === "network" && port.network
      ? {
          back: () =>
            takeNetwork(
              api.networks.addPort({
                network: network.id,
                name: port.label,
                leads: { to: "network", network: port.network?.id ?? "", mode: port.mode },
                mode: port.mode,
                isUp: port.isUp,
                guards: port.guards,
                quality: port.quality,
              }),
            ).then(networksChanged),
        }
      : {}),
  };
}

export function addPort(network: NetworkView, wish: Omit<InputOf<"networks", "addPort">, "network">, done: string): Change {
  let made: string | undefined;
  return {
    done,
    make: async () => {
      const before = new Set(network.ports.map(({ id }) => id));
      const after = await takeNetwork(api.networks.addPort({ network: network.id, ...wish }));
      made = after.ports.find(({ id, leadsTo }) => leadsTo !== "machine" && !before.has(id))?.id;
      networksChanged();
    },
    back: async () => {
      if (made) await takeNetwork(api.networks.removePort({ network: network.id, port: made }));
      networksChanged();
    },
  };
}

export function createNetwork(wish: InputOf<"networks", "create">): Change & { readonly made: () => NetworkView | undefined } {
  let made: NetworkView | undefined;
  return {
    done: `There is a network ${named(wish.name)} now.`,
    made: () => made,
    make: async () => {
      made = await takeNetwork(api.networks.create(wish));
    },
    back: async () => {
      if (made) await forget(made);
    },
  };
}
async function forget(network: NetworkView): Promise<void> {
  await api.networks.remove({ network: network.id });
  queryClient.setQueryData(networksQuery.queryKey, (networks) => networks?.filter((each) => each.id !== network.id));
}
export const removeNetwork = (network: NetworkView): Change => ({
  done: `The network ${named(network.name)} is removed.`,
  make: () => forget(network),
});

type Settings = Omit<InputOf<"networks", "change">, "network">;
export function changeNetwork(network: NetworkView, wish: Settings, done: string): Change {
  const before = Object.fromEntries(Object.keys(wish).map((key) => [key, network[key as keyof NetworkView]])) as Settings;
  const put = (settings: Settings) => takeNetwork(api.networks.change({ network: network.id, ...settings }));
  return { done, make: () => put(wish), back: () => put(before) };
}

/** “10.77.0.1/24” → “10.77.0.0/24”: what `subnet` wants. */
export function subnetOf(address: string | undefined): string | undefined {
  const [, a, b, c, d, prefix] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(address ?? "") ?? [];
  if (prefix === undefined) return undefined;
  const bits = ((Number(a) << 24) | (Number(b) << 16) | (Number(c) << 8) | Number(d)) >>> 0;
  const kept = Number(prefix) === 0 ? 0 : (bits & (0xffffffff << (32 - Number(prefix)))) >>> 0;
  return `${kept >>> 24}.${(kept >>> 16) & 255}.${(kept >>> 8) & 255}.${kept & 255}/${prefix}`;
}

export interface VlanWish {
  readonly vlan: number;
  readonly name?: string | undefined;
  readonly gateway?: boolean | undefined;
  readonly subnet?: string | undefined;
}
const putVlan = (network: NetworkView, wish: VlanWish) => takeNetwork(api.networks.setVlan({ network: network.id, ...wish }));
const dropVlan = (network: NetworkView, vlan: number) => takeNetwork(api.networks.removeVlan({ network: network.id, vlan }));
const vlanNow = (network: NetworkView, vlan: number): VlanWish => {
  const foot = network.gateway?.feet.find((each) => each.vlan === vlan);
  return { vlan, name: network.vlans.find(({ id }) => id === vlan)?.name ?? "", gateway: foot !== undefined, subnet: subnetOf(foot?.v4) };
};

export function setVlan(network: NetworkView, wish: VlanWish): Change {
  const isNew = !network.vlans.some(({ id }) => id === wish.vlan);
  const before = vlanNow(network, wish.vlan);
  return {
    done: isNew ? `${named(network.name)} has a VLAN ${wish.vlan} now.` : `VLAN ${wish.vlan} of ${named(network.name)} is changed.`,
    make: () => putVlan(network, wish),
    back: () => (isNew ? dropVlan(network, wish.vlan) : putVlan(network, before)),
  };
}
export const removeVlan = (network: NetworkView, vlan: number): Change => ({
  done: `VLAN ${vlan} of ${named(network.name)} is removed.`,
  make: () => dropVlan(network, vlan),
  back: () => putVlan(network, vlanNow(network, vlan)),
});

/** New places for some things of a network; null is where Mimic would put it. */
export function moveThings(network: NetworkView, places: Readonly<Record<string, { x: number; y: number } | null>>, done: string): Change {
  const before = Object.fromEntries(Object.keys(places).map((id) => [id, network.layout[id] ?? null]));
  const put = async (wish: typeof places) => {
    // A reading that is under way was asked for before this and would put the thing back: it is asked for again afterwards.
    const wasReading = queryClient.isFetching({ queryKey: networksQuery.queryKey }) > 0;
    if (wasReading) await queryClient.cancelQueries({ queryKey: networksQuery.queryKey });
    const now = queryClient.getQueryData(networksQuery.queryKey)?.find(({ id }) => id === network.id) ?? network;
    const layout = Object.fromEntries(Object.entries({ ...now.layout, ...wish }).flatMap(([id, place]) => (place ? [[id, place]] : [])));
    rememberNetwork({ ...now, layout });
    await api.networks.layout({ network: network.id, places: { ...wish } }).finally(() => wasReading && networksChanged());
  };
  return { done, make: () => put(places), back: () => put(before) };
}

/** Everything back to where Mimic puts it. */
export function tidy(networks: readonly NetworkView[]): Change | undefined {
  const moves = networks.flatMap((network) => {
    const moved = Object.keys(network.layout);
    return moved.length === 0 ? [] : [moveThings(network, Object.fromEntries(moved.map((id) => [id, null])), "")];
  });
  if (moves.length === 0) return undefined;
  const each = async (which: "make" | "back") => {
    for (const move of moves) await move[which]?.();
  };
  return { done: "Everything stands where Mimic puts it.", make: () => each("make"), back: () => each("back") };
}
