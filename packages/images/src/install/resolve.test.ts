import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wantedPackages } from "./package-set.ts";
import { readRelations, versionFits } from "./relations.ts";
import { type Candidate, resolve } from "./resolve.ts";

const aPackage = (name: string, more: Partial<Candidate> = {}): Candidate => ({
  name,
  version: "1.0",
  depends: "",
  preDepends: "",
  provides: "",
  conflicts: "",
  breaks: "",
  priority: "optional",
  ...more,
});
const indexOf = (...list: Candidate[]): Map<string, Candidate> => new Map(list.map((one) => [one.name, one]));
const names = (list: readonly Candidate[]): string[] => list.map((one) => one.name);

describe("relations", () => {
  test("are read with alternatives, versions and architecture words", () => {
    expect(readRelations("libc6 (>= 2.36), debconf (>= 0.5) | debconf-2.0, perl:any")).toEqual([
      [{ name: "libc6", version: { operator: ">=", version: "2.36" } }],
      [{ name: "debconf", version: { operator: ">=", version: "0.5" } }, { name: "debconf-2.0" }],
      [{ name: "perl" }],
    ]);
    expect(readRelations("")).toEqual([]);
    expect(readRelations("$(rm -rf) | ok")).toEqual([[{ name: "ok" }]]);
  });

  test("with a version are fulfilled by versions in Debian's order, and by no name without one", () => {
    const [[relation] = []] = readRelations("a (>= 1.0~rc1)");
    expect(relation && [versionFits(relation, "1.0"), versionFits(relation, "1.0~beta"), versionFits(relation, undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("resolving", () => {
  test("takes what is needed, dependencies first, and nothing that is only recommended", () => {
    const index = indexOf(
      aPackage("shell", { depends: "libc", preDepends: "base" }),
      aPackage("libc"),
      aPackage("base", { depends: "libc" }),
      aPackage("unrelated"),
    );
    expect(names(resolve(index, ["shell"]))).toEqual(["libc", "base", "shell"]);
  });

  test("takes the first alternative that is there, unless another one is wanted anyway", () => {
    const index = indexOf(aPackage("app", { depends: "gone | left | right" }), aPackage("left"), aPackage("right"));
    expect(names(resolve(index, ["app"]))).toEqual(["left", "app"]);
    expect(names(resolve(index, ["app", "right"]))).toEqual(["right", "app"]);
  });

  test("accepts a provided name, with its version where one is asked for, the most basic provider first", () => {
    const index = indexOf(
      aPackage("app", { depends: "awk, api (>= 2)" }),
      aPackage("gawk", { provides: "awk" }),
      aPackage("mawk", { provides: "awk", priority: "required" }),
      aPackage("old-api", { provides: "api (= 1)", priority: "required" }),
      aPackage("new-api", { provides: "api (= 2)" }),
    );
    expect(names(resolve(index, ["app"]))).toEqual(["mawk", "new-api", "app"]);
  });

  test("names what is missing, too old, or cannot be together", () => {
    const index = indexOf(
      aPackage("app", { depends: "lib (>= 2)" }),
      aPackage("lib"),
      aPackage("a", { conflicts: "b" }),
      aPackage("b", { version: "2" }),
      aPackage("c", { breaks: "b (<< 3)" }),
      aPackage("mta", { provides: "agent", conflicts: "agent" }),
    );
    expect(() => resolve(index, ["none"])).toThrow(expect.objectContaining({ code: "debian.package_missing" }));
    expect(() => resolve(index, ["app"])).toThrow(/app needs lib >= 2/);
    expect(() => resolve(index, ["a", "b"])).toThrow(/a cannot be together with b/);
    expect(() => resolve(index, ["c", "b"])).toThrow(expect.objectContaining({ code: "install.unresolvable" }));
    expect(names(resolve(index, ["mta"]))).toEqual(["mta"]);
  });

  test("comes to an end in a circle", () => {
    const index = indexOf(aPackage("a", { depends: "b" }), aPackage("b", { depends: "a" }));
    expect(names(resolve(index, ["a"])).sort()).toEqual(["a", "b"]);
  });
});

/** Universes of twelve packages that may need each other by any alternatives. */
const universe = fc
  .array(fc.record({ clauses: fc.array(fc.array(fc.nat(11), { minLength: 1, maxLength: 3 }), { maxLength: 3 }), virtual: fc.nat(3) }), {
    minLength: 12,
    maxLength: 12,
  })
  .map((all) =>
    indexOf(
      ...all.map(({ clauses, virtual }, at) =>
        aPackage(`p${at}`, {
          depends: clauses.map((clause) => clause.map((n) => (n % 4 === 3 ? `virtual${n % 3}` : `p${n}`)).join(" | ")).join(", "),
          provides: virtual === 0 ? "" : `virtual${virtual - 1}`,
        }),
      ),
    ),
  );

describe("for any packages", () => {
  test("the answer is closed: every need of every member is met inside, and each stands there once", () => {
    fc.assert(
      fc.property(universe, fc.nat(11), (index, wish) => {
        let answer: Candidate[];
        try {
          answer = resolve(index, [`p${wish}`]);
        } catch (error) {
          expect(error).toMatchObject({ code: "install.unresolvable" });
          return;
        }
        const inside = new Set(answer.flatMap((one) => [one.name, one.provides]));
        expect(new Set(names(answer)).size).toBe(answer.length);
        expect(inside.has(`p${wish}`)).toBe(true);
        for (const one of answer)
          for (const clause of readRelations(one.depends)) expect(clause.some((relation) => inside.has(relation.name))).toBe(true);
      }),
    );
  });

  test("without circles, whoever is needed comes before who needs it", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 15 }), (needs) => {
        const index = indexOf(
          ...needs.map((list, at) => aPackage(`p${at}`, { depends: at === 0 ? "" : list.map((n) => `p${n % at}`).join(", ") })),
        );
        const order = names(resolve(index, [...index.keys()].reverse()));
        for (const one of index.values())
          for (const [relation] of readRelations(one.depends))
            expect(order.indexOf(relation?.name ?? "")).toBeLessThan(order.indexOf(one.name));
      }),
    );
  });
});

test("what takes the shell away for a moment is set up before anything goes on beside the rest", () => {
  const order = wantedPackages(new Map(), ["openssh-server"]);
  expect(order.indexOf("dash")).toBeGreaterThanOrEqual(0);
  for (const name of ["linux-image-cloud-amd64", "grub-pc"]) expect(order.indexOf("dash")).toBeLessThan(order.indexOf(name));
});
