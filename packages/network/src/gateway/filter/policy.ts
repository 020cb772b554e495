// What the gateway's decisions stand on, worked out once per plan: rules with their ranges read, segments, this computer's addresses.
import type { FirewallRule, GatewayPlan } from "@mimic/model";
import { equalBytes, type IpRange, isInRange, parseIp, parseIpv6, parseRange, rangeOf } from "@mimic/wire";

export interface CompiledRule {
  readonly rule: FirewallRule;
  readonly fromRange: IpRange | undefined;
  readonly targetRange: IpRange | undefined;
}

/** One foot of the gateway and one family of addresses. */
export interface SegmentRange {
  readonly vlan: number;
  readonly range: IpRange;
  /** The gateway's own address in it. */
  readonly own: Uint8Array;
}

/** Another network of this installation that has a gateway too. */
export interface NeighbourNetwork {
  readonly id: string;
  readonly name: string;
  readonly ranges: readonly IpRange[];
}

export interface EgressPolicy {
  readonly rules: readonly CompiledRule[];
  readonly segments: readonly SegmentRange[];
  readonly uplink: GatewayPlan["uplink"];
  /** Every address of this computer's interfaces now. */
  readonly hostAddresses: readonly Uint8Array[];
  readonly neighbours: readonly NeighbourNetwork[];
  /** Whether our DNS answered this address for a name that fits the pattern. */
  readonly isNamed: (address: Uint8Array, pattern: string) => boolean;
}

export type World = Pick<EgressPolicy, "hostAddresses" | "neighbours" | "isNamed">;

export function compilePolicy(plan: GatewayPlan, world: World): EgressPolicy {
  const { uplink } = plan;
  return { rules: plan.rules.map(compileRule), segments: segmentRanges(plan), uplink, ...world };
}

function compileRule(rule: FirewallRule): CompiledRule {
  return {
    rule,
    fromRange: rule.from?.from === "range" ? parseRange(rule.from.range) : undefined,
    targetRange: rule.target.to === "range" ? parseRange(rule.target.range) : undefined,
  };
}

export function segmentRanges(plan: GatewayPlan): SegmentRange[] {
  return plan.segments.flatMap(({ vlan, v4, v6 }): SegmentRange[] => {
    const own4 = v4 && parseIp(v4.address);
    const own6 = v6 && parseIp(v6.address);
    const prefix6 = v6 && parseIpv6(v6.prefix);
    return [
      ...(v4 && own4 ? [{ vlan, range: rangeOf(own4, v4.prefix), own: own4 }] : []),
      ...(prefix6 && own6 ? [{ vlan, range: rangeOf(prefix6, 64), own: own6 }] : []),
    ];
  });
}

export const segmentOf = (policy: Pick<EgressPolicy, "segments">, address: Uint8Array): SegmentRange | undefined =>
  policy.segments.find(({ range }) => isInRange(range, address));

export const isHostAddress = (policy: Pick<EgressPolicy, "hostAddresses">, address: Uint8Array): boolean =>
  policy.hostAddresses.some((own) => equalBytes(own, address));

export const networkOf = (policy: EgressPolicy, address: Uint8Array): NeighbourNetwork | undefined =>
  policy.neighbours.find(({ ranges }) => ranges.some((range) => isInRange(range, address)));
