// The firewall's rules: in order, the first that fits decides.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import type { FirewallRule, NetworkRecord, NetworkView } from "@mimic/model";
import { type Context, findMachine } from "../context.ts";
import type { OfNetwork, RuleWish } from "../network-workbench.ts";
import { edit } from "./edit.ts";
import { findNetwork } from "./find.ts";

export async function addRule(
  context: Context,
  input: OfNetwork & { rule: RuleWish; at?: number | undefined },
): Promise<NetworkView | Refusal> {
  const rule = readRule(context, input.rule);
  if (isRefusal(rule)) return rule;
  return await edit(context, input.network, "rules", (now) => {
    if (now.kind === "bare" || now.kind === "bridged")
      return refusal(
        "rule.no_gateway",
        `“${now.name}” has no gateway, and it is the gateway that obeys rules.`,
        "Use a network of another kind.",
      );
    if (now.rules.length >= 1000) return refusal("rule.too_many", `“${now.name}” has a thousand rules already.`, "Remove some first.");
    return { ...now, rules: now.rules.toSpliced(input.at ?? now.rules.length, 0, rule) };
  });
}

/** Names become ids: a machine that is renamed keeps its rules. */
function readRule(context: Context, wish: RuleWish): FirewallRule | Refusal {
  let { from, target } = wish;
  if (from?.from === "machine") {
    const actor = findMachine(context, from.machine);
    if (isRefusal(actor)) return actor;
    from = { from: "machine", machine: actor.record.id };
  }
  if (target.to === "network") {
    const network = findNetwork(context, target.network);
    if (isRefusal(network)) return network;
    target = { to: "network", network: network.id };
  }
  const needsPorts = wish.protocol === "tcp" || wish.protocol === "udp";
  if (wish.ports && !needsPorts) return refusal("rule.ports_need_protocol", "Only TCP and UDP have ports.", "Say which: --protocol tcp");
  return {
    id: context.ports.ids.make("rul"),
    action: wish.action,
    target,
    protocol: wish.protocol ?? "any",
    note: wish.note ?? "",
    ...(from && { from }),
    ...(wish.ports && { ports: wish.ports }),
  };
}

/** By its id, or its number from 1. */
function placeOf(now: NetworkRecord, wanted: string): number | Refusal {
  const place = now.rules.findIndex(({ id }, at) => id === wanted || String(at + 1) === wanted);
  if (place >= 0) return place;
  return refusal("rule.unknown", `“${now.name}” has no rule “${wanted.slice(0, 60)}”.`, `See its rules: mimic net rule ${now.name}`);
}

export async function moveRule(context: Context, input: OfNetwork & { rule: string; at: number }): Promise<NetworkView | Refusal> {
  return await edit(context, input.network, "order of the rules", (now) => {
    const place = placeOf(now, input.rule);
    if (isRefusal(place)) return place;
    const rule = now.rules[place] as FirewallRule;
    return { ...now, rules: now.rules.toSpliced(place, 1).toSpliced(input.at, 0, rule) };
  });
}

export async function removeRule(context: Context, input: OfNetwork & { rule: string }): Promise<NetworkView | Refusal> {
  return await edit(context, input.network, "rules", (now) => {
    const place = placeOf(now, input.rule);
    return isRefusal(place) ? place : { ...now, rules: now.rules.toSpliced(place, 1) };
  });
}
