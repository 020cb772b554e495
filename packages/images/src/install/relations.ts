// Relations between Debian packages as their control fields write them: “a (>= 1) | b, c:any” (deb-control(5),
// Debian Policy 7.1). Only what binary packages of one architecture use.
import { compareVersions } from "../debian/version.ts";

export interface Relation {
  readonly name: string;
  /** Undefined = any version. */
  readonly version?: { readonly operator: "<<" | "<=" | "=" | ">=" | ">>"; readonly version: string } | undefined;
}

/** One of these is enough. */
export type Alternatives = readonly Relation[];

const RELATION = /^([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?\s*(?:\(\s*(<<|<=|=|>=|>>)\s*([^\s)]+)\s*\))?$/;

function readRelation(text: string): Relation | undefined {
  const match = RELATION.exec(text.trim());
  if (!match?.[1]) return undefined;
  const [, name, operator, version] = match;
  if (!operator || !version) return { name };
  return { name, version: { operator: operator as ">=", version } };
}

/** The clauses of a field; an alternative that cannot be read can never be fulfilled and is left out. */
export function readRelations(field: string): Alternatives[] {
  return field
    .split(",")
    .filter((clause) => clause.trim() !== "")
    .map((clause) =>
      clause
        .split("|")
        .map(readRelation)
        .filter((one) => one !== undefined),
    );
}

export function versionFits(relation: Relation, version: string | undefined): boolean {
  if (!relation.version) return true;
  // A name that is provided without a version fulfils no demand for one (Policy 7.5).
  if (version === undefined) return false;
  const order = compareVersions(version, relation.version.version);
  switch (relation.version.operator) {
    case "<<":
      return order < 0;
    case "<=":
      return order <= 0;
    case "=":
      return order === 0;
    case ">=":
      return order >= 0;
    case ">>":
      return order > 0;
  }
}
