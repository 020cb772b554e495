// “What would become of it?”: the way of a packet through the switch, in words, without sending one. The gateway
// continues where its part begins.
import { DROP_WORDS, type NetworkPlan } from "@mimic/model";
import type { TraceQuestion, TraceStep } from "@mimic/workbench/ports";
import { unknownPort } from "../errors.ts";
import type { NetworkGateway } from "./gateway-port.ts";
import type { Switch } from "./switch.ts";
import type { SwitchPort } from "./switch-port.ts";

export interface Traceable {
  readonly plan: NetworkPlan;
  readonly lan: Switch;
  readonly gateway: NetworkGateway | undefined;
}

export function traceThrough({ plan, lan, gateway }: Traceable, question: TraceQuestion): readonly TraceStep[] {
  const from = lan.port(question.fromPort);
  if (from === undefined) throw unknownPort(question.fromPort);
  const steps: TraceStep[] = [];
  const vlan = from.vlans.untagged;
  const entry = entryStep(from, vlan);
  steps.push(entry);
  if (entry.outcome === "dropped") return steps;
  const target = machinePort(plan, lan, gateway, question.to);
  if (target !== undefined && target !== from && lan.pathProblem(from, target, vlan) !== "vlanNotAllowed")
    return [...steps, exitStep(lan, from, target, vlan)];
  if (gateway === undefined) {
    return [
      ...steps,
      {
        at: "switch",
        words: `No port of this network in VLAN ${vlan} is known to be ${question.to}, and there is no gateway.`,
        outcome: "dropped",
        reason: "noRoute",
      },
    ];
  }
  steps.push({ at: "switch", words: "The gateway's port: the packet goes to another network or VLAN.", outcome: "goesOn" });
  return [...steps, ...gateway.trace(question, { mac: from.wish.mac, vlan })];
}

function entryStep(from: SwitchPort, vlan: number): TraceStep {
  const at = `port “${from.wish.label}”`;
  if (!from.wish.isUp) return { at, words: DROP_WORDS.portDown.words, outcome: "dropped", reason: "portDown" };
  if (from.outlet === undefined) return { at, words: DROP_WORDS.noPeer.words, outcome: "dropped", reason: "noPeer" };
  if (vlan === 0) return { at, words: DROP_WORDS.untaggedNotAllowed.words, outcome: "dropped", reason: "untaggedNotAllowed" };
  return { at, words: `Untagged frames belong to VLAN ${vlan} here.`, outcome: "goesOn" };
}

function exitStep(lan: Switch, from: SwitchPort, to: SwitchPort, vlan: number): TraceStep {
  const at = `port “${to.wish.label}”`;
  const problem = lan.pathProblem(from, to, vlan);
  if (problem !== undefined) return { at, words: DROP_WORDS[problem].words, outcome: "dropped", reason: problem };
  return { at, words: "The switch knows the way; no router is asked.", outcome: "arrives" };
}

/** The port behind which the asked address or name is, as far as leases and plans tell. */
function machinePort(plan: NetworkPlan, lan: Switch, gateway: NetworkGateway | undefined, to: string): SwitchPort | undefined {
  const domain = plan.gateway?.domain;
  const name = domain !== undefined && to.endsWith(`.${domain}`) ? to.slice(0, -domain.length - 1) : to;
  const mac = gateway?.leases().find((lease) => lease.address === to)?.mac;
  const port = plan.ports.find((candidate) => candidate.hostName === name || (mac !== undefined && candidate.mac === mac));
  return port && lan.port(port.id);
}
