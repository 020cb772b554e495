// Which packages a system needs, and in which order they are set up: the closure of some wanted packages over
// Depends and Pre-Depends. Recommends are not followed. Deterministic: same index and wishes, same answer.
import { MimicError } from "@mimic/base";
import type { DebianPackage } from "../debian/control.ts";
import { type Alternatives, type Relation, readRelations, versionFits } from "./relations.ts";

export type Candidate = Pick<
  DebianPackage,
  "name" | "version" | "depends" | "preDepends" | "provides" | "conflicts" | "breaks" | "priority"
>;

const PRIORITIES = ["required", "important", "standard", "optional", "extra"];

const unresolvable = (why: string): MimicError =>
  new MimicError("install.unresolvable", `The packages for the installation do not fit together: ${why}.`, {
    hint: "The mirror is in the middle of an update. Try again later, or use another mirror: MIMIC_DEBIAN_MIRROR=http://…/debian",
  });

interface Provided<P> {
  readonly by: P;
  readonly version: string | undefined;
}

class Index<P extends Candidate> {
  readonly #packages: ReadonlyMap<string, P>;
  readonly #provided = new Map<string, Provided<P>[]>();

  constructor(packages: ReadonlyMap<string, P>) {
    this.#packages = packages;
    for (const by of packages.values()) {
      for (const clause of readRelations(by.provides)) {
        const [one] = clause;
        if (!one) continue;
        const list = this.#provided.get(one.name) ?? [];
        list.push({ by, version: one.version?.version });
        this.#provided.set(one.name, list);
      }
    }
    const rank = ({ by }: Provided<P>) => (PRIORITIES.indexOf(by.priority) + PRIORITIES.length + 1) % (PRIORITIES.length + 1);
    for (const list of this.#provided.values()) list.sort((a, b) => rank(a) - rank(b) || (a.by.name < b.by.name ? -1 : 1));
  }

  get(name: string): P | undefined {
    return this.#packages.get(name);
  }

  /** Packages that fulfil the relation: the one of that name first, then those that provide it, the most basic first. */
  fulfilling(relation: Relation): P[] {
    const real = this.#packages.get(relation.name);
    const found = real && versionFits(relation, real.version) ? [real] : [];
    for (const { by, version } of this.#provided.get(relation.name) ?? [])
      if (versionFits(relation, version) && !found.includes(by)) found.push(by);
    return found;
  }
}

/** What is chosen already wins over what stands first; so a wish decides between alternatives. */
function choose<P extends Candidate>(clause: Alternatives, index: Index<P>, chosen: ReadonlyMap<string, P>): P | undefined {
  const fulfilling = clause.flatMap((relation) => index.fulfilling(relation));
  return fulfilling.find((one) => chosen.has(one.name)) ?? fulfilling[0];
}

const clausesOf = (one: Candidate): Alternatives[] => [...readRelations(one.preDepends), ...readRelations(one.depends)];

const inWords = (clause: Alternatives): string =>
  clause.map(({ name, version }) => (version ? `${name} ${version.operator} ${version.version}` : name)).join(" or ");

/**
 * The wanted packages and all that they need, dependencies before what needs them (in a circle: somewhere).
 * Throws `debian.package_missing` for a wish that is in no index, `install.unresolvable` otherwise.
 */
export function resolve<P extends Candidate>(packages: ReadonlyMap<string, P>, wanted: readonly string[]): P[] {
  const index = new Index(packages);
  const chosen = new Map<string, P>();
  const queue: P[] = [];
  const take = (one: P): void => {
    if (chosen.has(one.name)) return;
    chosen.set(one.name, one);
    queue.push(one);
  };
  for (const name of wanted) {
    const one = index.get(name);
    if (!one)
      throw new MimicError("debian.package_missing", `Debian has no package “${name}”.`, {
        hint: "The mirror is incomplete, or the recipe is older than the suite. Try another mirror.",
      });
    take(one);
  }
  for (let one = queue.shift(); one; one = queue.shift()) {
    for (const clause of clausesOf(one)) {
      const needed = choose(clause, index, chosen);
      if (!needed) throw unresolvable(`${one.name} needs ${inWords(clause) || "something unknown"}, which is not there`);
      take(needed);
    }
  }
  refuseConflicts(chosen);
  return inOrder(chosen, index);
}

function refuseConflicts(chosen: ReadonlyMap<string, Candidate>): void {
  const inside = new Index(chosen);
  for (const one of chosen.values()) {
    for (const relation of [...readRelations(one.conflicts), ...readRelations(one.breaks)].flat()) {
      const against = inside.fulfilling(relation).find((other) => other.name !== one.name);
      if (against) throw unresolvable(`${one.name} cannot be together with ${against.name}`);
    }
  }
}

function inOrder<P extends Candidate>(chosen: ReadonlyMap<string, P>, index: Index<P>): P[] {
  const order: P[] = [];
  const seen = new Set<string>();
  const visit = (one: P): void => {
    if (seen.has(one.name)) return;
    seen.add(one.name);
    for (const clause of clausesOf(one)) {
      const needed = choose(clause, index, chosen);
      if (needed) visit(needed);
    }
    order.push(one);
  };
  for (const one of chosen.values()) visit(one);
  return order;
}
