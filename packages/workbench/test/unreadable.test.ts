// Records that cannot be read at the start: people see them, and nothing is cleared away that they may name.
import type { MemoryMachineStore } from "@mimic/memory";
import { expect, test } from "vitest";
import { findingsOfRecords } from "../src/unreadable.ts";
import { type Bench, granted, makeBench, withMachine } from "./bench.ts";

const TORN = { folder: "/data/machines/mch_1", why: "it is not JSON (cut off or damaged)", name: "web", isNewer: false };
const FUTURE = { folder: "/data/machines/mch_2", why: "it was written by a newer Mimic", isNewer: true };

/** Another daemon over the same data, some of which it cannot read. */
function again(
  { store, clock }: Bench,
  load: (found: Awaited<ReturnType<MemoryMachineStore["load"]>>) => ReturnType<MemoryMachineStore["load"]>,
) {
  const whole = store.load;
  store.load = async () => await load(await whole());
  return makeBench({ store, clock });
}
const findings = async (bench: Bench) => granted(await bench.workbench.host.diagnose({})).findings;

test("each is a finding with a stable code, whose it is, where, and what to do; the list counts them", async () => {
  const bench = await again(await withMachine(), async ({ machines }) => ({ machines, unreadable: [TORN, FUTURE] }));
  const [torn, future] = (await findings(bench)).filter(({ code }) => code !== undefined);
  expect(torn).toMatchObject({ state: "bad", code: "store.unreadable_record" });
  expect(torn?.found).toMatch(/machine “web” \(mch_1\).*not JSON.*\/data\/machines\/mch_1/);
  expect(torn?.mend).toMatch(/\/data\/machines\/mch_1\/machine\.json.*mimic down, mimic up/);
  expect(future).toMatchObject({ state: "bad", code: "store.newer_record", mend: expect.stringMatching(/^Use the newer Mimic again/) });
  expect(granted(await bench.workbench.machines.list({}))).toMatchObject({ machines: [{ name: "alpha" }], unreadable: 2 });
});

test("when all can be read, that is said, and the list counts nothing", async () => {
  const bench = await withMachine();
  expect((await findings(bench)).find(({ id }) => id === "records")).toMatchObject({ state: "good" });
  expect(granted(await bench.workbench.machines.list({})).unreadable).toBeUndefined();
});

test("of very many only so many are told singly, and the rest is counted", () => {
  const many = Array.from({ length: 1000 }, (_, i) => ({ noun: "machine" as const, folder: `/data/machines/mch_${i}`, why: "it is gone" }));
  const told = findingsOfRecords(many);
  expect(told).toHaveLength(21);
  expect(told.at(-1)?.found).toBe("980 more cannot be read.");
  expect(new Set(told.map(({ id }) => id)).size).toBe(21);
});

test("a machine whose record is the copy from before says so in its story", async () => {
  const bench = await again(await withMachine(), async ({ machines }) => ({
    machines: machines.map((one) => ({ ...one, fellBack: "it is not JSON" })),
    unreadable: [],
  }));
  const { story } = granted(await bench.workbench.machines.story({ machine: "alpha" }));
  expect(story.at(-1)?.words).toMatch(/could not be read \(it is not JSON\).*last change/);
});

test("what the start finished or undid can be read long after it", async () => {
  const bench = await makeBench({ recovered: ["A machine was being made when Mimic was ended; the half-made one was cleared away."] });
  expect((await findings(bench)).find(({ id }) => id === "start")).toMatchObject({
    state: "good",
    found: expect.stringContaining("half-made"),
  });
  expect((await findings(await makeBench())).find(({ id }) => id === "start")).toBeUndefined();
});
