import { IdMaker, MimicError, refusal, silentLog } from "@mimic/base";
import { countingRandom, settle, VirtualClock } from "@mimic/testkit";
import { describe, expect, test } from "vitest";
import { EventLog } from "../src/events.ts";
import { JobBoard } from "../src/jobs/job-board.ts";

const fact = (name: string) => ({ kind: "machine.created" as const, machineId: name, name });

async function read(log: EventLog, afterSeq: number | undefined, count: number) {
  const got: unknown[] = [];
  const abort = new AbortController();
  for await (const item of log.subscribe({ afterSeq, signal: abort.signal })) {
    got.push("kind" in item ? item.kind : item.seq);
    if (got.length === count) break;
  }
  return got;
}

describe("the event log", () => {
  test("a reader that resumes gets everything after its place, once and in order", async () => {
    const log = new EventLog(new VirtualClock());
    const start = log.seq;
    for (let i = 0; i < 5; i++) log.publish(fact(`m${i}`));
    const reading = read(log, start + 2, 5);
    await settle();
    log.publish(fact("later"));
    log.publish(fact("later"));
    expect(await reading).toEqual([3, 4, 5, 6, 7].map((n) => start + n));
  });
  test("a place that is no longer held is answered with lagged, not with silence", async () => {
    const log = new EventLog(new VirtualClock());
    const start = log.seq;
    for (let i = 0; i < 5000; i++) log.publish(fact("m"));
    expect(await read(log, start, 1)).toEqual(["stream.lagged"]);
  });
  test("a place of an earlier daemon is lagged, and so is one from the future", async () => {
    const clock = new VirtualClock();
    const earlier = new EventLog(clock);
    earlier.publish(fact("m"));
    await clock.pass(10);
    const log = new EventLog(clock);
    expect(log.seq).toBeGreaterThan(earlier.seq);
    expect(await read(log, earlier.seq, 1)).toEqual(["stream.lagged"]);
    expect(await read(log, log.seq + 10, 1)).toEqual(["stream.lagged"]);
  });
  test("how many events are gone is said where it is known: of this daemon's, not of an earlier one's", async () => {
    const clock = new VirtualClock();
    await clock.pass(1000);
    const log = new EventLog(clock);
    const start = log.seq;
    for (let i = 0; i < 5000; i++) log.publish(fact("m"));
    const droppedAfter = async (afterSeq: number) => {
      const { value } = await log.subscribe({ afterSeq, signal: AbortSignal.timeout(5000) }).next();
      return value && "dropped" in value ? value.dropped : "none";
    };
    expect([await droppedAfter(start), await droppedAfter(start + 800)]).toEqual([5000 - 4096, 104]);
    expect([await droppedAfter(0), await droppedAfter(start - 1), await droppedAfter(log.seq + 1)]).toEqual([null, null, null]);
  });
  test("a reader that does not read is told how much it missed and costs no memory for it", async () => {
    const log = new EventLog(new VirtualClock());
    const abort = new AbortController();
    const stream = log.subscribe({ signal: abort.signal })[Symbol.asyncIterator]();
    const first = stream.next();
    await settle();
    for (let i = 0; i < 3000; i++) log.publish(fact("m"));
    expect((await first).value).toMatchObject({ kind: "stream.lagged", dropped: 3000 - 1024 });
    expect((await stream.next()).value).toMatchObject({ seq: log.seq - 1023 });
    abort.abort();
  });
});

describe("jobs", () => {
  const board = () => {
    const clock = new VirtualClock();
    return { clock, jobs: new JobBoard({ clock, ids: new IdMaker(clock, countingRandom()), events: new EventLog(clock), log: silentLog }) };
  };
  const about = { kind: "test", title: "Test", subjects: ["s"] };

  test("a refusal inside the work is the job's problem, with its hint", async () => {
    const { jobs } = board();
    const { id } = jobs.run(about, async () => refusal("a.b", "Why.", "Hint."));
    expect(await jobs.wait(id, 1000)).toMatchObject({ state: "failed", problem: { code: "a.b", message: "Why.", hint: "Hint." } });
  });
  test("a failure of the world keeps its words; a bug is named as one", async () => {
    const { jobs } = board();
    const world = jobs.run(about, async () => {
      throw new MimicError("disk.full", "Full.", { hint: "Make room." });
    });
    const bug = jobs.run(about, async () => {
      throw new TypeError("x is undefined");
    });
    expect(await jobs.wait(world.id, 1000)).toMatchObject({ problem: { code: "disk.full" } });
    expect(await jobs.wait(bug.id, 1000)).toMatchObject({ problem: { code: "daemon.bug", detail: "x is undefined" } });
  });
  test("cancel waits until the work has cleaned up", async () => {
    const { jobs } = board();
    let cleaned = false;
    const { id } = jobs.run(about, async ({ signal }) => {
      try {
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      } finally {
        cleaned = true;
      }
      return {};
    });
    expect(await jobs.cancel(id)).toMatchObject({ state: "cancelled" });
    expect(cleaned).toBe(true);
  });
  test("waiting answers after the time is over, with the job as it is", async () => {
    const { clock, jobs } = board();
    const { id } = jobs.run(about, () => new Promise(() => {}));
    const waiting = jobs.wait(id, 500);
    await clock.pass(500);
    expect(await waiting).toMatchObject({ state: "running" });
  });
  test("what is left is estimated from what is done", async () => {
    const { clock, jobs } = board();
    let tell: (done: number) => void = () => {};
    const { id } = jobs.run(about, ({ report }) => {
      tell = (done) => report({ words: "Copying", done, total: 100, unit: "bytes" });
      return new Promise(() => {});
    });
    await clock.pass(10_000);
    tell(25);
    expect(jobs.get(id)).toMatchObject({ words: "Copying", done: 25, remainingMs: 30_000 });
  });
});
