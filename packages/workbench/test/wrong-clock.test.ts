// A clock that is wrong for a while, on a workbench in memory: what the clock alone would give up is still there when it is
// right again, and time that really passes gives it up.
import { describe, expect, test } from "vitest";
import { type Bench, ended, granted, makeBench, withMachine } from "./bench.ts";

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const FAR = 400 * DAY;

const hours = async (bench: Bench, count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await bench.clock.pass(HOUR);
};
const inTrash = async (bench: Bench) => granted(await bench.workbench.trash.list({})).trash;
/** Another daemon, later, over the same data. */
const again = ({ store, clock }: Bench): Promise<Bench> => makeBench({ store, clock });

describe("the trash", () => {
  const withTrash = async (): Promise<Bench> => {
    const bench = await withMachine();
    granted(await bench.workbench.machines.remove({ machine: "alpha" }));
    return bench;
  };

  test("loses nothing to a clock that jumps forward and back, however often, whether the daemon goes on or starts anew", async () => {
    let bench = await withTrash();
    for (let i = 0; i < 3; i++) {
      bench.clock.jump(FAR);
      bench = i === 1 ? bench : await again(bench);
      await hours(bench, 20);
      bench.clock.jump(-FAR);
      await hours(bench, 2);
    }
    expect(await inTrash(bench)).toHaveLength(1);
    expect(granted(await bench.workbench.trash.restore({ entry: "alpha" })).name).toBe("alpha");
  });

  test("says when a machine may be forgotten: after a week, or a day after it was noted as due", async () => {
    const bench = await withTrash();
    const [entry] = await inTrash(bench);
    expect(Date.parse(entry?.expiresAt ?? "") - Date.parse(entry?.trashedAt ?? "")).toBe(7 * DAY);
    bench.clock.jump(FAR);
    await hours(bench, 2);
    const [noted] = await inTrash(bench);
    const left = Date.parse(noted?.expiresAt ?? "") - bench.clock.nowMs();
    expect(left).toBeGreaterThan(DAY - 2 * HOUR);
    expect(left).toBeLessThanOrEqual(DAY);
  });

  test("is emptied by time that really passes: what is due goes a day later, without anybody doing anything", async () => {
    const bench = await withTrash();
    await hours(bench, 7 * 24 + 20);
    expect(await inTrash(bench)).toHaveLength(1);
    await hours(bench, 8);
    expect(await inTrash(bench)).toEqual([]);
  });

  test("is emptied by daemons that only start now and then, too", async () => {
    let bench = await withTrash();
    bench.clock.jump(8 * DAY);
    bench = await again(bench);
    await hours(bench, 1);
    expect(await inTrash(bench)).toHaveLength(1);
    bench.clock.jump(2 * DAY);
    bench = await again(bench);
    await hours(bench, 1);
    expect(await inTrash(bench)).toEqual([]);
  });
});

describe("moments that Mimic keeps before something", () => {
  const withMoments = async (): Promise<Bench> => {
    const bench = await withMachine();
    await ended(bench, await bench.workbench.moments.take({ machine: "alpha", kind: "snapshot", name: "start" }));
    granted(await bench.workbench.moments.routine({ machine: "alpha", retention: { keep: 1, days: 7 } }));
    for (let i = 0; i < 4; i++) {
      await ended(bench, await bench.workbench.moments.restore({ machine: "alpha", moment: "start" }));
      await bench.clock.pass(60_000);
    }
    return bench;
  };
  const automatic = async (bench: Bench) =>
    granted(await bench.workbench.moments.list({ machine: "alpha" })).moments.filter(({ automatic: why }) => why?.startsWith("before"))
      .length;

  test("stay when the clock jumps forward and back", async () => {
    const bench = await withMoments();
    expect(await automatic(bench)).toBe(4);
    for (let i = 0; i < 3; i++) {
      bench.clock.jump(FAR);
      await hours(bench, 20);
      bench.clock.jump(-FAR);
      await hours(bench, 2);
    }
    expect(await automatic(bench)).toBe(4);
  });

  test("go when the time has really passed", async () => {
    const bench = await withMoments();
    await hours(bench, 7 * 24 + 20);
    expect(await automatic(bench)).toBe(4);
    await hours(bench, 8);
    expect(await automatic(bench)).toBe(1);
  });
});
