// The policy that holds now: worked out again when the plan, this computer's addresses or the other networks changed.
import type { GatewayPlan } from "@mimic/model";
import { isInRange } from "@mimic/wire";
import { compilePolicy, type EgressPolicy, type NeighbourNetwork } from "./filter/policy.ts";

export interface PolicyKeeperParts {
  readonly hostAddresses: () => readonly Uint8Array[];
  readonly neighbours: () => readonly NeighbourNetwork[];
  readonly isNamed: EgressPolicy["isNamed"];
}

export class PolicyKeeper {
  readonly #parts: PolicyKeeperParts;
  #plan: GatewayPlan | undefined;
  #policy: EgressPolicy | undefined;

  constructor(parts: PolicyKeeperParts) {
    this.#parts = parts;
  }

  apply(plan: GatewayPlan | undefined): void {
    this.#plan = plan;
    this.#policy = undefined;
  }

  /** Asked for each packet: what it stands on is compared by identity. */
  get policy(): EgressPolicy {
    const hostAddresses = this.#parts.hostAddresses();
    const neighbours = this.#parts.neighbours();
    if (this.#policy?.hostAddresses === hostAddresses && this.#policy.neighbours === neighbours) return this.#policy;
    const world = { hostAddresses, neighbours, isNamed: this.#parts.isNamed };
    this.#policy = this.#plan ? compilePolicy(this.#plan, world) : { rules: [], segments: [], uplink: "none", ...world };
    return this.#policy;
  }

  /** Whether an accept rule opened the range of a private address: then names may lead there too. */
  isOpened(address: Uint8Array): boolean {
    return this.policy.rules.some(
      ({ rule, targetRange }) =>
        rule.action === "accept" && (rule.target.to === "anywhere" || (targetRange !== undefined && isInRange(targetRange, address))),
    );
  }
}
