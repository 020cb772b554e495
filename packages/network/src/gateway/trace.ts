// “What would become of a packet from here to there?”, from the gateway's door on: asked of the same functions that decide
// about real packets, so that the explanation is the truth.
import type { NetworkPlan } from "@mimic/model";
import { dnsClass, dnsType, ipText, isWithin, parseIp } from "@mimic/wire";
import type { TraceQuestion, TraceStep } from "@mimic/workbench/ports";
import type { LeaseKeeper } from "./dhcp/lease-keeper.ts";
import { answerLocally } from "./dns/local-answer.ts";
import type { NameService } from "./dns/name-service.ts";
import type { Foot } from "./feet.ts";
import { decideEgress, type EgressDecision } from "./filter/decide-egress.ts";
import type { EgressPolicy } from "./filter/policy.ts";
import type { Machines } from "./machines.ts";

export interface TraceScene {
  readonly plan: NetworkPlan;
  readonly feet: readonly Foot[];
  readonly policy: EgressPolicy;
  readonly leases: LeaseKeeper;
  readonly machines: Machines;
  readonly names: NameService;
}

export interface TraceFrom {
  readonly mac: string | undefined;
  readonly vlan: number;
}

export function traceFromGateway(scene: TraceScene, question: TraceQuestion, from: TraceFrom): TraceStep[] {
  const steps: TraceStep[] = [];
  const foot = scene.feet.find(({ vlan }) => vlan === from.vlan);
  if (!foot) {
    return [
      {
        at: "gateway",
        outcome: "dropped",
        reason: "noRoute",
        words: `The gateway has no address in VLAN ${from.vlan}, so nothing is routed from there.`,
      },
    ];
  }
  const to = addressOf(scene, question.to, steps);
  if (!to) return steps;
  const source = sourceOf(scene, from, { foot, size: to.length });
  if (!source) {
    const words = `The machine has no IPv${to.length === 4 ? 4 : 6} address here yet, so it cannot send to ${ipText(to)}.`;
    return [...steps, { at: "gateway", outcome: "dropped", reason: "noRoute", words }];
  }
  steps.push({
    at: "gateway",
    outcome: "goesOn",
    words: `The gateway (${ipText(ownOf(foot, to.length))} in VLAN ${foot.vlan}) takes it from ${ipText(source)}.`,
  });
  const asked = {
    mac: from.mac ?? "",
    machine: from.mac ? scene.machines.byMac(from.mac)?.machine : undefined,
    vlan: from.vlan,
    from: source,
    to,
  };
  const decision = decideEgress(scene.policy, {
    ...asked,
    protocol: question.protocol,
    port: question.protocol === "icmp" ? 0 : (question.toPort ?? 0),
  });
  return [...steps, ...stepsOf(scene, decision, to)];
}

function stepsOf(scene: TraceScene, decision: EgressDecision, to: Uint8Array): TraceStep[] {
  if (decision.verdict !== "accept") {
    const told = decision.verdict === "reject" ? " The sender is told." : " The sender is told nothing.";
    return [{ at: "firewall", outcome: "dropped", reason: decision.reason, words: `${decision.words}${told}` }];
  }
  const passes: TraceStep = { at: "firewall", outcome: "goesOn", words: decision.words };
  switch (decision.way) {
    case "gateway":
      return [{ at: "gateway", outcome: "arrives", words: decision.words }];
    case "host":
      return [
        passes,
        {
          at: "this computer",
          outcome: "arrives",
          words: `It is connected to 127.0.0.1 port ${decision.port}; nothing answers when no program listens there.`,
        },
      ];
    case "segment":
      return [passes, arrivalIn(scene, decision.vlan, to)];
    case "network":
      return [
        passes,
        {
          at: `network ${decision.network}`,
          outcome: "arrives",
          words: "It goes to that network's gateway, whose own rules may still refuse it.",
        },
      ];
    case "uplink":
      return [
        passes,
        {
          at: "this computer",
          outcome: "arrives",
          words: `It goes out through this computer's own connection (NAT), so that ${ipText(to)} sees this computer's address.`,
        },
      ];
  }
}

function arrivalIn(scene: TraceScene, vlan: number, to: Uint8Array): TraceStep {
  const number = to.length === 4 ? new DataView(to.buffer, to.byteOffset, 4).getUint32(0) : undefined;
  const mac = number === undefined ? scene.machines.macOfV6(to) : scene.leases.holderOf(vlan, number)?.mac;
  const name = mac ? (scene.machines.byMac(mac)?.hostName ?? mac) : undefined;
  const words = name
    ? `It reaches ${name} (${ipText(to)}) in VLAN ${vlan}.`
    : `It goes to whoever has ${ipText(to)} in VLAN ${vlan}; no lease says who that is.`;
  return { at: `VLAN ${vlan}`, outcome: "arrives", words };
}

/** An address as it stands, or what our DNS says at this moment; other names are not looked up for a question. */
function addressOf(scene: TraceScene, to: string, steps: TraceStep[]): Uint8Array | undefined {
  const address = parseIp(to);
  if (address) return address;
  for (const type of [dnsType.A, dnsType.AAAA]) {
    const local = answerLocally(scene.names.zone, { name: to, type, class: dnsClass.IN });
    const record = local.kind === "answered" ? local.answers.find((one) => one.type === type) : undefined;
    if (!record) continue;
    steps.push({ at: "DNS", outcome: "goesOn", words: `${to} is ${ipText(record.data)} by this network's own DNS.` });
    return record.data;
  }
  const domain = scene.plan.gateway?.domain ?? "";
  const isOurs = domain !== "" && isWithin(to, domain);
  const words =
    isOurs || !to.includes(".")
      ? `No machine of this network is called “${to}”.`
      : `“${to}” is asked of other resolvers when a machine wants it; ask again with its address.`;
  steps.push({ at: "DNS", outcome: "dropped", reason: "noRoute", words });
  return undefined;
}

function sourceOf(
  scene: TraceScene,
  from: TraceFrom,
  { foot, size }: { readonly foot: Foot; readonly size: number },
): Uint8Array | undefined {
  if (size === 16) return (from.mac && scene.machines.v6Of(from.mac)[0]) || foot.v6?.range.base;
  return (from.mac && scene.leases.addressOf(from.mac)) || foot.v4?.range.base;
}

const ownOf = (foot: Foot, size: number): Uint8Array => (size === 4 ? foot.v4?.own : foot.v6?.own) ?? new Uint8Array(size);
