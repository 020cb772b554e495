// Changes at a network's gateway: forwards, rules, reservations, records of names.
import type { InputOf } from "@mimic/api/client";
import type { DnsRecord, FirewallRule, ForwardView, Lease, NetworkView } from "@mimic/model";
import { api } from "../../api.ts";
import { networksChanged, rememberNetwork } from "../../follow.ts";
import { changeNetwork } from "./changes.ts";
import type { Change } from "./undo.ts";

async function take(answer: Promise<NetworkView>): Promise<NetworkView> {
  const network = await answer;
  rememberNetwork(network);
  return network;
}

type NewForward = Omit<InputOf<"networks", "addForward">, "network">;
export function addForward(network: NetworkView, wish: NewForward, words: string): Change {
  let made: string | undefined;
  return {
    done: words,
    make: async () => {
      const before = new Set(network.forwards.map(({ id }) => id));
      const after = await take(api.networks.addForward({ network: network.id, ...wish }));
      made = after.forwards.find(({ id }) => !before.has(id))?.id;
    },
    back: async () => {
      if (made) await take(api.networks.removeForward({ network: network.id, forward: made }));
    },
  };
}
export function removeForward(network: NetworkView, forward: ForwardView): Change {
  const { machine, guestPort, hostPort, hostAddress, protocol } = forward;
  return {
    done: `The forward to port ${guestPort} is taken away.`,
    make: () => take(api.networks.removeForward({ network: network.id, forward: forward.id })),
    ...(machine
      ? {
          back: () =>
            take(api.networks.addForward({ network: network.id, machine: machine.id, guestPort, hostPort, hostAddress, protocol })),
        }
      : {}),
  };
}

type NewRule = InputOf<"networks", "addRule">["rule"];
const wishOf = ({ id: _, ...rule }: FirewallRule): NewRule => rule;
const idAt = (network: NetworkView, before: ReadonlySet<string>): string | undefined => network.rules.find(({ id }) => !before.has(id))?.id;

export function addRule(network: NetworkView, rule: NewRule, at: number | undefined): Change {
  let made: string | undefined;
  return {
    done: "The rule is in force.",
    make: async () => {
      const before = new Set(network.rules.map(({ id }) => id));
      made = idAt(await take(api.networks.addRule({ network: network.id, rule, ...(at === undefined ? {} : { at }) })), before);
    },
    back: async () => {
      if (made) await take(api.networks.removeRule({ network: network.id, rule: made }));
    },
  };
}
export function moveRule(network: NetworkView, rule: FirewallRule, to: number): Change {
  const from = network.rules.findIndex(({ id }) => id === rule.id);
  const put = (at: number) => take(api.networks.moveRule({ network: network.id, rule: rule.id, at }));
  return { done: `The rule is number ${to + 1} now.`, make: () => put(to), back: () => put(from) };
}
export function removeRule(network: NetworkView, rule: FirewallRule): Change {
  const at = network.rules.findIndex(({ id }) => id === rule.id);
  return {
    done: "The rule is taken away.",
    make: () => take(api.networks.removeRule({ network: network.id, rule: rule.id })),
    back: () => take(api.networks.addRule({ network: network.id, rule: wishOf(rule), at })),
  };
}

export function reserve(network: NetworkView, lease: Lease, isReserved: boolean): Change {
  const put = async (wanted: boolean) => {
    await take(
      wanted
        ? api.networks.reserve({ network: network.id, mac: lease.mac, address: lease.address })
        : api.networks.unreserve({ network: network.id, mac: lease.mac }),
    );
    networksChanged();
  };
  return {
    done: isReserved ? `${lease.address} is always for this card now.` : `${lease.address} is no longer kept for this card.`,
    make: () => put(isReserved),
    back: () => put(!isReserved),
  };
}
/** Forgetting a lease has no way back: the guest asks again by itself. */
export const releaseLease = (network: NetworkView, lease: Lease): Change => ({
  done: `${lease.address} is free again.`,
  make: async () => {
    await api.networks.releaseLease({ network: network.id, mac: lease.mac });
    networksChanged();
  },
});

export const setRecords = (network: NetworkView, records: readonly DnsRecord[], done: string): Change =>
  changeNetwork(network, { dnsRecords: [...records] }, done);
